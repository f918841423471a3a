"""Small batches and a small segmenter, for tests that write a step out."""

import keras
import numpy as np


def batch(seed=0, size=(32, 48)):
    """Two images and their labels of each domain, of three classes and some ignored."""
    random = np.random.default_rng(seed)
    images, labels = {}, {}
    for domain in ("source", "target"):
        images[domain] = random.integers(0, 256, (2, *size, 3), dtype="uint8")
        labels[domain] = random.choice([0, 1, 2, 255], (2, *size)).astype("uint8")
    return images, labels


def segmenter():
    """One convolution, of images scaled by 1 / 64 and shifted by -2."""
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0, dtype="float32")(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same")(x))
