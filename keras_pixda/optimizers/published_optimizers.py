"""The optimizers of the published schedule."""

import keras

from keras_pixda.optimizers.bias_corrected_adam import BiasCorrectedAdam
from keras_pixda.optimizers.coupled_sgd import CoupledSGD


def published_optimizers(
    learning_rate=1e-3,
    head_factor=10.0,
    momentum=0.9,
    coupled_decay=5e-4,
    discriminator_learning_rate=4e-4,
    decay_steps=62_500,
    power=0.9,
    head=".*head.*",
    ema_momentum=None,
):
    """The three optimizers of PixDA, to be handed to `compile` as they are.

    Segmenter: SGD with momentum and coupled weight decay, the head at ten times the
    rate. Both discriminators: Adam with betas (0.9, 0.99). All rates decay polynomially
    to 0 at `decay_steps`; the published run stopped at 30 000 of 62 500 steps. The
    defaults belong to batches of 4 + 4: the authors scale the rates with the batch.

    Example:

    ```python
    from keras_pixda import PixDAModel
    from keras_pixda.models import small_segmenter
    from keras_pixda.optimizers import published_optimizers

    model = PixDAModel(small_segmenter(num_classes=3, filters=4))
    model.compile(**published_optimizers(decay_steps=1_000))
    ```

    Args:
        learning_rate: Of the segmenter's body. Defaults to 1e-3.
        head_factor: How much faster the head learns. Defaults to 10.0.
        momentum: Of the SGD. Defaults to 0.9.
        coupled_decay: Weight decay of the SGD, in the gradient. Defaults to 5e-4.
        discriminator_learning_rate: Of both Adams. Defaults to 4e-4.
        decay_steps: Steps after which every rate is 0. Defaults to 62500.
        power: Of the polynomial. Defaults to 0.9.
        head: Regular expression that the path of a head's variable matches as a whole,
            or `None` for one rate. Defaults to `".*head.*"`, right for the segmenters
            of this package.
        ema_momentum: Of the moving average of the segmenter's weights, which they take
            on when `fit` ends, as with `use_ema` in `keras.optimizers`. Defaults to
            `None`, no average.

    Returns:
        A dict with `optimizer`, `discriminator_optimizer` and
        `image_discriminator_optimizer`.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def schedule(rate):
        return keras.optimizers.schedules.PolynomialDecay(
            rate, decay_steps=decay_steps, end_learning_rate=0.0, power=power
        )

    def sgd(rate, name):
        average = (
            {"use_ema": True, "ema_momentum": ema_momentum} if ema_momentum else {}
        )
        return CoupledSGD(
            schedule(rate),
            momentum=momentum,
            coupled_decay=coupled_decay,
            name=name,
            **(average if ema_momentum else {}),
        )

    def adam(name):
        return BiasCorrectedAdam(
            schedule(discriminator_learning_rate), beta_1=0.9, beta_2=0.99, name=name
        )

    optimizer = sgd(learning_rate, "segmenter")
    if head is not None:
        heads = {head: sgd(learning_rate * head_factor, "segmenter_head")}
        rates = keras.optimizers.OptimizerMap(optimizer, heads)
        optimizer = keras.optimizers.MultiOptimizer(rates, name="segmenter_rates")
    return {
        "optimizer": optimizer,
        "discriminator_optimizer": adam("discriminator"),
        "image_discriminator_optimizer": adam("image_discriminator"),
    }
