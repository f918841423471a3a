"""What other packages say, in one line."""

import keras
import numpy as np
import pytest

from keras_pixda.plain_reason import plain_reason


def test_an_error_of_keras_in_one_line():
    images = keras.Input((None, None, 3))
    half = keras.layers.Conv2D(2, 3, 2, padding="same")(images)
    network = keras.Model(images, keras.layers.Concatenate()([half, images]))
    with pytest.raises(Exception, match="Arguments received by") as caught:
        network(np.zeros((1, 6, 6, 3), "float32"))
    said = plain_reason(caught.value)
    assert not any(part in said for part in ("\x1b", "\n", "rguments received"))
    assert said.startswith("Exception encountered when calling Concatenate.call(). ")


def test_places_in_graphs_are_left_out_and_long_texts_cut():
    assert plain_reason(ValueError("bad {{node a/b}} = Conv[T]()")) == "bad"
    assert len(plain_reason(ValueError("a" * 999))) == 300
