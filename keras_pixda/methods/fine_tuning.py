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


def fine_tuning(segmenter, dataset, settings, callbacks=()):
    """Train a source-only segmenter on the shots; no source image is ever read.

    Example:

    ```python
    from keras_pixda.methods import fine_tuning

    def main(segmenter, dataset, settings):
        return fine_tuning(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` that Source Only has trained; trained on in place.
        dataset: `FewShotDomainDataset`, of which only the target is used.
        settings: `Settings`; `steps + distillation_steps` is the budget.
        callbacks: Callbacks of the training. Defaults to `()`.

    Returns:
        The segmenter.
    """
    from keras_pixda.losses import FocalLoss
    from keras_pixda.training import SupervisedModel
    from keras_pixda.training.fit_steps import fit_steps, optimizers, target_steps

    steps = target_steps(settings)
    model = SupervisedModel(segmenter)
    model.compile(
        optimizers(settings, "fine_tuning")["optimizer"],
        FocalLoss(settings.training.gamma),
        accumulate=settings.training.accumulate,
    )
    data = dataset.target_dataset(steps=steps)
    fit_steps(model, data, steps, callbacks)
    return segmenter
