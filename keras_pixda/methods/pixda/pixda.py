"""PixDA: adaptation with sample selection, then distillation."""

import keras

from keras_pixda.callbacks import SampleSelection
from keras_pixda.layers import AlignedResize, FourierStyleTransfer
from keras_pixda.losses import FocalLoss, PixAdvLoss
from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.training.fit_steps import fit_steps, optimizers


def pixda(segmenter, dataset, settings, callbacks=()):
    """Adapt with PixDA, then distil on the target alone.

    Adaptation ends before its budget when selection leaves less than a batch.

    Example:

    ```python
    from keras_pixda.methods import pixda

    def main(segmenter, dataset, settings):
        return pixda(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` that Source Only has trained; trained on in place.
        dataset: `FewShotDomainDataset` of both domains.
        settings: `Settings`; `steps` and then `distillation_steps` are the budget.
        callbacks: Callbacks of the adaptation. Defaults to `()`.

    Returns:
        The segmenter.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """
    model = pixda_model(segmenter, settings)
    if settings.selection:
        callbacks = [sample_selection(dataset, settings, verbose=0), *callbacks]
    fit_steps(model, dataset, settings.steps, callbacks)
    if settings.distillation_steps:
        model.distill(
            dataset,
            settings.distillation_steps,
            settings.distillation_weight,
            verbose=0,
        )
    return model.segmenter


def pixda_model(segmenter, settings):
    """A compiled `PixDAModel` of the settings.

    Example:

    ```python
    from keras_pixda.methods.pixda.pixda import pixda_model
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    model = pixda_model(small_segmenter(19, filters=4), settings)
    ```

    Args:
        segmenter: The `keras.Model` to adapt.
        settings: The `Settings` of the run.
    """
    num_classes = segmenter.output_shape[-1]
    filters = settings.discriminator_filters
    adversary, maps = {
        "pixda": (pixel_discriminator, ("surprise", "imbalance")),
        "surprise": (pixel_discriminator, ("surprise",)),
        "imbalance": (pixel_discriminator, ("imbalance",)),
        "image": (enlarged_image_discriminator, ()),
    }[settings.adversarial]
    style = settings.style_transfer and FourierStyleTransfer(settings.style_window)
    model = PixDAModel(
        segmenter,
        adversary(num_classes, filters),
        image_discriminator(num_classes, filters),
        style,
    )
    model.compile(
        **optimizers(settings),
        loss=FocalLoss(settings.gamma),
        adversarial_loss=PixAdvLoss(detach=settings.detach, maps=maps),
        adversarial_weight=settings.adversarial_weight,
        accumulate=settings.accumulate,
    )
    return model


def enlarged_image_discriminator(num_classes, filters):
    """An image discriminator whose answers cover the pixels, to train against.

    Example:

    ```python
    from keras_pixda.methods.pixda.pixda import enlarged_image_discriminator

    enlarged_image_discriminator(19, filters=4).output_shape  # (None, None, None, 1)
    ```

    Args:
        num_classes: Channels of the input, the segmenter's softmax.
        filters: Filters of the first convolution.
    """
    inputs = keras.Input((None, None, num_classes), name="probabilities")
    logits = image_discriminator(num_classes, filters, name="trunk")(inputs)
    logits = AlignedResize(dtype="float32", name="enlarge")((logits, inputs))
    return keras.Model(inputs, logits, name="enlarged_image_discriminator")


def sample_selection(dataset, settings, verbose=1):
    """The `SampleSelection` of the settings.

    Example:

    ```python
    from keras_pixda.methods.pixda.pixda import sample_selection
    from keras_pixda.runs import Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")

    def main(dataset):
        return sample_selection(dataset, settings)
    ```

    Args:
        dataset: The `FewShotDomainDataset` that is fitted.
        settings: The `Settings` of the run.
        verbose: 1 shows progress and a summary, 0 nothing. Defaults to 1.
    """
    return SampleSelection(
        dataset,
        settings.threshold,
        settings.growth,
        settings.selection_every,
        verbose=verbose,
    )
