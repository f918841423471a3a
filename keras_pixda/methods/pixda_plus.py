"""PixDA+: self-training on all target images, labelled or not."""

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.phase import Phase
from keras_pixda.methods.self_training.self_training import SelfTraining
from keras_pixda.methods.variant import Variant

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class PixDAPlus(SelfTraining):
    """PixDA+: styled source, augmented shots and self-training, in every step.

    Without unlabelled images, source images and shots are pasted into each other.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert not METHODS["pixda+"].needs_unlabelled
    ```
    """

    name = "pixda+"
    title = "PixDA+"
    needs_unlabelled = False
    variants = {
        "labelled_only": Variant(
            "PixDA+ without unlabelled images", {"unlabelled": None}, "option"
        ),
    }

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation, with augmented shots."""
        from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation

        data = copy.copy(data)  # Whose own augmentation stays as it is.
        data.augmentation = {**data.augmentation, "target": ordinary_augmentation()}
        yield from super().phases(start, data, settings)
