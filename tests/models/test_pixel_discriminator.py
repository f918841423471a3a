"""The discriminator of pixels: its published weights and answers."""

import keras
import numpy as np

from keras_pixda.models import pixel_discriminator


def test_it_is_the_published_one(reference):
    model = pixel_discriminator(5)
    assert [w.shape for w in model.weights] == [
        (3, 3, 5, 64),
        (64,),
        (3, 3, 64, 128),
        (128,),
        (1, 1, 128, 1),
        (1,),
    ]
    weights = []
    for layer in ("conv1", "conv2", "classifier"):
        prefix = f"pixel_discriminator.{layer}"
        weights.append(np.transpose(reference[f"{prefix}.weight"], (2, 3, 1, 0)))
        weights.append(reference[f"{prefix}.bias"])
    model.set_weights(weights)
    probabilities = keras.ops.softmax(reference["logits_nchw"])
    np.testing.assert_allclose(
        model(probabilities),
        reference["discriminator_logits_nchw"],
        rtol=1e-4,
        atol=1e-5,
    )


def test_half_precision_answers_in_float32(dtype_policy):
    dtype_policy("mixed_bfloat16")
    maps = np.full((1, 32, 32, 3), 1 / 3)
    assert pixel_discriminator(3, 4)(maps).dtype == "float32"
