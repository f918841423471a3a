"""What every method does alike: the same optimizers, the same count of steps."""

from collections.abc import Sequence

import keras

from keras_pixda.callbacks import BadNumbers, StopAtStep
from keras_pixda.datasets import augmentation
from keras_pixda.freed_memory import keep_freed_memory
from keras_pixda.optimizers import published_optimizers

# More passes than any training has: the steps end it.
ENDLESS = 1_000_000


def optimizers(settings, method):
    """The three optimizers of a method's settings; methods take those they need.

    Example:

    ```python
    from keras_pixda.training.fit_steps import optimizers
    from keras_pixda.runs import Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    assert "optimizer" in optimizers(settings, "pixda")
    ```

    Args:
        settings: The `Settings` of the run.
        method: Name of the method, whose own rates count.

    Returns:
        A dict as from `published_optimizers`.
    """
    training, own = settings.training, settings[method]
    rates = {"learning_rate": own.learning_rate or training.learning_rate}
    if hasattr(own, "discriminator_learning_rate"):
        rates["discriminator_learning_rate"] = own.discriminator_learning_rate
    return published_optimizers(
        **rates,
        head_factor=training.head_factor,
        coupled_decay=training.coupled_decay,
        decay_steps=training.decay_steps,
        ema_momentum=training.ema or None,
    )


def ordinary_augmentation(wanted=True):
    """Flips, zooms by half to twice and colours, as the settings offer them.

    Example:

    ```python
    from keras_pixda.training.fit_steps import ordinary_augmentation

    augment = ordinary_augmentation()
    ```

    Args:
        wanted: Whether to augment at all. Defaults to `True`.

    Returns:
        What the data sets take as `augmentation`.
    """
    if not wanted:
        return None
    return augmentation(flip=True, scale=(0.5, 2.0), colour=0.5)


def target_steps(settings):
    """Target batches that every method may look at: adaptation and distillation.

    Example:

    ```python
    from keras_pixda.training.fit_steps import target_steps
    from keras_pixda.runs import Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    target_steps(settings)  # 800
    ```

    Args:
        settings: The `Settings` of the run.
    """
    return settings.training.target_steps


def fit_steps(model: keras.Model, data, steps: int, callbacks: Sequence = ()) -> None:
    """Fit for a number of steps, over as many passes as that takes.

    Example:

    ```python
    import keras
    import numpy as np
    from keras_pixda.training.fit_steps import fit_steps

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.zeros((1, 2)), np.zeros((1, 1))

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    fit_steps(model, Batches(), steps=3)
    assert model.optimizer.iterations == 3
    ```

    Args:
        model: A compiled model.
        data: What `fit` takes.
        steps: Steps in all; those of a restored optimizer count.
        callbacks: Further callbacks, called after the step is counted.
    """
    keep_freed_memory()
    callbacks = introduce([StopAtStep(steps), BadNumbers(), *callbacks], data)
    [guard] = [x for x in callbacks if isinstance(x, BadNumbers)][:1]
    with guard.naming_batches():
        model.fit(data, epochs=ENDLESS, verbose=0, shuffle=False, callbacks=callbacks)


def introduce(callbacks: list, data) -> list:
    """Tell callbacks that were made before it what is fitted, and of each other.

    Example:

    ```python
    from keras_pixda.callbacks import ExactResume
    from keras_pixda.training.fit_steps import introduce

    def main(dataset):
        [resume] = introduce([ExactResume("state")], dataset)
        return resume.dataset is dataset  # True
    ```

    Args:
        callbacks: A list; those whose `dataset` or `callbacks` is `None` get it.
        data: The data set that is fitted.

    Returns:
        The list.
    """
    for callback in callbacks:
        for name, value in (("dataset", data), ("callbacks", callbacks)):
            if getattr(callback, name, value) is None:
                setattr(callback, name, value)
    return callbacks
