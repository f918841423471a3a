"""FSDA: few-shot structured domain adaptation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.fsda.fsda_settings import FSDASettings
from keras_pixda.methods.method import Method
from keras_pixda.methods.phase import Phase

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class FSDA(Method):
    """FSDA: adversarial training on two prediction levels, with pairs of predictions.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["fsda"].title == "FSDA"
    ```

    Reference:
        Zhang et al., Few-Shot Structured Domain Adaptation for Virtual-to-Real Scene
        Parsing, ICCV workshops 2019.
    """

    name = "fsda"
    title = "FSDA"
    Settings = FSDASettings
    accumulates = False
    needs_auxiliary_head = True

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation, of the start with a second head."""
        from keras_pixda.methods.fsda.fsda_model import FSDAModel
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.models import image_discriminator, pair_discriminator
        from keras_pixda.models.with_auxiliary_head import with_auxiliary_head

        own, classes = settings[self.name], start.output_shape[-1]
        model = FSDAModel(
            with_auxiliary_head(start),
            pair_discriminator(classes, own.discriminator_filters),
            image_discriminator(classes, own.discriminator_filters, spectral_norm=True),
        )
        model.compile(
            **method_optimizers(settings, self.name),
            auxiliary_weight=own.auxiliary_weight,
            certainty=own.certainty,
            adversarial_weight=own.main_adversarial_weight,
            auxiliary_adversarial_weight=own.auxiliary_adversarial_weight,
        )
        yield Phase("adaptation", model, data, settings.training.target_steps)
