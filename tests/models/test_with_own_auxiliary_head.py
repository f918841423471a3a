import keras
import numpy as np
import pytest

from keras_pixda.models import (
    SEGMENTERS,
    NamedSegmenter,
    deeplab_v2,
    small_segmenter,
    with_own_auxiliary_head,
)
from keras_pixda.weights import efficientnet_lite_segmenter


def other(num_classes, auxiliary_head=False):
    images = keras.Input((None, None, 3))
    main = keras.layers.Conv2D(num_classes, 1, name="main")(images)
    if auxiliary_head:
        return keras.Model(images, [keras.layers.Conv2D(num_classes, 1)(images), main])
    return keras.Model(images, main)


NETWORKS = {
    "small of another width": lambda: small_segmenter(3, filters=5),
    "small of another name": lambda: small_segmenter(3, filters=2, name="mine"),
    "deeplab_v2": lambda: deeplab_v2(3, blocks=(1, 2, 1, 1), filters=4),
    # Not that of its neighbours: 1 has as many blocks, 0 the same filters.
    "efficientnet_lite1": lambda: efficientnet_lite_segmenter(3, 1, width=4),
    "efficientnet_lite2": lambda: efficientnet_lite_segmenter(3, 2, width=4),
}


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)
def test_the_same_network_with_one_more_head(build):
    segmenter = build()
    images = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3)).astype("float32")
    network = with_own_auxiliary_head(segmenter)
    auxiliary, main = network(images)
    np.testing.assert_array_equal(main, segmenter(images))
    assert auxiliary.shape == main.shape
    assert not np.allclose(auxiliary, main)
    for weight in network.weights:  # A copy: the start stays as it is.
        weight.assign(weight + 1)
    assert not np.allclose(network(images)[1], segmenter(images))


def test_one_from_outside(monkeypatch):
    declared = NamedSegmenter("Mine", "for tests", other, auxiliary_head=True)
    assert with_own_auxiliary_head(other(3)) is None
    monkeypatch.setitem(SEGMENTERS, "mine", declared)
    assert len(with_own_auxiliary_head(other(3)).outputs) == 2
