"""PixDA: adaptation with sample selection, then distillation."""

from keras_pixda.methods.method import Method
from keras_pixda.methods.pixda.pixda_settings import PixDASettings
from keras_pixda.methods.variant import Variant

# What the measurements support of the options.
AUGMENT = {"augment": True}


def _part(title, **changes):
    own = {f"pixda.{name}": value for name, value in changes.items()}
    return Variant(f"PixDA {title}", own, "part")


def _option(title, **changes):
    return Variant(f"PixDA {title}", changes, "option")


class PixDA(Method):
    """PixDA: adaptation with sample selection, then distillation.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["pixda"].variants["pixda+"].changes == {"augment": True}
    ```

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    name = "pixda"
    title = "PixDA"
    Settings = PixDASettings
    variants = {
        "pixda+": Variant("PixDA+", AUGMENT, "beyond"),
        "no_style_transfer": _part("without style transfer", style_transfer=False),
        "no_adversarial": _part("without PixAdv", adversarial_weight=0.0),
        "surprise_only": _part("with S only", adversarial="surprise"),
        "imbalance_only": _part("with B only", adversarial="imbalance"),
        "image_wise": _part("with an image-wise loss instead", adversarial="image"),
        "no_selection": _part("without selection", selection=False),
        "no_distillation": Variant(
            "PixDA without distillation", {"distillation_steps": 0}, "part"
        ),
        "released_gradient": _part("with the released code's gradient", detach=False),
        "augmented": _option("with augmented target images", **AUGMENT),
        "cut_mix": _option("with CutMix", cut_mix=0.5),
        "rare_classes": _option("with rare-class sampling", rare_class_sampling=0.1),
        "averaged": _option("with averaged weights", ema=0.99),
    }


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
    from keras_pixda.training.fit_steps import fit_steps

    own, training = settings["pixda"], settings.training
    model = pixda_model(segmenter, settings)
    if own.selection:
        callbacks = [sample_selection(dataset, settings, verbose=0), *callbacks]
    fit_steps(model, dataset, training.steps, callbacks)
    if training.distillation_steps:
        model.distill(
            dataset,
            training.distillation_steps,
            own.distillation_weight,
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
    from keras_pixda.layers import FourierStyleTransfer
    from keras_pixda.losses import FocalLoss, PixAdvLoss
    from keras_pixda.methods import PixDAModel
    from keras_pixda.models import image_discriminator, pixel_discriminator
    from keras_pixda.training.fit_steps import optimizers

    own, training = settings["pixda"], settings.training
    num_classes = segmenter.output_shape[-1]
    filters = own.discriminator_filters
    adversary, maps = {
        "pixda": (pixel_discriminator, ("surprise", "imbalance")),
        "surprise": (pixel_discriminator, ("surprise",)),
        "imbalance": (pixel_discriminator, ("imbalance",)),
        "image": (enlarged_image_discriminator, ()),
    }[own.adversarial]
    style = own.style_transfer and FourierStyleTransfer(own.style_window)
    model = PixDAModel(
        segmenter,
        adversary(num_classes, filters),
        image_discriminator(num_classes, filters),
        style,
    )
    model.compile(
        **optimizers(settings, "pixda"),
        loss=FocalLoss(training.gamma),
        adversarial_loss=PixAdvLoss(detach=own.detach, maps=maps),
        adversarial_weight=own.adversarial_weight,
        accumulate=training.accumulate,
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
    import keras

    from keras_pixda.layers import AlignedResize
    from keras_pixda.models import image_discriminator

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
    from keras_pixda.callbacks import SampleSelection

    own = settings["pixda"]
    return SampleSelection(
        dataset,
        own.threshold,
        own.growth,
        own.selection_every,
        verbose=verbose,
    )
