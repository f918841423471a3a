"""Settings of self-training, and of what is built on it."""

import dataclasses

from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.setting import setting

RESULTS = ("teacher", "student")
PSEUDO_WEIGHTS = ("image", "pixel")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SelfTrainingSettings(MethodSettings):
    """Settings of self-training alone.

    Example:

    ```python
    from keras_pixda.methods import SelfTrainingSettings

    assert SelfTrainingSettings().teacher_momentum == 0.99
    ```

    Args:
        style_transfer: Whether the source gets the style of the unlabelled images, or
            else of the shots. Defaults to `True`.
        style_window: Half-width of the Fourier style transfer's window as a share of
            the shorter side. Defaults to 0.01.
        confidence: Probability from which on the teacher is sure of a pixel, that which
            cross-entropy would give it in place of the focal loss. Defaults to 0.968.
        teacher_momentum: What the averaged teacher keeps of itself in a step. Defaults
            to 0.99.
        mixed_weight: Of the loss on mixed images. Defaults to 1.0.
        shot_share: Share of the mixed images that have classes of a shot pasted in, in
            place of a source image's. Defaults to 0.5.
        colour: Strength of the changes of mixed images in colour. Defaults to 0.5.
        blur: Share of the mixed images that are blurred. Defaults to 0.5.
        pseudo_weights: What the teacher's labels count: `"image"`, the share of the
            image's pixels that it is sure of, or `"pixel"`, 1 where it is sure and 0
            elsewhere. Defaults to `"image"`.
        balance: How much of the rareness of a class is taken off its logits, 0 for
            nothing, 1 for all. Defaults to 0.0.
        rare_class_sampling: Temperature of drawing source images by the classes that
            they hold, where the data have none of their own; 0 for none. Defaults to
            0.01, that of DAFormer.
        result: What it ends with, `"teacher"` or `"student"`, which in some hundred
            steps was ahead. Defaults to `"student"`.
    """

    style_transfer: bool = True
    style_window: float = setting(0.01, at_least=0, below=0.5)
    confidence: float = setting(0.968, above=0, at_most=1)
    teacher_momentum: float = setting(0.99, at_least=0, below=1)
    mixed_weight: float = setting(1.0, at_least=0)
    shot_share: float = setting(0.5, at_least=0, at_most=1)
    colour: float = setting(0.5, at_least=0, below=1)
    blur: float = setting(0.5, at_least=0, at_most=1)
    pseudo_weights: str = setting("image", one_of=PSEUDO_WEIGHTS)
    balance: float = setting(0.0, at_least=0)
    rare_class_sampling: float = setting(0.01, at_least=0)
    result: str = setting("student", one_of=RESULTS)

    presets = {
        "small": {},
        # Of DAFormer, whose training is as long.
        "published": {"teacher_momentum": 0.999},
    }
