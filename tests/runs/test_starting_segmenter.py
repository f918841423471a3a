import numpy as np

from keras_pixda.models import deeplab_v2
from keras_pixda.runs import starting_segmenter
from keras_pixda.weights import save_pytorch


def test_a_published_checkpoint_is_a_start(change, tmp_path):
    published = deeplab_v2(19, blocks=(1, 1, 2, 1), filters=2)
    path = str(tmp_path / "published.pth")
    save_pytorch(published, path)
    found = starting_segmenter(change(weights=path), 19)
    assert found.name == "deeplab_v2"
    for value, wanted in zip(found.weights, published.weights, strict=True):
        np.testing.assert_array_equal(value, wanted)
