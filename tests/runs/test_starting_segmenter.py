import numpy as np

from keras_pixda.models import NamedSegmenter, deeplab_v2, small_segmenter
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


def test_pretrained_weights_are_the_default_where_they_need_no_download(
    change, monkeypatch, tmp_path
):
    asked = []

    def build(self, num_classes, pretrained):
        asked.append((self.title, pretrained))
        return small_segmenter(num_classes, filters=2)

    monkeypatch.setattr(NamedSegmenter, "build", build)
    small_segmenter(19, filters=2).save_weights(tmp_path / "a.weights.h5")
    for changes in (
        {"segmenter": "small"},
        {"segmenter": "efficientnet_lite0"},
        {"segmenter": "efficientnet_lite0", "pretrained": False},
        {"segmenter": "efficientnet_lite0", "weights": str(tmp_path / "a.weights.h5")},
        {"segmenter": "deeplab_v2"},
        {"segmenter": "deeplab_v2", "pretrained": True},
    ):
        starting_segmenter(change(**changes), 19)
    assert asked == [
        ("Small", False),
        ("EfficientNet-Lite0", True),
        ("EfficientNet-Lite0", False),
        ("EfficientNet-Lite0", False),
        ("DeepLabV2", False),
        ("DeepLabV2", True),
    ]
