"""Logits for which a rare class counts nearly as much as a frequent one."""

from keras import ops

from keras_pixda.typing import Tensor


def class_shares(labels: list[Tensor], num_classes: int) -> Tensor:
    """The share of each class among the pixels that have one.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.balanced_logits import class_shares

    labels = [np.array([[[0, 0, 2, 255]]]), np.array([[[2]]])]
    assert np.allclose(class_shares(labels, num_classes=3), [0.5, 0, 0.5])
    ```

    Args:
        labels: Integer tensors of any shape; others than `0..num_classes - 1` are no
            class.
        num_classes: Number of classes.

    Returns:
        A float32 tensor `(num_classes,)` of sum 1, or of zeros where no pixel has a
        class.
    """
    labels = [ops.cast(of_domain, "int32") for of_domain in labels]
    # Class by class: one-hot labels of large pictures need a lot of memory.
    pixels = ops.stack(
        [
            sum(ops.sum(ops.cast(ops.equal(x, label), "float32")) for x in labels)
            for label in range(num_classes)
        ]
    )
    return pixels / ops.maximum(ops.sum(pixels), 1.0)


def balanced_logits(logits: Tensor, shares: Tensor, balance: float) -> Tensor:
    """Logits to train on, so that a rare class is not given up for its rareness.

    A loss of `logits + balance * log(shares)` teaches the offset to the loss and not to
    the network: its own logits find a class where it is `balance` less rare than it is.
    With 1 they are those of classes that are equally frequent, with 0 those of plain
    training. In between a class that is hard to see gains more pixels that are its own
    than it takes from others.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods.self_training.balanced_logits import balanced_logits

    shares = np.array([0.99, 0.01, 0.0])
    answer = balanced_logits(np.zeros((1, 3)), shares, balance=0.5)
    assert np.allclose(answer, [[0.5 * np.log(0.99), 0.5 * np.log(0.01), 0.0]])
    ```

    Args:
        logits: Shape `(..., classes)`.
        shares: How frequent each class is, `(classes,)`, 0..1. One that no label shows
            has no offset: nothing would hold its logit down.
        balance: 0..1.

    Returns:
        A tensor of the shape and dtype of `logits`.

    Reference:
        Menon et al., [Long-Tail Learning via Logit
        Adjustment](https://arxiv.org/abs/2007.07314), ICLR 2021.
    """
    if not balance:
        return logits
    shares = ops.cast(shares, "float32")
    offset = ops.where(shares > 0, ops.log(ops.maximum(shares, 1e-9)), 0.0)
    return logits + ops.cast(balance * offset, logits.dtype)
