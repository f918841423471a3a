import keras
import numpy as np
import pytest

from keras_pixda.models import mix_weights


def network(filters=2, name="head"):
    inputs = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(filters, 1, name=name)(inputs)
    return keras.Model(inputs, keras.layers.BatchNormalization(name="normal")(x))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_on_the_line_between(share):
    one, other = network(), network()
    other.layers[-1].set_weights([np.full(2, value) for value in (2.0, 3.0, 4.0, 5.0)])
    before, goal = one.get_weights(), other.get_weights()
    mix_weights(one, other, share)
    for value, was, towards in zip(one.get_weights(), before, goal, strict=True):
        expected = (1 - share) * was + share * towards
        np.testing.assert_allclose(value, expected, atol=1e-6)
    for value, was in zip(other.get_weights(), goal, strict=True):
        np.testing.assert_array_equal(value, was)


class Counts(keras.layers.Layer):
    def build(self, input_shape):
        self.count = self.add_weight(name="count", dtype="int32", trainable=False)

    def call(self, inputs):
        return inputs


def test_whole_numbers_stay():
    inputs = keras.Input((3,))
    one, other = (keras.Model(inputs, Counts(name="c")(inputs)) for _ in range(2))
    one.set_weights([np.array(1)])
    other.set_weights([np.array(6)])
    mix_weights(one, other, 0.5)
    assert one.get_weights() == [1]


@pytest.mark.parametrize("other", [{"filters": 3}, {"name": "tail"}])
def test_networks_of_other_layers_are_refused_whole(other):
    one = network()
    before = one.get_weights()
    with pytest.raises(ValueError, match="has no such weight"):
        mix_weights(one, network(**other), 0.5)
    for value, was in zip(one.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, was)
