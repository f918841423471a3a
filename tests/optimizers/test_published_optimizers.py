"""The optimizers of the published schedule."""

import keras
import numpy as np
import pytest

from keras_pixda.models import deeplab_v2
from keras_pixda.optimizers import published_optimizers


def test_they_drive_the_head_ten_times_as_fast():
    model = deeplab_v2(3, blocks=(1, 1, 1, 1), filters=2)
    optimizer = published_optimizers()["optimizer"]
    optimizer.build(model.trainable_variables)
    before = {v.path: v.numpy() for v in model.trainable_variables}
    ones = [keras.ops.ones_like(v) for v in model.trainable_variables]
    optimizer.apply(ones, model.trainable_variables)
    for variable in model.trainable_variables:
        old = before[variable.path]
        rate = 1e-2 if "head" in variable.path else 1e-3
        expected = old - rate * (1 + 5e-4 * old)
        np.testing.assert_allclose(variable, expected, atol=1e-7)


def test_configs_round_trip():
    for optimizer in published_optimizers(decay_steps=7).values():
        config = keras.saving.serialize_keras_object(optimizer)
        again = keras.saving.deserialize_keras_object(config)
        assert again.get_config() == optimizer.get_config()


def test_bad_arguments_are_named():
    for optimizer in (
        keras.optimizers.AdamW(3e-5),
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 4)),
    ):
        with pytest.raises(ValueError, match=r"a rate of its own: give it as"):
            published_optimizers(optimizer=optimizer)
    with pytest.raises(ValueError, match="learning_rate=3e-05"):
        published_optimizers(optimizer=keras.optimizers.AdamW(3e-5))
    wrapper = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    for optimizer in (wrapper, published_optimizers()["optimizer"], 3):
        with pytest.raises(ValueError, match="must be a plain Keras optimizer"):
            published_optimizers(optimizer=optimizer)
    with pytest.raises(ValueError, match="momentum and coupled_decay belong to"):
        published_optimizers(momentum=0.5, optimizer="adam")
    for name in ("learning_rate", "discriminator_learning_rate"):
        with pytest.raises(ValueError, match=f"^{name} must be a number"):
            published_optimizers(**{name: "fast"})
