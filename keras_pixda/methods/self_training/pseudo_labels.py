"""What a teacher makes of unlabelled images."""

from keras import ops

from keras_pixda.typing import Tensor


def pseudo_labels(logits: Tensor, confidence: float = 0.968) -> tuple[Tensor, Tensor]:
    """The likeliest class of each pixel, and how sure the teacher is of each image.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.pseudo_labels import pseudo_labels

    logits = np.array([[[[9.0, 0.0], [0.0, 0.1]]]])
    labels, sure = pseudo_labels(logits)
    assert np.array_equal(labels, [[[0, 1]]])
    assert np.array_equal(sure, [0.5])
    ```

    Args:
        logits: Shape `(batch, height, width, classes)`.
        confidence: Probability from which on a pixel is sure. Defaults to 0.968.

    Returns:
        A pair: int32 labels `(batch, height, width)`, and for each image the share of
        its pixels that are sure, float32 `(batch,)`, the weight of all its pixels.

    Reference:
        Tranheden et al., [DACS: Domain Adaptation via Cross-domain Mixed
        Sampling](https://arxiv.org/abs/2007.08702), WACV 2021, where the share is that
        of the batch.
    """
    logits = ops.cast(logits, "float32")
    labels = ops.cast(ops.argmax(logits, axis=-1), "int32")
    # The largest probability, without the softmax of all classes.
    probability = ops.exp(ops.max(logits, axis=-1) - ops.logsumexp(logits, axis=-1))
    sure = ops.mean(ops.cast(probability >= confidence, "float32"), axis=(1, 2))
    return labels, sure
