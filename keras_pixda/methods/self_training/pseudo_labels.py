"""What a teacher makes of unlabelled images."""

from keras import ops

from keras_pixda.typing import Tensor


def class_probabilities(logits: Tensor, gamma: float = 0.0) -> Tensor:
    """How likely each class is, by a network that was trained with a focal loss.

    The softmax of such a network is not: the focal loss does not care for what is sure
    already, so that the softmax of a pixel whose class is all but certain stays far
    from 1. What it leaves out is known, and is undone here.

    Example:

    ```python
    import numpy as np
    from keras import ops
    from keras_pixda.methods.self_training.pseudo_labels import class_probabilities

    logits = np.log([[0.8, 0.2]])
    assert np.allclose(class_probabilities(logits), [[0.8, 0.2]])
    assert class_probabilities(logits, gamma=2.0)[0, 0] > 0.96
    ```

    Args:
        logits: Shape `(..., classes)`.
        gamma: Of the focal loss; 0 is cross-entropy, after which the softmax is right.
            Defaults to 0.0.

    Returns:
        A float32 tensor of the shape of `logits`, of sum 1.

    Reference:
        Charoenphakdee et al., [On Focal Loss for Class-Posterior Probability
        Estimation](https://arxiv.org/abs/2011.09172), CVPR 2021.
    """
    logits = ops.cast(logits, "float32")
    if not gamma:
        return ops.softmax(logits)
    log_p = ops.log_softmax(logits)
    p = ops.exp(log_p)
    # 1 - p without the loss of digits near p = 1, and never 0.
    rest = ops.maximum(-ops.expm1(log_p), 1e-6)
    slope = rest**gamma - gamma * rest ** (gamma - 1.0) * p * log_p
    return ops.softmax(log_p - ops.log(slope))


def pseudo_labels(
    logits: Tensor, confidence: float = 0.968, gamma: float = 0.0
) -> tuple[Tensor, Tensor]:
    """The likeliest class of each pixel, and of which the teacher is sure.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.pseudo_labels import pseudo_labels

    logits = np.array([[[[9.0, 0.0], [0.0, 0.1]]]])
    labels, sure = pseudo_labels(logits)
    assert np.array_equal(labels, [[[0, 1]]])
    assert np.array_equal(sure, [[[1.0, 0.0]]])
    ```

    Args:
        logits: Shape `(batch, height, width, classes)`.
        confidence: Probability from which on a pixel is sure. Defaults to 0.968.
        gamma: Of the focal loss that the teacher comes from. Defaults to 0.0.

    Returns:
        A pair of shape `(batch, height, width)`: int32 labels, and float32 1 where the
        teacher is sure of them, 0 elsewhere.

    Reference:
        Tranheden et al., [DACS: Domain Adaptation via Cross-domain Mixed
        Sampling](https://arxiv.org/abs/2007.08702), WACV 2021, where the share is that
        of the batch.
    """
    labels = ops.cast(ops.argmax(logits, axis=-1), "int32")
    probability = ops.max(class_probabilities(logits, gamma), axis=-1)
    return labels, ops.cast(probability >= confidence, "float32")
