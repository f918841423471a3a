"""The discriminator of images: sizes and dtypes."""

import numpy as np
import pytest

from keras_pixda.models import image_discriminator


@pytest.mark.parametrize(
    ("size", "expected"), [((64, 96), (2, 3)), ((66, 75), (2, 2)), ((32, 32), (1, 1))]
)
def test_it_halves_as_padding_one_does(size, expected):
    model = image_discriminator(3, filters=2)
    assert model(np.zeros((1, *size, 3))).shape == (1, *expected, 1)
    assert [w.shape[-1] for w in image_discriminator(3).weights[::2]] == [
        64,
        128,
        256,
        512,
        1,
    ]


def test_half_precision_answers_in_float32(dtype_policy):
    dtype_policy("mixed_bfloat16")
    maps = np.full((1, 32, 32, 3), 1 / 3)
    assert image_discriminator(3, 4)(maps).dtype == "float32"
