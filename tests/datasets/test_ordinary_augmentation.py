import numpy as np

from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation


def test_it_flips_zooms_and_colours_or_does_nothing():
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (16, 24, 3), dtype="uint8")
    labels = random.integers(0, 3, (16, 24), dtype="uint8")
    augment = ordinary_augmentation()
    seen = [augment(image, labels, seed=(0, number)) for number in range(8)]
    assert all(changed.shape == image.shape for changed, _ in seen)
    assert not any(np.array_equal(changed, image) for changed, _ in seen)
    # What a zoom out leaves around the picture is ignored.
    assert any(np.any(changed == 255) for _, changed in seen)
    assert ordinary_augmentation(False) is None
