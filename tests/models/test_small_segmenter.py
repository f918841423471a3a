"""The small segmenter: sizes, heads and dtypes."""

import keras
import numpy as np
import pytest

from keras_pixda.models import small_segmenter


@pytest.mark.parametrize("size", [(32, 48), (37, 51)])
def test_it_takes_any_size_and_saves(size, tmp_path):
    model = small_segmenter(4, filters=4)
    images = np.random.default_rng(0).integers(0, 256, (2, *size, 3), dtype="uint8")
    assert model(images).shape == (2, *size, 4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), model(images))


def test_with_auxiliary_head_it_is_the_same_network_with_one_more():
    images = np.random.default_rng(0).integers(0, 256, (2, 37, 51, 3), dtype="uint8")
    keras.utils.set_random_seed(1)
    plain = small_segmenter(4, filters=4)
    keras.utils.set_random_seed(1)
    model = small_segmenter(4, filters=4, auxiliary_head=True)
    auxiliary, main = model(images)
    assert auxiliary.shape == main.shape == (2, 37, 51, 4)
    np.testing.assert_array_equal(main, plain(images))
    shapes = {w.path: w.shape for w in model.weights}
    # On the decoder's map at quarter resolution, twice the filters.
    assert shapes.pop("auxiliary_head/kernel") == (1, 1, 8, 4)
    assert shapes.pop("auxiliary_head/bias") == (4,)
    assert shapes == {w.path: w.shape for w in plain.weights}
    middle = keras.Model(model.input, model.get_layer("auxiliary_head").output)
    assert middle(np.zeros((1, 64, 96, 3))).shape == (1, 16, 24, 4)


def test_half_precision_answers_in_float32(dtype_policy):
    dtype_policy("mixed_bfloat16")
    images = np.full((1, 32, 32, 3), 201.0)
    segmenter = small_segmenter(3, 4)
    assert segmenter(images).dtype == "float32"
    # Images are not rounded before they are normalised: 201 / 64 - 2.
    rescale = keras.Model(segmenter.input, segmenter.get_layer("rescale").output)
    np.testing.assert_allclose(rescale(images), 201 / 64 - 2, atol=1e-6)
