"""NAAE: not all areas are equal. A reconstruction."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.naae.naae_settings import NAAESettings
from keras_pixda.methods.phase import Phase

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class NAAE(Method):
    """NAAE: source pixels weighted by how real they look. A reconstruction.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["naae"].title == "NAAE (reconstruction)"
    ```

    Reference:
        Sun et al., Not All Areas Are Equal: Transfer Learning for Semantic Segmentation
        via Hierarchical Region Selection, CVPR 2019.
    """

    name = "naae"
    title = "NAAE (reconstruction)"
    Settings = NAAESettings
    accumulates = False

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield adaptation."""
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.methods.naae.naae_model import NAAEModel
        from keras_pixda.models import image_discriminator

        filters = settings[self.name].discriminator_filters
        networks = [
            image_discriminator(
                start.output_shape[-1], filters, name=f"{level}_network"
            )
            for level in ("pixel", "region", "image")
        ]
        model = NAAEModel(start, *networks)
        rates = method_optimizers(settings, self.name)
        model.compile(
            rates["optimizer"], pixel_optimizer=rates["discriminator_optimizer"]
        )
        yield Phase("adaptation", model, data, settings.training.target_steps)
