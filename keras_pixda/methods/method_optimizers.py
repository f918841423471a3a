"""The optimizers of a method."""

from typing import Any

from keras_pixda.optimizers import published_optimizers


def method_optimizers(settings: Any, method: str) -> dict:
    """The optimizers that the settings give a method, which takes those it needs.

    Example:

    ```python
    from keras_pixda.methods.method_optimizers import method_optimizers
    from keras_pixda.runs import Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    assert [*method_optimizers(settings, "pixda")] == [
        "optimizer", "discriminator_optimizer", "image_discriminator_optimizer"
    ]
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
