"""FSDA's own settings."""

import dataclasses

from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.setting import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class FSDASettings(MethodSettings):
    """Settings of FSDA alone.

    The preset "published" has its published rates; "small" trains at the common ones,
    as every figure of this project on that preset does.

    Example:

    ```python
    from keras_pixda.methods import FSDASettings

    assert FSDASettings.presets["published"]["learning_rate"] == 2.5e-4
    ```

    Args:
        discriminator_filters: Of both discriminators' first convolution. Defaults
            to 64.
        discriminator_learning_rate: Of both discriminators. Defaults to 1e-4.
        auxiliary_weight: Of the auxiliary level's segmentation loss. Defaults to 0.1.
        certainty: Largest probability at the auxiliary level above which the main
            level ignores a pixel. Defaults to 0.95.
        main_adversarial_weight: Of the main level's adversarial loss. Defaults to 1e-3.
        auxiliary_adversarial_weight: Of the auxiliary level's. Defaults to 2e-4.
    """

    discriminator_filters: int = setting(64, at_least=1)
    discriminator_learning_rate: float = setting(1e-4, above=0)
    auxiliary_weight: float = setting(0.1, at_least=0)
    certainty: float = setting(0.95, at_least=0, at_most=1)
    main_adversarial_weight: float = setting(1e-3, at_least=0)
    auxiliary_adversarial_weight: float = setting(2e-4, at_least=0)

    presets = {
        "small": {"discriminator_filters": 16, "discriminator_learning_rate": 2e-4},
        "published": {"learning_rate": 2.5e-4},
    }
