"""How long and at which rates every method trains."""

import dataclasses

from keras_pixda.checked_settings import CheckedSettings
from keras_pixda.setting import setting

# In place of a number of devices.
ALL = "all"
DEVICES = f'a number from 1, or "{ALL}"'


def counts_devices(devices: str) -> bool:
    """Whether a text says how many devices: a number from 1, or `ALL`."""
    number = devices.isascii() and devices.isdigit()
    return devices == ALL or (number and int(devices) >= 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingSettings(CheckedSettings):
    """The schedule that all methods have in common.

    Every method may look at `steps + distillation_steps` target batches. One without
    distillation adapts for all of them, which is why the budget stands here and not
    with PixDA.

    Example:

    ```python
    from keras_pixda.runs import TrainingSettings

    training = TrainingSettings(
        source_steps=1000, steps=600, distillation_steps=200, decay_steps=1000,
        learning_rate=0.02, head_factor=1.0,
    )
    assert training.target_steps == 800
    ```

    Args:
        seed: Of weights, shots, orders. Defaults to 0.
        source_steps: Steps of the source-only phase.
        steps: Steps of adaptation at most; PixDA's ends earlier when selection leaves
            less than a batch.
        distillation_steps: Steps of PixDA's distillation, 0 for none; other methods
            adapt for as many more.
        accumulate: Parts that a batch is done in, one after the other, for the memory
            of one part; gradients add up to those of the batch. Defaults to 1.
        learning_rate: Of the segmenter, in methods that have none of their own.
        head_factor: How much faster its head learns.
        decay_steps: Steps after which every rate would be 0, counted anew in
            adaptation.
        coupled_decay: Weight decay of the segmenter. Defaults to 5e-4.
        gamma: Of the focal loss. Defaults to 2.0.
        ema: Momentum of the moving average that the segmenter's weights end as, 0 for
            none. Defaults to 0.0.
        start_share: Share of the start in the result, whose weights are the mean of
            those before and after adaptation: less is forgotten of what the few photos
            do not show. Defaults to 0.0, adaptation alone.
        save_every: Steps from one saved state of the training to the next; one is
            saved at each pass as well. Defaults to 100.
        panels: Validation images to draw. Defaults to 6.
        devices: How many devices of a machine share a batch, or "all" for its GPUs;
            without GPUs, parts of the processor. Several machines are those of
            TF_CONFIG. Defaults to "1".
    """

    seed: int = setting(0, at_least=0, at_most=2**31 - 1)
    source_steps: int = setting(at_least=1)
    steps: int = setting(at_least=1)
    distillation_steps: int = setting(at_least=0)
    accumulate: int = setting(1, at_least=1)
    learning_rate: float = setting(above=0)
    head_factor: float = setting(above=0)
    decay_steps: int = setting(at_least=1)
    coupled_decay: float = setting(5e-4, at_least=0)
    gamma: float = setting(2.0, at_least=0)
    ema: float = setting(0.0, at_least=0, at_most=1)
    start_share: float = setting(0.0, at_least=0, at_most=1)
    save_every: int = setting(100, at_least=1)
    panels: int = setting(6, at_least=0)
    devices: str = "1"

    presets = {
        "small": {
            "source_steps": 1000,
            "steps": 600,
            "distillation_steps": 200,
            "learning_rate": 0.02,
            "head_factor": 1.0,
            "decay_steps": 1000,
        },
        # Half a night on one large GPU.
        "published": {
            "source_steps": 30_000,
            "steps": 30_000,
            "distillation_steps": 200,
            "learning_rate": 1e-3,
            "head_factor": 10.0,
            "decay_steps": 62_500,
        },
    }

    def __post_init__(self):
        if isinstance(self.devices, int) and not isinstance(self.devices, bool):
            object.__setattr__(self, "devices", str(self.devices))
        super().__post_init__()
        self.expect("devices", counts_devices(self.devices), DEVICES)

    @property
    def target_steps(self) -> int:
        """Target batches that every method may look at."""
        return self.steps + self.distillation_steps
