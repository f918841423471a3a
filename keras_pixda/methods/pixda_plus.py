"""PixDA+: self-training on all target images, labelled or not."""

import copy
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.phase import Phase
from keras_pixda.methods.self_training.self_training import SelfTraining
from keras_pixda.methods.self_training.self_training_settings import (
    PSEUDO_WEIGHTS,
    SelfTrainingSettings,
)
from keras_pixda.methods.variant import Variant
from keras_pixda.setting import setting

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixDAPlusSettings(SelfTrainingSettings):
    """Settings of PixDA+: those of self-training, pixel by pixel, classes balanced.

    Example:

    ```python
    from keras_pixda.methods import PixDAPlusSettings

    assert PixDAPlusSettings().balance == 0.3
    ```

    Args:
        confidence: Probability from which on the teacher is sure of a pixel, that which
            cross-entropy would give it in place of the focal loss. Defaults to 0.9.
        pseudo_weights: What its labels count: `"pixel"`, 1 where it is sure and 0
            elsewhere, or `"image"`, the share of the image's pixels that it is sure of.
            Defaults to `"pixel"`.
        balance: How much of the rareness of a class is taken off its logits, 0 for
            nothing, 1 for all. Defaults to 0.3.
    """

    confidence: float = setting(0.9, above=0, at_most=1)
    pseudo_weights: str = setting("pixel", one_of=PSEUDO_WEIGHTS)
    balance: float = setting(0.3, at_least=0)


class PixDAPlus(SelfTraining):
    """PixDA+: styled source, augmented shots and self-training, classes balanced.

    Without unlabelled images, source images and shots are pasted into each other.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert not METHODS["pixda+"].needs_unlabelled
    ```
    """

    name = "pixda+"
    title = "PixDA+"
    Settings = PixDAPlusSettings
    needs_unlabelled = False
    variants = {
        "labelled_only": Variant(
            "PixDA+ without unlabelled images", {"unlabelled": None}, "option"
        ),
        "unbalanced": Variant(
            "PixDA+ without balance", {"pixda+.balance": 0.0}, "option"
        ),
        "without_rare_classes": Variant(
            "PixDA+ without rare-class sampling",
            {"pixda+.rare_class_sampling": 0.0},
            "option",
        ),
    }

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation, with augmented shots."""
        from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation

        data = copy.copy(data)  # Which stays as it is itself.
        data.augmentation = {**data.augmentation, "target": ordinary_augmentation()}
        yield from super().phases(start, data, settings)
