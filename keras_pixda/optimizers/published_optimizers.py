"""The optimizers of the published schedule."""

import inspect
import math
import numbers
from typing import Any

import keras

from keras_pixda.optimizers.bias_corrected_adam import BiasCorrectedAdam
from keras_pixda.optimizers.body_head_optimizer import BodyHeadOptimizer, scaled
from keras_pixda.optimizers.coupled_sgd import CoupledSGD

_SCHEDULE = keras.optimizers.schedules.LearningRateSchedule


def published_optimizers(
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 1e-3,
    head_factor: float = 10.0,
    momentum: float = 0.9,
    coupled_decay: float = 5e-4,
    discriminator_learning_rate: float
    | keras.optimizers.schedules.LearningRateSchedule = 4e-4,
    decay_steps: int | None = 62_500,
    power: float = 0.9,
    head: str | None = ".*head.*",
    ema_momentum: float | None = None,
    optimizer: Any = None,
) -> dict[str, keras.optimizers.Optimizer]:
    """The three optimizers of PixDA, to be handed to `compile` as they are.

    Segmenter: SGD with momentum and coupled weight decay, the head at ten times the
    rate. Both discriminators: Adam with betas (0.9, 0.99). All rates decay polynomially
    to 0 at `decay_steps`; the published run stopped at 30 000 of 62 500 steps. The
    defaults belong to batches of 4 + 4: the authors scale the rates with the batch.

    With `decay_steps=None` the rates stay as they are, and
    `keras.callbacks.LearningRateScheduler` and `ReduceLROnPlateau` may set that of the
    segmenter, whose head keeps its factor.

    Example:

    ```python
    from keras_pixda import PixDAModel
    from keras_pixda.models import small_segmenter
    from keras_pixda.optimizers import published_optimizers

    model = PixDAModel(small_segmenter(num_classes=3, filters=4))
    model.compile(**published_optimizers(decay_steps=1_000))
    body, head = model.optimizer.parts
    assert abs(head.learning_rate - 10 * body.learning_rate) < 1e-6

    # Another optimizer and another schedule.
    import keras

    adamw = keras.optimizers.AdamW(weight_decay=0.01)
    cosine = keras.optimizers.schedules.CosineDecay(1e-4, decay_steps=1_000)
    model.compile(**published_optimizers(cosine, optimizer=adamw))
    ```

    Args:
        learning_rate: Of the segmenter's body, a number or a
            `keras.optimizers.schedules.LearningRateSchedule`. Defaults to 1e-3.
        head_factor: How much faster the head learns. Defaults to 10.0.
        momentum: Of the SGD. Defaults to 0.9.
        coupled_decay: Weight decay of the SGD, in the gradient. Defaults to 5e-4.
        discriminator_learning_rate: Of both Adams, a number or a schedule. Defaults
            to 4e-4.
        decay_steps: Steps after which every rate that is given as a number is 0, or
            `None` for rates that stay. Defaults to 62500.
        power: Of the polynomial. Defaults to 0.9.
        head: Regular expression that the path of a head's variable matches as a whole,
            or `None` for one rate. Defaults to `".*head.*"`, right for the segmenters
            of this package.
        ema_momentum: Of the moving average of the segmenter's weights, which they take
            on when `fit` ends, as with `use_ema` in `keras.optimizers`. Defaults to
            `None`, no average.
        optimizer: In the place of the SGD, any Keras optimizer, its name or its class.
            Its settings are taken, its rate is `learning_rate`. Defaults to `None`,
            `CoupledSGD`.

    Returns:
        A dict with `optimizer`, `discriminator_optimizer` and
        `image_discriminator_optimizer`.

    Raises:
        ValueError: If `optimizer` has a rate of its own beside `learning_rate`, comes
            with settings of the SGD, or wraps other optimizers.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def schedule(rate):
        if decay_steps is None or isinstance(rate, _SCHEDULE):
            return rate
        return keras.optimizers.schedules.PolynomialDecay(
            rate, decay_steps=decay_steps, end_learning_rate=0.0, power=power
        )

    if optimizer is None:
        optimizer = CoupledSGD(momentum=momentum, coupled_decay=coupled_decay)
    elif (momentum, coupled_decay) != (0.9, 5e-4):
        raise ValueError(
            "momentum and coupled_decay belong to the default optimizer: give "
            f"{optimizer!r} its own."
        )
    optimizer = _with_settings_alone(optimizer)
    learning_rate = _number_or_schedule("learning_rate", learning_rate)
    discriminator_learning_rate = _number_or_schedule(
        "discriminator_learning_rate", discriminator_learning_rate
    )
    average = {"use_ema": True, "ema_momentum": ema_momentum} if ema_momentum else {}

    def like_it(rate, name):
        return type(optimizer).from_config(
            {**optimizer.get_config(), **average, "learning_rate": rate, "name": name}
        )

    def adam(name):
        return BiasCorrectedAdam(
            schedule(discriminator_learning_rate), beta_1=0.9, beta_2=0.99, name=name
        )

    segmenter = like_it(schedule(learning_rate), "segmenter")
    if head is not None:
        heads = {
            head: like_it(
                schedule(scaled(learning_rate, head_factor)), "segmenter_head"
            )
        }
        rates = keras.optimizers.OptimizerMap(segmenter, heads)
        segmenter = BodyHeadOptimizer(rates, head_factor, name="segmenter_rates")
    return {
        "optimizer": segmenter,
        "discriminator_optimizer": adam("discriminator"),
        "image_discriminator_optimizer": adam("image_discriminator"),
    }


def _number_or_schedule(name, rate):
    if isinstance(rate, _SCHEDULE):
        return rate
    if not isinstance(rate, numbers.Real):
        raise ValueError(
            f"{name} must be a number or a LearningRateSchedule, received {rate!r}."
        )
    return float(rate)


def _with_settings_alone(optimizer):
    """An instance of the optimizer asked for, whose rate nobody has chosen."""
    if isinstance(optimizer, str):
        optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, type):
        optimizer = optimizer()
    wrappers = keras.optimizers.MultiOptimizer, keras.optimizers.LossScaleOptimizer
    if not isinstance(optimizer, keras.optimizers.Optimizer) or isinstance(
        optimizer, wrappers
    ):
        raise ValueError(
            "optimizer must be a plain Keras optimizer, its class or its name, "
            f"received {optimizer!r}: head rates and loss scaling are added to it."
        )
    default = inspect.signature(type(optimizer)).parameters.get("learning_rate")
    rate = optimizer.get_config()["learning_rate"]
    chosen = not isinstance(rate, float) or not math.isclose(
        rate, getattr(default, "default", rate), rel_tol=1e-6
    )
    if chosen:
        rate = f"{rate:g}" if isinstance(rate, float) else "its schedule"
        raise ValueError(
            f"The optimizer {optimizer.name!r} has a rate of its own: give it as "
            f"published_optimizers(learning_rate={rate}, optimizer=...), which derives "
            "that of the head from it."
        )
    return optimizer
