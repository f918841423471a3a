"""Source Only: what the rendered images alone can teach."""

from keras_pixda.methods.method import Method
from keras_pixda.methods.method_settings import MethodSettings


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


def source_only(segmenter, dataset, settings, callbacks=()):
    """Train a segmenter on source images; no target image is ever read.

    Example:

    ```python
    from keras_pixda.methods import source_only

    def main(segmenter, dataset, settings):
        return source_only(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` to train, in place.
        dataset: `FewShotDomainDataset`, of which only the source is used.
        settings: `Settings`; `source_steps` is the budget.
        callbacks: Callbacks of the training. Defaults to `()`.

    Returns:
        The segmenter.
    """
    from keras_pixda.datasets import SegmentationDataset
    from keras_pixda.losses import FocalLoss
    from keras_pixda.training import SupervisedModel
    from keras_pixda.training.fit_steps import (
        fit_steps,
        optimizers,
        ordinary_augmentation,
    )

    training = settings.training
    source = SegmentationDataset(
        dataset.source,
        dataset.batch_size,
        dataset.image_size,
        label_size="image",
        shuffle=True,
        seed=dataset.seed,
        drop_remainder=True,
        cache=dataset.cache,
        augmentation=ordinary_augmentation(settings.data.source_augment),
    )
    model = SupervisedModel(segmenter)
    model.compile(
        optimizers(settings, "source_only")["optimizer"],
        FocalLoss(training.gamma),
        accumulate=training.accumulate,
    )
    fit_steps(model, source, training.source_steps, callbacks)
    return segmenter
