import pytest

from keras_pixda.weights import efficientnet_lite_segmenter


def test_random_weights_need_nothing():
    segmenter = efficientnet_lite_segmenter(5, width=8, auxiliary_head=True)
    auxiliary, main = segmenter.outputs
    assert auxiliary.shape == main.shape == (None, None, None, 5)
    assert segmenter.name == "efficientnet_lite0_segmenter"


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match="None or .imagenet., received 'x.pth'"):
        efficientnet_lite_segmenter(5, weights="x.pth")
