"""Self-training: unlabelled target images, labelled by an averaged teacher."""

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.phase import Phase
from keras_pixda.methods.self_training.self_training_settings import (
    SelfTrainingSettings,
)

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class SelfTraining(Method):
    """Self-training: unlabelled target images, labelled by an averaged teacher.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["self_training"].needs_unlabelled
    ```

    Reference:
        Tranheden et al., [DACS: Domain Adaptation via Cross-domain Mixed
        Sampling](https://arxiv.org/abs/2007.08702), WACV 2021. Hoyer et al.,
        [DAFormer](https://arxiv.org/abs/2111.14887), CVPR 2022.
    """

    name = "self_training"
    title = "Self-Training"
    Settings = SelfTrainingSettings
    needs_shots = False
    reads_unlabelled = True
    needs_unlabelled = True

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation, with rare classes seen often."""
        model = self._model(start, settings)
        temperature = settings[self.name].rare_class_sampling
        if data.rare_class_sampling is None and temperature:
            data = copy.copy(data)  # Which stays as it is itself.
            data.rare_class_sampling = temperature
        yield Phase("adaptation", model, data, settings.training.target_steps)

    def _model(self, start, settings):
        """A compiled `SelfTrainingModel`."""
        from keras_pixda.layers import FourierStyleTransfer
        from keras_pixda.losses import FocalLoss
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.methods.self_training.self_training_model import (
            SelfTrainingModel,
        )

        own, training = settings[self.name], settings.training
        style = FourierStyleTransfer(own.style_window) if own.style_transfer else None
        model = SelfTrainingModel(start, style, own.result, training.seed)
        model.compile(
            method_optimizers(settings, self.name)["optimizer"],
            FocalLoss(training.gamma),
            confidence=own.confidence,
            teacher_momentum=own.teacher_momentum,
            mixed_weight=own.mixed_weight,
            shot_share=own.shot_share,
            colour=own.colour,
            blur=own.blur,
            pseudo_weights=own.pseudo_weights,
            balance=own.balance,
            accumulate=training.accumulate,
        )
        return model
