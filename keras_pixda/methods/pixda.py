"""PixDA: adaptation with sample selection, then distillation."""

from keras_pixda.callbacks import SampleSelection
from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import FocalLoss, PixAdvLoss
from keras_pixda.methods.training import fit_steps, optimizers
from keras_pixda.models import (
    PixDAModel,
    image_discriminator,
    pixel_discriminator,
)


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
    selection = sample_selection(dataset, settings, verbose=0)
    fit_steps(model, dataset, settings.steps, [selection, *callbacks])
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
    from keras_pixda.methods.pixda import pixda_model
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
    model = PixDAModel(
        segmenter,
        pixel_discriminator(num_classes, filters),
        image_discriminator(num_classes, filters),
        FourierStyleTransfer(settings.style_window),
    )
    model.compile(
        **optimizers(settings),
        loss=FocalLoss(settings.gamma),
        adversarial_loss=PixAdvLoss(detach=settings.detach),
        adversarial_weight=settings.adversarial_weight,
    )
    return model


def sample_selection(dataset, settings, verbose=1):
    """The `SampleSelection` of the settings.

    Example:

    ```python
    from keras_pixda.methods.pixda import sample_selection
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
