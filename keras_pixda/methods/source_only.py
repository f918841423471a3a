"""Source Only: what the rendered images alone can teach."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings
from keras_pixda.methods.phase import Phase

if TYPE_CHECKING:
    import keras

    from keras_pixda.datasets import FewShotDomainDataset


class SourceOnly(Method):
    """Source Only: what the rendered images alone can teach.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["source_only"].title == "Source Only"
    ```
    """

    name = "source_only"
    title = "Source Only"
    Settings = MethodSettings
    has_shots = False

    def plan(self, settings: Any) -> dict[str, int]:
        """Steps of its phase, 0 with given weights."""
        given = settings.network.weights is not None
        return {"source only": 0 if given else settings.training.source_steps}

    def phases(
        self, start: "keras.Model", data: "FewShotDomainDataset", settings: Any
    ) -> Iterator[Phase]:
        """Yield the one phase, on source images as often as it takes."""
        from keras_pixda.datasets import SegmentationDataset
        from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation
        from keras_pixda.losses import FocalLoss
        from keras_pixda.methods.method_optimizers import method_optimizers
        from keras_pixda.training import SupervisedModel

        training = settings.training
        source = SegmentationDataset(
            data.source,
            data.batch_size,
            data.image_size,
            label_size="image",
            shuffle=True,
            seed=data.seed,
            drop_remainder=True,
            cache=data.cache,
            augmentation=ordinary_augmentation(settings.data.source_augment),
        )
        model = SupervisedModel(start)
        model.compile(
            method_optimizers(settings, self.name)["optimizer"],
            FocalLoss(training.gamma),
            accumulate=training.accumulate,
        )
        [(title, steps)] = self.plan(settings).items()
        yield Phase(title, model, source, steps)
