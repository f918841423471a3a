"""The machinery of a step: what the models of all methods share."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.training.estimate_batch_normalization import (
        estimate_batch_normalization,
    )
    from keras_pixda.training.few_shot_model import FewShotModel
    from keras_pixda.training.fit_steps import fit_steps
    from keras_pixda.training.supervised_model import SupervisedModel

__all__ = [
    "FewShotModel",
    "SupervisedModel",
    "estimate_batch_normalization",
    "fit_steps",
]

LazyRoom.open(__name__)
