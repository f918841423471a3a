"""Everything that decides what a run does, in one tree."""

import dataclasses
import json
from typing import Any

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.methods.registry import METHODS
from keras_pixda.models.find_segmenter import find_segmenter
from keras_pixda.runs.data_settings import DataSettings
from keras_pixda.runs.network_settings import NetworkSettings
from keras_pixda.runs.parse_json import parse_json
from keras_pixda.runs.read_json import read_json
from keras_pixda.runs.read_yaml import read_yaml
from keras_pixda.runs.route_settings import (
    COMMON,
    branches,
    places_of,
    route_settings,
)
from keras_pixda.runs.training_settings import ALL, TrainingSettings
from keras_pixda.setting_error import SettingError
from keras_pixda.typing import FilePath

PRESETS = ("small", "published")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run trains, on what and for how long; written beside its results.

    A tree: three branches that all methods have in common, and one for each registered
    method. Where settings are given by name, as to `preset`, each goes to the branch
    that has it; one that several methods have goes to all of them, and `"fda.NAME"` or
    `fda={"NAME": ...}` to one.

    Example:

    ```python
    from keras_pixda.runs import Settings

    settings = Settings.preset(
        "small", source="gta5:a", target="cityscapes:b", shots=3, threshold=0.3
    )
    assert settings.data.shots == 3
    assert settings["pixda"].threshold == 0.3
    assert Settings.from_json(settings.to_json()) == settings
    longer = settings.change(steps=700, fda={"style_window": 0.02})
    assert longer.training.steps == 700
    assert longer["pixda"].style_window == 0.01
    ```

    Args:
        data: The `DataSettings`.
        network: The `NetworkSettings`.
        training: The `TrainingSettings`.
        method: What `train` trains, a name of `keras_pixda.methods.METHODS`. Defaults
            to `"pixda"`.
        methods: Each method's own settings, by its name. Defaults to those that every
            method has by default.

    Raises:
        SettingError: If a value is out of range; a `ValueError` that names it.
    """

    data: DataSettings
    network: NetworkSettings
    training: TrainingSettings
    method: str = "pixda"
    methods: dict[str, MethodSettings] = dataclasses.field(
        default_factory=dict, hash=False
    )

    def __new__(cls, **branches):
        """Settings, of branches alone."""
        known = {field.name for field in dataclasses.fields(cls)}
        strange = [name for name in branches if name not in known]
        if strange:
            raise TypeError(
                f"Settings are made of {sorted(known)}, received {strange}: by name "
                f'make them with Settings.preset("small", {strange[0]}=...) and change '
                f"them with settings.change({strange[0]}=...)."
            )
        return super().__new__(cls)

    def __post_init__(self):
        if not isinstance(self.method, str) or self.method not in METHODS:
            expected = f"expected one of {[*METHODS]}."
            if any(self.method in [*method.variants] for method in METHODS.values()):
                expected += f" Variants are given as --method {self.method}."
            raise SettingError(f"method is {self.method!r}, {expected}", "method")
        methods = {n: self.methods.get(n, m.Settings()) for n, m in METHODS.items()}
        object.__setattr__(self, "methods", methods)
        data, training = self.data, self.training
        least = find_segmenter(self.network.segmenter).smallest_side
        fits = min(data.image_size) >= least
        data.expect("image_size", fits, f"(height, width), at least {least} each")
        size = data.batch_size
        if training.devices != ALL:
            devices = int(training.devices)
            fits = size % devices == 0
            training.expect("devices", fits, f"a divisor of the batch_size {size}")
            size //= devices
        fits = training.accumulate <= size
        what = "the batch_size" if size == data.batch_size else "a device's images,"
        training.expect("accumulate", fits, f"at most {what} {size}")
        needed = training.target_steps
        if self.network.weights is None:
            needed = max(needed, training.source_steps)
        training.expect(
            "decay_steps",
            training.decay_steps >= needed,
            f"at least {needed}, the steps of the longest phase: give it as well",
        )

    def __getitem__(self, name: str) -> Any:
        """A branch: `"data"`, `"network"`, `"training"` or the name of a method."""
        if name in COMMON:
            return getattr(self, name)
        # A method may have been registered since.
        return self.methods.get(name) or METHODS[name].Settings()

    def __getattr__(self, name):
        places = [
            f"settings{f'.{b}' if b in COMMON else f'[{b!r}]'}.{name}"
            for b in places_of(name)
        ]
        hint = f": it is {' and '.join(places)} now." if places else "."
        raise AttributeError(f"Settings have no {name!r}{hint}")

    # === Made by name ===

    @classmethod
    def preset(cls, name: str, /, **changes: Any) -> "Settings":
        """Settings of a preset, `"small"` or `"published"`, with changes by name."""
        if name not in PRESETS:
            expected = f"expected one of {[*PRESETS]}"
            raise SettingError(f"Unknown preset {name!r}, {expected}.", "preset")
        method = changes.pop("method", "pixda")
        changes = route_settings(changes)
        values = {
            branch: {**kind.presets.get(name, {}), **changes.get(branch, {})}
            for branch, kind in branches().items()
        }
        training = values["training"]
        if "decay_steps" not in changes.get("training", {}):
            # More steps than the preset's: decay over what is asked for.
            longest = _longest_phase(training)
            training["decay_steps"] = max(training["decay_steps"], longest)
        return cls._made(values, method)

    def change(self, **changes: Any) -> "Settings":
        """The same settings but for changes by name."""
        method = changes.pop("method", self.method)
        changes = route_settings(changes)
        values = {
            branch: {**vars(self[branch]), **changes.get(branch, {})}
            for branch in branches()
        }
        return self._made(values, method)

    @classmethod
    def _made(cls, values, method="pixda"):
        kinds = branches()
        missing = [
            field.name
            for branch, kind in kinds.items()
            for field in dataclasses.fields(kind)
            if field.default is dataclasses.MISSING
            and field.name not in values.get(branch, {})
        ]
        if missing:
            raise ValueError(
                f"missing settings {missing}: give them, or a preset that has the "
                f"others, one of {[*PRESETS]}."
            )
        made = {b: _branch(b, kind, values.get(b, {})) for b, kind in kinds.items()}
        common = {branch: made.pop(branch) for branch in COMMON}
        return cls(**common, method=method, methods=made)

    # === Text ===

    @classmethod
    def from_json(cls, text: str, origin: str = "settings") -> "Settings":
        """Settings from JSON text; `origin` names it in errors."""
        return cls._from_values(*parse_json(text, origin), origin)

    @classmethod
    def from_file(cls, path: FilePath) -> "Settings":
        """Settings from a JSON file, such as the `config.json` of a run, or from YAML.

        The suffix says which: `.yaml` and `.yml` are YAML. Names may stand in their
        branch, `pixda: {threshold: 0.3}`, or alone as in files of 0.1. With `preset:
        small` the file holds what differs from it, without a preset all that has no
        default.

        A run's file has the settings of every method there was when it was written.
        Those of a method that is not installed here are passed over, unless it is the
        one that the run trains.
        """
        if str(path).endswith((".yaml", ".yml")):
            return cls._from_values(*read_yaml(path), path)
        values, lines = read_json(path)
        return cls._from_values(_of_known_methods(values), lines, path)

    @classmethod
    def _from_values(cls, values, lines, origin):
        values = dict(values)
        try:
            if "preset" in values:
                return cls.preset(values.pop("preset"), **values)
            method = values.pop("method", "pixda")
            return cls._made(route_settings(values), method)
        except SettingError as error:
            line = _line(error.name, lines)
            place = f"{origin}, line {line}" if line else origin
            raise ValueError(f"{place}: {error}") from error
        except ValueError as error:
            raise ValueError(f"{origin}: {error}") from error

    def to_json(self) -> str:
        """The settings as JSON text, which `from_json` takes back."""
        tree = {"method": self.method}
        for branch in (*COMMON, *self.methods):
            tree[branch] = dataclasses.asdict(self[branch])
        return json.dumps(tree, indent=2) + "\n"

    def by_name(self) -> dict:
        """Every value by the name that `change` takes, as `"shots"`, `"fda.NAME"`."""
        values = {"method": self.method}
        for branch in COMMON:
            values |= vars(self[branch])
        for method, own in self.methods.items():
            values |= {f"{method}.{name}": value for name, value in vars(own).items()}
        return values


def _of_known_methods(values):
    """What a run has written, without branches of methods that are not installed."""
    if not {*COMMON, "method"} <= values.keys():
        return values  # Written by hand: an unknown name is a mistake.
    known = branches()
    return {
        name: value
        for name, value in values.items()
        if name in known
        or not isinstance(value, dict)
        or did_you_mean(name, known) != "."
    }


def _longest_phase(training):
    """Steps of the longest phase, of values that may be of any type yet."""
    names = ("source_steps", "steps", "distillation_steps")
    source, steps, distillation = (training[name] for name in names)
    if not all(isinstance(value, int) for value in (source, steps, distillation)):
        return 0  # Refused when the branch is made.
    return max(source, steps + distillation)


def _branch(branch, kind, values):
    """The settings of a branch; errors name those of a method with the method."""
    try:
        return kind(**values)
    except SettingError as error:
        if branch in COMMON:
            raise
        name = f"{branch}.{error.name}"
        raise SettingError(f"{branch}.{error}", name) from error


def _line(name, lines):
    """The line of a setting in a file, be it in its branch or alone."""
    branch, dot, own = name.partition(".")
    if not dot:
        own, [branch] = name, places_of(name)[:1] or [""]
    for key in (name, f"{branch}.{own}", own, branch):
        if key in lines:
            return lines[key]
    return None
