"""Joint Training: both domains' labels, nothing else."""

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings


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


def joint_training(segmenter, dataset, settings, callbacks=()):
    """Train on a source batch and a target batch a step, losses summed.

    Example:

    ```python
    from keras_pixda.methods import joint_training

    def main(segmenter, dataset, settings):
        return joint_training(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` that Source Only has trained; trained on in place.
        dataset: `FewShotDomainDataset` of both domains.
        settings: `Settings`; `steps + distillation_steps` is the budget.
        callbacks: Callbacks of the training. Defaults to `()`.

    Returns:
        The segmenter.
    """
    from keras_pixda.losses import FocalLoss
    from keras_pixda.methods import JointModel
    from keras_pixda.training.fit_steps import fit_steps, optimizers, target_steps

    model = JointModel(segmenter)
    model.compile(
        optimizers(settings, "joint_training")["optimizer"],
        FocalLoss(settings.training.gamma),
        accumulate=settings.training.accumulate,
    )
    fit_steps(model, dataset, target_steps(settings), callbacks)
    return model.segmenter
