"""What of a network's batch normalisation is trained."""

import keras

from keras_pixda.models.batch_normalization import (
    batch_normalizations,
    let_train,
    usual,
)

MODES = ("trained", "fixed_scale", "frozen")


def set_batch_normalization(segmenter: keras.Model, mode: str) -> None:
    """Choose what training changes in the batch normalisations of a network.

    It takes hold of all of them, those of a backbone inside too, and of nothing else;
    call it before the network is compiled or wrapped in a model that is. Keras saves
    whether statistics move, but not whether scale and offset alone are fixed; the
    models of this package save both.

    Example:

    ```python
    from keras_pixda.models import set_batch_normalization, small_segmenter

    segmenter = small_segmenter(num_classes=3, filters=4)
    set_batch_normalization(segmenter, "frozen")
    assert not any("gamma" in w.path for w in segmenter.trainable_weights)
    ```

    Args:
        segmenter: A built `keras.Model`, which is changed.
        mode: `"trained"`, scale and offset by the optimizer and running statistics by
            the batches, as in every new layer; `"fixed_scale"`, the statistics alone,
            as in the published training of PixDA; or `"frozen"`, nothing:
            training, too, normalises by the running statistics. A
            `FixedScaleBatchNormalization` never trains scale and offset.

    Raises:
        ValueError: If the mode is not known, or the network has no batch
            normalisation.
    """
    if mode not in MODES:
        raise ValueError(
            f"batch normalisation is to be {mode!r}, expected one of {[*MODES]}."
        )
    layers = batch_normalizations(segmenter)
    if not layers:
        raise ValueError(
            f"The segmenter {segmenter.name!r} has no batch normalisation that could "
            f"be {mode!r}: leave it as it is."
        )
    for layer in layers:
        _, scale = usual(layer)
        let_train(layer, mode != "frozen", mode == "trained" and scale)
