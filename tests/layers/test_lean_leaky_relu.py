import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import LeanLeakyReLU


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_values_and_gradients(dtype):
    inputs = tf.cast([-2.0, -0.5, 0.0, 0.5, 2.0], dtype)
    layer = LeanLeakyReLU(0.25, dtype=dtype)

    @tf.function
    def run(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            loss = tf.reduce_sum(outputs * [1.0, 2.0, 3.0, 4.0, 5.0])
        return outputs, tape.gradient(loss, inputs)

    outputs, gradient = run(inputs)
    np.testing.assert_array_equal(outputs, np.array([-0.5, -0.125, 0.0, 0.5, 2.0]))
    np.testing.assert_array_equal(gradient, np.array([0.25, 0.5, 0.75, 4.0, 5.0]))


def test_its_inputs_are_not_kept():
    layer, inputs = LeanLeakyReLU(0.2), tf.ones((4,))

    @tf.function
    def run(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            before = inputs * 3.0
            loss = tf.reduce_sum(layer(before) ** 2)
        return tape.gradient(loss, inputs), before

    graph = run.get_concrete_function(inputs).graph
    [gradient] = [op for op in graph.get_operations() if op.type == "LeakyReluGrad"]
    assert gradient.inputs[1].op.type in ("LeakyRelu", "Identity", "IdentityN")


def test_config_and_checks():
    layer = LeanLeakyReLU(0.2)
    assert LeanLeakyReLU.from_config(layer.get_config()).negative_slope == 0.2
    with pytest.raises(ValueError, match="above 0"):
        LeanLeakyReLU(0.0)
    assert isinstance(layer, keras.layers.LeakyReLU)
