"""NAAE's own settings."""

import dataclasses

from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.setting import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class NAAESettings(MethodSettings):
    """Settings of NAAE alone.

    Example:

    ```python
    from keras_pixda.methods import NAAESettings

    assert NAAESettings().discriminator_filters == 64
    ```

    Args:
        discriminator_filters: Of the three weighting networks' first convolution.
            Defaults to 64.
        discriminator_learning_rate: Of the weighting networks. Defaults to 4e-4.
    """

    discriminator_filters: int = setting(64, at_least=1)
    discriminator_learning_rate: float = setting(4e-4, above=0)

    presets = {
        "small": {"discriminator_filters": 16, "discriminator_learning_rate": 2e-4},
        "published": {},
    }
