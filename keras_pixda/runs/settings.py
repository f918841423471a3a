"""Everything that decides what a run does, in one record."""

import dataclasses
import difflib
import json
import reprlib
import sys

from keras_pixda.datasets import find_dataset, load
from keras_pixda.datasets.bad_files import SKIP, STOP
from keras_pixda.models.find_segmenter import find_segmenter
from keras_pixda.runs.read_json import parse_json, read_json
from keras_pixda.runs.read_yaml import read_yaml

# A network that trains from scratch on a CPU.
SMALL = {
    "segmenter": "small",
    "discriminator_filters": 16,
    "image_size": (128, 192),
    "learning_rate": 0.02,
    "head_factor": 1.0,
    "discriminator_learning_rate": 2e-4,
    "source_steps": 1000,
    "steps": 600,
    "distillation_steps": 200,
    "decay_steps": 1000,
    # A short list is passed in a few steps; the published one takes some 5 000.
    "selection_every": 4,
}
# The published network and schedule: half a night on one large GPU.
PUBLISHED = {
    "segmenter": "deeplab_v2",
    "discriminator_filters": 64,
    "image_size": (512, 1024),
    "learning_rate": 1e-3,
    "head_factor": 10.0,
    "discriminator_learning_rate": 4e-4,
    "source_steps": 30_000,
    "steps": 30_000,
    "distillation_steps": 200,
    "decay_steps": 62_500,
    "selection_every": 1,
}
PRESETS = {"small": SMALL, "published": PUBLISHED}
ADVERSARIAL = ("pixda", "surprise", "imbalance", "image")
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")


