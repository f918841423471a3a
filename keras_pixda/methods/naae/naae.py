"""NAAE: not all areas are equal. A reconstruction."""

from keras_pixda.methods.method import Method
from keras_pixda.methods.naae.naae_settings import NAAESettings


class NAAE(Method):
    """NAAE: source pixels weighted by how real they look. A reconstruction.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["naae"].title == "NAAE (reconstruction)"
    ```
    """

    name = "naae"
    title = "NAAE (reconstruction)"
    Settings = NAAESettings
    accumulates = False


def naae(segmenter, dataset, settings, callbacks=()):
    """Joint training with source pixels weighted by how real they look.

    A reconstruction: the weighting networks are not published in detail.

    Example:

    ```python
    from keras_pixda.methods import naae

    def main(segmenter, dataset, settings):
        return naae(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` that Source Only has trained; trained on in place.
        dataset: `FewShotDomainDataset` of both domains.
        settings: `Settings`; `steps + distillation_steps` is the budget.
        callbacks: Callbacks of the training. Defaults to `()`.

    Returns:
        The segmenter.

    Reference:
        Sun et al., Not All Areas Are Equal: Transfer Learning for Semantic Segmentation
        via Hierarchical Region Selection, CVPR 2019.
    """
    from keras_pixda.methods import NAAEModel
    from keras_pixda.models import image_discriminator
    from keras_pixda.training.fit_steps import fit_steps, optimizers, target_steps

    filters = settings["naae"].discriminator_filters
    num_classes = segmenter.output_shape[-1]
    model = NAAEModel(
        segmenter,
        *(
            image_discriminator(num_classes, filters, name=f"{level}_network")
            for level in ("pixel", "region", "image")
        ),
    )
    rates = optimizers(settings, "naae")
    model.compile(
        rates["optimizer"],
        pixel_optimizer=rates["discriminator_optimizer"],
        accumulate=settings.training.accumulate,
    )
    fit_steps(model, dataset, target_steps(settings), callbacks)
    return model.segmenter
