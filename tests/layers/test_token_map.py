import keras
import numpy as np

from keras_pixda.layers import TokenMap


def test_the_last_tokens_row_by_row():
    tokens = np.arange(2 * 9 * 4, dtype="float32").reshape(2, 9, 4)
    found = TokenMap()((tokens, np.zeros((2, 2, 3, 7))))
    np.testing.assert_array_equal(found, tokens[:, 3:].reshape(2, 2, 3, 4))


def test_any_size_in_a_saved_model(tmp_path):
    tokens, like = keras.Input((None, 4)), keras.Input((None, None, 7))
    model = keras.Model([tokens, like], TokenMap()((tokens, like)))
    assert model.output_shape == (None, None, None, 4)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras")
    for size in ((2, 3), (4, 2)):
        given = [np.ones((1, 9, 4)), np.zeros((1, *size, 7))]
        assert again(given).shape == (1, *size, 4)
