"""FDA's own settings."""

import dataclasses

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
