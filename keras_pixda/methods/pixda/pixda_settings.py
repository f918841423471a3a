"""PixDA's own settings."""

import dataclasses

from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.setting import setting

ADVERSARIAL = ("pixda", "surprise", "imbalance", "image")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixDASettings(MethodSettings):
    """Settings of PixDA alone.

    Example:

    ```python
    from keras_pixda.methods import PixDASettings

    assert PixDASettings(threshold=0.3).growth == 0.4
    ```

    Args:
        discriminator_filters: Of both discriminators' first convolution. Defaults
            to 64.
        discriminator_learning_rate: Of both discriminators. Defaults to 4e-4.
        adversarial_weight: Of the pixel-wise adversarial loss. Defaults to 0.1.
        adversarial_share: What share of the segmentation gradient's norm that loss's
            gradient is scaled to, each step. Defaults to `None`, the weight decides.
        measure_gradients: Whether `gradient_share`, which compares the two, and
            `discriminator_accuracy` are logged. Defaults to `False`.
        adversarial: What that loss is: `"pixda"`; with only the `"surprise"` or only
            the `"imbalance"` map as weight; or `"image"`, plain and image-wise.
            Defaults to `"pixda"`.
        detach: Whether its cross-entropy only weighs. Defaults to `True`.
        style_transfer: Whether the source gets the target's style. Defaults to `True`.
        style_window: Half-width of the Fourier style transfer's window as a share of
            the shorter side. Defaults to 0.01.
        selection: Whether source images are selected. Defaults to `True`.
        threshold: Of the first sample selection. Defaults to 0.4.
        growth: Of the threshold from selection to selection. Defaults to 0.4.
        least_kept: Share of the source images that each selection keeps at least, of
            the best scores, so that it does not end the adaptation. Defaults to 0.0,
            as published.
        selection_every: Passes from one selection to the next. Defaults to 1.
        distillation_weight: Of the distillation loss. Defaults to 0.5.
        distillation_source: Whether source images stay in the batches of distillation,
            with their segmentation loss. Defaults to `False`.
        distillation_agreement: Share of the shots' pixels; distillation ends when its
            segmenter agrees with the teacher on fewer. Defaults to 0.0, never.
    """

    discriminator_filters: int = setting(64, at_least=1)
    discriminator_learning_rate: float = setting(4e-4, above=0)
    adversarial_weight: float = setting(0.1, at_least=0)
    adversarial_share: float | None = setting(None, above=0)
    measure_gradients: bool = False
    adversarial: str = setting("pixda", one_of=ADVERSARIAL)
    detach: bool = True
    style_transfer: bool = True
    style_window: float = setting(0.01, at_least=0, below=0.5)
    selection: bool = True
    threshold: float = 0.4
    growth: float = 0.4
    least_kept: float = setting(0.0, at_least=0, at_most=1)
    selection_every: int = setting(1, at_least=1)
    distillation_weight: float = 0.5
    distillation_source: bool = False
    distillation_agreement: float = setting(0.0, at_least=0, at_most=1)

    presets = {
        # A short list is passed in a few steps; the published one takes some 5 000.
        "small": {
            "discriminator_filters": 16,
            "discriminator_learning_rate": 2e-4,
            "selection_every": 4,
        },
        "published": {},
    }
