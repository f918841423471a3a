"""FSDA: few-shot structured domain adaptation."""

from keras_pixda.methods.fsda.fsda_settings import FSDASettings
from keras_pixda.methods.method import Method


class FSDA(Method):
    """FSDA: adversarial training on two prediction levels, with pairs of predictions.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    assert METHODS["fsda"].title == "FSDA"
    ```
    """

    name = "fsda"
    title = "FSDA"
    Settings = FSDASettings
    accumulates = False
    needs_auxiliary_head = True


def fsda(segmenter, dataset, settings, callbacks=()):
    """Adversarial training on two prediction levels, with pairs of predictions.

    Example:

    ```python
    from keras_pixda.methods import fsda

    def main(segmenter, dataset, settings):
        return fsda(segmenter, dataset, settings)
    ```

    Args:
        segmenter: The `keras.Model` that Source Only has trained, which one of
            `keras_pixda.models.SEGMENTERS` has built; its weights are the start, itself
            it stays as it is.
        dataset: `FewShotDomainDataset` of both domains.
        settings: `Settings`; `steps + distillation_steps` is the budget.
        callbacks: Callbacks of the training. Defaults to `()`.

    Returns:
        The adapted segmenter.

    Reference:
        Zhang et al., Few-Shot Structured Domain Adaptation for Virtual-to-Real Scene
        Parsing, ICCV workshops 2019.
    """
    from keras_pixda.methods import FSDAModel
    from keras_pixda.models import (
        image_discriminator,
        pair_discriminator,
        with_own_auxiliary_head,
    )
    from keras_pixda.training.fit_steps import fit_steps, optimizers, target_steps

    own = settings["fsda"]
    num_classes = segmenter.output_shape[-1]
    filters = own.discriminator_filters
    network = with_own_auxiliary_head(segmenter)
    if network is None:
        raise ValueError(
            f"The segmenter {segmenter.name!r} has no auxiliary head, which FSDA "
            "trains: expected one that a network of keras_pixda.models.SEGMENTERS has."
        )
    model = FSDAModel(
        network,
        pair_discriminator(num_classes, filters),
        image_discriminator(num_classes, filters, spectral_norm=True),
    )
    model.compile(
        **optimizers(settings, "fsda"),
        auxiliary_weight=own.auxiliary_weight,
        certainty=own.certainty,
        adversarial_weight=own.main_adversarial_weight,
        auxiliary_adversarial_weight=own.auxiliary_adversarial_weight,
        accumulate=settings.training.accumulate,
    )
    fit_steps(model, dataset, target_steps(settings), callbacks)
    return model.segmenter
