"""FDA: Fourier domain adaptation."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.methods.phase import Phase
from keras_pixda.setting import setting

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


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

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation."""
        from keras_pixda.layers import FourierStyleTransfer
        from keras_pixda.losses import FocalLoss
        from keras_pixda.methods.joint_training.joint_model import JointModel
        from keras_pixda.methods.method_optimizers import method_optimizers

        own, training = settings[self.name], settings.training
        model = JointModel(start, FourierStyleTransfer(own.style_window))
        model.compile(
            method_optimizers(settings, self.name)["optimizer"],
            FocalLoss(training.gamma),
            entropy_weight=own.entropy_weight,
            accumulate=training.accumulate,
        )
        yield Phase("adaptation", model, data, training.target_steps)
