"""Fine-Tuning: from Source Only, on the few target images alone."""

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings


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

    def phases(self, start, data, settings):
        """Yield adaptation, of one pass over the shots as often as it takes."""
        from keras_pixda.losses import FocalLoss
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.methods.phase import Phase
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
