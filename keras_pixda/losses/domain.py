"""Which domain a map comes from: the loss of every discriminator."""

from keras import ops

from keras_pixda.replicas import part_of_mean
from keras_pixda.typing import Tensor

SOURCE, TARGET = 0.0, 1.0


def domain_loss(logits: Tensor, domain: float) -> Tensor:
    """Binary cross-entropy of domain logits, element by element.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import domain_loss

    assert np.allclose(domain_loss(np.zeros((1, 2, 2, 1)), domain=0), np.log(2))
    ```

    Args:
        logits: Answers of a discriminator before the sigmoid, any shape.
        domain: Domain label that they are compared with: 0 source, 1 target.

    Returns:
        A float32 tensor of the shape of `logits`, in nats.
    """
    logits = ops.cast(logits, "float32")
    return ops.softplus(logits) - float(domain) * logits


def discriminator_loss(logits: Tensor, domain: float) -> Tensor:
    """One of the two terms that teach a discriminator: the mean, with half the weight.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import discriminator_loss

    loss = discriminator_loss(np.zeros((1, 2, 2, 1)), domain=0)
    assert np.isclose(loss, np.log(2) / 2)
    ```

    Args:
        logits: Answers on predictions of one domain, before the sigmoid.
        domain: Domain label of them: 0 source, 1 target.

    Returns:
        A float32 scalar; on one of several replicas its part of it.
    """
    return 0.5 * part_of_mean(domain_loss(logits, domain))


def domain_losses(
    source_logits: Tensor, target_logits: Tensor
) -> tuple[Tensor, Tensor]:
    """The two terms that teach a discriminator, each a mean with half the weight.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import domain_losses

    undecided = np.zeros((1, 2, 2, 1))
    assert np.allclose(domain_losses(undecided, undecided), np.log(2) / 2)
    ```

    Args:
        source_logits: Answers on source predictions, before the sigmoid.
        target_logits: Answers on target predictions.

    Returns:
        Two float32 scalars: binary cross-entropy against source, and against target;
        on one of several replicas its part of them.
    """
    return (
        discriminator_loss(source_logits, SOURCE),
        discriminator_loss(target_logits, TARGET),
    )
