"""FDA: Fourier domain adaptation."""

from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import JointModel
from keras_pixda.training.fit_steps import fit_steps, optimizers, target_steps

ENTROPY_WEIGHT = 0.005


def fda(segmenter, dataset, settings, callbacks=()):
    """Joint training on styled source images, with an entropy loss on the target.

    Example:

    ```python
    from keras_pixda.methods import fda

    def main(segmenter, dataset, settings):
        return fda(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` that Source Only has trained; trained on in place.
        dataset: `FewShotDomainDataset` of both domains.
        settings: `Settings`; `steps + distillation_steps` is the budget.
        callbacks: Callbacks of the training. Defaults to `()`.

    Returns:
        The segmenter.

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """
    model = JointModel(segmenter, FourierStyleTransfer(settings.style_window))
    model.compile(
        optimizers(settings)["optimizer"],
        FocalLoss(settings.gamma),
        entropy_weight=ENTROPY_WEIGHT,
        accumulate=settings.accumulate,
    )
    fit_steps(model, dataset, target_steps(settings), callbacks)
    return model.segmenter
