"""The photos that the statistics of batch normalisation are taken from."""

import keras
import numpy as np
import pytest

from keras_pixda import FewShotDomainDataset
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.training.adapted_normalization import AdaptedNormalization


@pytest.mark.parametrize(("shots", "unlabelled"), [(1, False), (1, True), (0, True)])
def test_statistics_are_those_of_all_target_images(scenes, shots, unlabelled):
    source, target = gta5(scenes / "gta5"), cityscapes(scenes / "cityscapes")
    pictures = target.pictures() if unlabelled else None
    size = 32, 48
    data = FewShotDomainDataset(source, target, shots, 2, size, unlabelled=pictures)
    images = keras.Input((*size, 3))
    normalized = keras.layers.BatchNormalization(name="norm")
    network = keras.Model(images, normalized(images))
    AdaptedNormalization(network, "target").finish(network, data)
    seen = [data.read_shot(index)[0] for index in range(len(data.target))]
    if unlabelled:
        seen += [data.read_unlabelled(i) for i in range(len(data.unlabelled))]
        assert len(seen) == len(target)
    pixels = np.reshape(seen, (-1, 3)).astype("float64")
    np.testing.assert_allclose(normalized.moving_mean, pixels.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(
        normalized.moving_variance, pixels.var(axis=0), rtol=1e-4
    )
