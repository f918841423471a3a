"""FDA: Fourier domain adaptation."""

import dataclasses

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.setting import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class FDASettings(MethodSettings):
    """Settings of FDA alone.

    Example:

    ```python
    from keras_pixda.methods import FDASettings

    assert FDASettings().entropy_weight == 0.005
    ```

    Args:
        style_window: Half-width of the Fourier style transfer's window as a share of
            the shorter side. Defaults to 0.01.
        entropy_weight: Of the entropy loss on the target. Defaults to 0.005.
    """

    style_window: float = setting(0.01, at_least=0, below=0.5)
    entropy_weight: float = setting(0.005, at_least=0)


class FDA(Method):
    """FDA: joint training on styled source images, with an entropy loss on the target.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["fda"].Settings().style_window == 0.01
    ```

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """

    name = "fda"
    title = "FDA"
    Settings = FDASettings


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
    from keras_pixda.layers import FourierStyleTransfer
    from keras_pixda.losses import FocalLoss
    from keras_pixda.methods import JointModel
    from keras_pixda.training.fit_steps import fit_steps, optimizers, target_steps

    own = settings["fda"]
    model = JointModel(segmenter, FourierStyleTransfer(own.style_window))
    model.compile(
        optimizers(settings, "fda")["optimizer"],
        FocalLoss(settings.training.gamma),
        entropy_weight=own.entropy_weight,
        accumulate=settings.training.accumulate,
    )
    fit_steps(model, dataset, target_steps(settings), callbacks)
    return model.segmenter