# What a value of each type is called, and whether it may be missing.
_KINDS = {
    str: ("text", False),
    str | None: ("text", True),
    int: ("a whole number", False),
    float: ("a number", False),
    bool: ("true or false", False),
    tuple: ("two whole numbers", False),
}


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a run trains, on what and for how long; written beside its results.

    Example:

    ```python
    from keras_pixda.runs import Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b", shots=3)
    Settings.from_json(settings.to_json()) == settings  # True
    ```

    Args:
        source: Source data set as `keras_pixda.datasets.load` spells it.
        target: Target data set, likewise.
        validation: Data to evaluate on, the split for it if there is one. Defaults to
            `None`, the target's.
        shots: Target images from each city. Defaults to 1.
        shots_file: List of the target images to take instead. Defaults to `None`.
        image_size: `(height, width)` of images in training and evaluation.
        batch_size: Source images in a batch, and target images. Defaults to 4.
        accumulate: Parts that a batch is done in, one after the other, for the memory
            of one part; gradients add up to those of the batch. Defaults to 1.
        seed: Of weights, shots, orders. Defaults to 0.
        segmenter: `"small"`, `"deeplab_v2"` or another of
            `keras_pixda.models.SEGMENTERS`.
        weights: File to start from, a `.keras` model, `.weights.h5` or a published
            PyTorch checkpoint `.pth`, instead of the source-only phase. Defaults to
            `None`.
        dtype: Dtype policy. Defaults to `"float32"`.
        discriminator_filters: Of both discriminators' first convolution.
        source_steps: Steps of the source-only phase.
        steps: Steps of adaptation at most; it ends earlier when selection leaves less
            than a batch.
        distillation_steps: Steps of distillation, 0 for none.
        learning_rate: Of the segmenter.
        head_factor: How much faster its head learns.
        discriminator_learning_rate: Of both discriminators.
        decay_steps: Steps after which every rate would be 0, counted anew in
            adaptation.
        coupled_decay: Weight decay of the segmenter. Defaults to 5e-4.
        gamma: Of the focal loss. Defaults to 2.0.
        adversarial_weight: Of the pixel-wise adversarial loss. Defaults to 0.1.
        adversarial: What that loss is: `"pixda"`; with only the `"surprise"` or only
            the `"imbalance"` map as weight; or `"image"`, plain and image-wise.
            Defaults to `"pixda"`.
        detach: Whether its cross-entropy only weighs. Defaults to `True`.
        style_transfer: Whether PixDA gives the source the target's style. Defaults to
            `True`.
        style_window: Of the Fourier style transfer. Defaults to 0.01.
        selection: Whether PixDA selects source images. Defaults to `True`.
        threshold: Of the first sample selection. Defaults to 0.4.
        growth: Of the threshold from selection to selection. Defaults to 0.4.
        selection_every: Passes from one selection to the next.
        distillation_weight: Of the distillation loss. Defaults to 0.5.
        augment: Whether the target images are flipped, scaled and changed in colour at
            random after the source-only phase. Defaults to `False`.
        source_augment: Whether the source images are in every phase, which a network
            from scratch needs to see past the rendering. Defaults to `False`.
        cut_mix: Share of target images that get a rectangle of a source image pasted
            in, 0 for none. Defaults to 0.0.
        rare_class_sampling: Temperature, 0 for none, of drawing source images by the
            classes they hold; small ones prefer rare classes. Defaults to 0.0.
        ema: Momentum of the moving average that the segmenter's weights end as, 0 for
            none. Defaults to 0.0.
        on_bad_file: What happens to files that cannot be used: `"stop"`, or `"skip"`:
            all are read once before the training, and pairs with faults are left out
            and listed. Defaults to `"stop"`.
        save_every: Steps from one saved state of the training to the next; one is
            saved at each pass as well. Defaults to 100.
        panels: Validation images to draw. Defaults to 6.

    Raises:
        ValueError: If a value is out of range; the message names it.
    """

    source: str
    target: str
    image_size: tuple
    segmenter: str
    discriminator_filters: int
    source_steps: int
    steps: int
    distillation_steps: int
    learning_rate: float
    head_factor: float
    discriminator_learning_rate: float
    decay_steps: int
    selection_every: int
    validation: str | None = None
    shots: int = 1
    shots_file: str | None = None
    batch_size: int = 4
    accumulate: int = 1
    seed: int = 0
    weights: str | None = None
    dtype: str = "float32"
    coupled_decay: float = 5e-4
    gamma: float = 2.0
    adversarial_weight: float = 0.1
    adversarial: str = "pixda"
    detach: bool = True
    style_transfer: bool = True
    style_window: float = 0.01
    selection: bool = True
    threshold: float = 0.4
    growth: float = 0.4
    distillation_weight: float = 0.5
    augment: bool = False
    source_augment: bool = False
    cut_mix: float = 0.0
    rare_class_sampling: float = 0.0
    ema: float = 0.0
    on_bad_file: str = "stop"
    save_every: int = 100
    panels: int = 6

    def __post_init__(self):
        if isinstance(self.image_size, list):
            object.__setattr__(self, "image_size", tuple(self.image_size))
        for field in dataclasses.fields(self):
            kind, optional = _KINDS[field.type]
            value = getattr(self, field.name)
            fits = (optional and value is None) or _is(value, kind)
            self._expect(field.name, fits, kind + " or null" * optional)
        for name in (
            "shots",
            "batch_size",
            "accumulate",
            "source_steps",
            "steps",
            "decay_steps",
            "selection_every",
            "save_every",
        ):
            self._expect(name, getattr(self, name) >= 1, "at least 1")
        for name in (
            "distillation_steps",
            "panels",
            "coupled_decay",
            "gamma",
            "adversarial_weight",
            "rare_class_sampling",
        ):
            self._expect(name, getattr(self, name) >= 0, "at least 0")
        for name in ("cut_mix", "ema"):
            self._expect(name, 0 <= getattr(self, name) <= 1, "0 to 1")
        for name in ("learning_rate", "discriminator_learning_rate", "head_factor"):
            self._expect(name, getattr(self, name) > 0, "above 0")
        fits = self.accumulate <= self.batch_size
        self._expect("accumulate", fits, f"at most the batch_size {self.batch_size}")
        size = self.image_size
        least = find_segmenter(self.segmenter).smallest_side
        fits = len(size) == 2 and min(size) >= least
        self._expect("image_size", fits, f"(height, width), at least {least} each")
        known = self.adversarial in ADVERSARIAL
        self._expect("adversarial", known, f"one of {ADVERSARIAL}")
        known = self.on_bad_file in (STOP, SKIP)
        self._expect("on_bad_file", known, f"{STOP!r} or {SKIP!r}")
        self._expect("seed", 0 <= self.seed < 2**31, "0 to 2147483647")
        self._expect("dtype", self.dtype in DTYPES, f"one of {DTYPES}")
        needed = self.steps + self.distillation_steps
        if self.weights is None:
            needed = max(needed, self.source_steps)
        self._expect(
            "decay_steps",
            self.decay_steps >= needed,
            f"at least {needed}, the steps of the longest phase: give it as well",
        )

    def _expect(self, name, fits, expected):
        if not fits:
            value = reprlib.repr(getattr(self, name))
            raise ValueError(f"{name} is {value}, expected {expected}.")

    @classmethod
    def preset(cls, name, **changes):
        """Settings of a preset, `"small"` or `"published"`, with changes."""
        if name not in PRESETS:
            raise ValueError(f"Unknown preset {name!r}, expected one of {[*PRESETS]}.")
        values = {**PRESETS[name], **changes}
        if "decay_steps" not in changes:
            # More steps than the preset's: decay over what is asked for.
            longest = max(
                values["source_steps"], values["steps"] + values["distillation_steps"]
            )
            values["decay_steps"] = max(values["decay_steps"], longest)
        return cls(**values)

    @classmethod
    def from_json(cls, text, origin="settings"):
        """Settings from JSON text; `origin` names it in errors."""
        return cls._from_values(*parse_json(text, origin), origin)

    @classmethod
    def from_file(cls, path):
        """Settings from a JSON file, such as the `config.json` of a run, or from YAML.

        The suffix says which: `.yaml` and `.yml` are YAML.
        """
        read = read_yaml if str(path).endswith((".yaml", ".yml")) else read_json
        return cls._from_values(*read(path), path)

    @classmethod
    def _from_values(cls, values, lines, origin):
        known = {field.name: field for field in dataclasses.fields(cls)}
        for name, line in lines.items():
            if name not in known:
                close = difflib.get_close_matches(name, known, 1)
                shown = reprlib.repr(name)
                hint = f", did you mean {close[0]!r}?" if close else "."
                raise ValueError(
                    f"{origin}, line {line}: unknown setting {shown}{hint}"
                )
        missing = [
            name
            for name, field in known.items()
            if field.default is dataclasses.MISSING and name not in values
        ]
        if missing:
            raise ValueError(f"{origin}: missing settings {missing}.")
        try:
            return cls(**values)
        except ValueError as error:
            # The message begins with the name of the setting.
            line = lines.get(str(error).split(" ")[0])
            place = f"{origin}, line {line}" if line else origin
            raise ValueError(f"{place}: {error}") from error

    def validation_record(self):
        """The record of the data to evaluate on."""
        if self.validation:
            return load(self.validation, evaluation=True)
        if find_dataset(self.target).evaluation_split is None:
            raise ValueError(
                f"validation is missing: {self.target} has no split to evaluate on, so "
                "name other data (--validation folder:IMAGES,MASKS,CLASSES.txt)."
            )
        return load(self.target, evaluation=True)

    def to_json(self):
        """The settings as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


def _is(value, kind):
    """Whether a value is of a kind; `True` is no number."""
    if kind == "true or false":
        return isinstance(value, bool)
    if kind == "text":
        return isinstance(value, str)
    if kind == "two whole numbers":
        return isinstance(value, tuple) and all(
            _is(side, "a whole number") for side in value
        )
    numbers = int if kind == "a whole number" else (int, float)
    return (
        isinstance(value, numbers)
        and not isinstance(value, bool)
        # No float is larger.
        and abs(value) <= sys.float_info.max
    )
