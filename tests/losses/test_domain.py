import numpy as np
import tensorflow as tf

from keras_pixda.losses import SOURCE, TARGET, domain_loss


def test_equals_a_plain_numpy_rewrite_and_stays_finite():
    logits = np.array([-3.0, 0.0, 2.0])
    probability = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(
        domain_loss(logits, SOURCE), -np.log(1 - probability), rtol=1e-6
    )
    np.testing.assert_allclose(
        domain_loss(logits, TARGET), -np.log(probability), rtol=1e-6
    )
    extreme = domain_loss(tf.constant([-6e4, 6e4], tf.float16), SOURCE)
    assert extreme.dtype == tf.float32
    np.testing.assert_allclose(extreme, [0.0, 6e4], rtol=1e-3)
