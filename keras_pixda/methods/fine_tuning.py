"""Fine-Tuning: from Source Only, on the few target images alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.methods.phase import Phase

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class FineTuning(Method):
    """Fine-Tuning: from Source Only, on the few target images alone.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["fine_tuning"].title == "Fine-Tuning"
    ```
    """

    name = "fine_tuning"
    title = "Fine-Tuning"
    Settings = MethodSettings

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation, of one pass over the shots as often as it takes."""
        from keras_pixda.losses import FocalLoss
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.training import SupervisedModel

        training = settings.training
        model = SupervisedModel(start)
        model.compile(
            method_optimizers(settings, self.name)["optimizer"],
            FocalLoss(training.gamma),
            accumulate=training.accumulate,
        )
        steps = training.target_steps
        yield Phase("adaptation", model, data.target_dataset(steps=steps), steps)
