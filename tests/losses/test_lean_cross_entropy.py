import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses.lean_cross_entropy import lean_cross_entropy


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_is_the_cross_entropy_of_tensorflow_and_its_gradient(scale):
    random = np.random.default_rng(0)
    logits = tf.constant(scale * random.normal(size=(2, 3, 4, 5)), "float32")
    labels = tf.constant(random.integers(0, 5, (2, 3, 4)), "int32")
    upstream = tf.constant(random.normal(size=(2, 3, 4)), "float32")

    def stock(labels, logits):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)

    results = []
    for function in (lean_cross_entropy, tf.function(lean_cross_entropy), stock):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = function(labels, logits)
        gradient = tape.gradient(loss, logits, output_gradients=upstream)
        results.append((loss, gradient))
    for ours in results[:2]:
        for value, wanted in zip(ours, results[2], strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-6, atol=1e-6)
