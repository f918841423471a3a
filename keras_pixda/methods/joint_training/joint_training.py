"""Joint Training: both domains' labels, nothing else."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.methods.phase import Phase

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class JointTraining(Method):
    """Joint Training: both domains' labels, nothing else.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["joint_training"].title == "Joint Training"
    ```
    """

    name = "joint_training"
    title = "Joint Training"
    Settings = MethodSettings

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation."""
        from keras_pixda.losses import FocalLoss
        from keras_pixda.methods.joint_training.joint_model import JointModel
        from keras_pixda.methods.method_optimizers import method_optimizers

        training = settings.training
        model = JointModel(start)
        model.compile(
            method_optimizers(settings, self.name)["optimizer"],
            FocalLoss(training.gamma),
            accumulate=training.accumulate,
        )
        yield Phase("adaptation", model, data, training.target_steps)
