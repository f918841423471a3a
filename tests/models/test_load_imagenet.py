"""DeepLabV2 with the weights of keras.applications has its features."""

import keras
import numpy as np
import pytest

from keras_pixda.models import deeplab_v2, load_imagenet

DEPTH = (3, 4, 6, 3)  # ResNet-50: the same code in a third of the time.
OUR_MEAN = np.array([122.67891434, 116.66876762, 104.00698793])
# Stage of keras.applications, of ours, and how many of our features are one of theirs.
STAGES = [
    ("conv1_relu", "bn1_relu", 1),
    ("pool1_pool", "pool", 1),
    ("conv2_block3_out", "layer1_2_relu", 1),
    ("conv3_block4_out", "layer2_3_relu", 1),
    ("conv4_block6_out", "layer3_5_relu", 2),
    ("conv5_block3_out", "layer4_2_relu", 4),
]


def randomised(network):
    """Random statistics, scales and biases, so that each of them tells."""
    random = np.random.default_rng(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, random.normal(size=bias.shape)])
        elif isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape
            gamma = random.uniform(0.3, 1, size)
            beta, mean = random.normal(size=size), random.normal(size=size)
            # Some so small that the epsilon tells.
            variance = 10.0 ** random.uniform(-4, 1, size)
            layer.set_weights([gamma * np.sqrt(variance), beta, mean, variance])
    return network


@pytest.fixture(scope="module")
def pair():
    """A ResNet of keras.applications, and ours with its weights."""
    keras.utils.set_random_seed(0)
    network = keras.applications.ResNet50(include_top=False, weights=None)
    segmenter = deeplab_v2(3, blocks=DEPTH)
    before = [np.array(w) for w in segmenter.weights if "head" in w.path]
    assert load_imagenet(segmenter, randomised(network)) is segmenter
    after = [np.array(w) for w in segmenter.weights if "head" in w.path]
    assert len(after) == 8  # As they were.
    assert all(map(np.array_equal, before, after))
    return network, segmenter


def test_all_stages_have_the_features_of_keras_applications(pair):
    network, segmenter = pair
    theirs = keras.Model(
        network.get_layer("conv1_pad").output,
        [network.get_layer(name).output for name, _, _ in STAGES],
    )
    ours = keras.Model(
        segmenter.input, [segmenter.get_layer(name).output for _, name, _ in STAGES]
    )
    images = np.random.default_rng(1).integers(0, 256, (1, 65, 97, 3)).astype("float32")
    prepared = keras.applications.resnet.preprocess_input(images.copy())
    # Around the image lies our mean colour, black to the preprocessed network.
    around = keras.applications.resnet.preprocess_input(OUR_MEAN[None, None].copy())
    padded = np.broadcast_to(around, (1, 71, 103, 3)).copy()
    padded[:, 3:-3, 3:-3] = prepared
    expected, found = theirs(padded, training=False), ours(images, training=False)
    for stage, step, a, b in zip(
        [name for name, _, _ in STAGES],
        [step for _, _, step in STAGES],
        map(np.array, expected),
        map(np.array, found),
        strict=True,
    ):
        b = b[:, ::step, ::step]
        assert a.shape == b.shape, stage
        assert (a > 0).any()
        np.testing.assert_allclose(b, a, atol=1e-4 * np.abs(a).max(), err_msg=stage)


def test_the_border_differs_by_a_grey_level_of_padding_at_most(pair):
    network, segmenter = pair
    images = np.random.default_rng(1).integers(0, 256, (1, 64, 96, 3)).astype("float32")
    theirs = keras.Model(network.input, network.get_layer("conv1_relu").output)
    ours = keras.Model(segmenter.input, segmenter.get_layer("bn1_relu").output)
    a = np.array(theirs(keras.applications.resnet.preprocess_input(images.copy())))
    b = np.array(ours(images))
    scale = np.abs(a).max()
    inside = (slice(None), slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(b[inside], a[inside], atol=1e-5 * scale)
    np.testing.assert_allclose(b, a, atol=1e-2 * scale)
    assert np.abs(a - b).max() > 1e-4 * scale


def test_imagenet_asks_keras_applications_for_the_network_of_that_depth(monkeypatch):
    asked = {}

    def make(**kwargs):
        asked.update(kwargs)
        images = keras.Input((None, None, 3))
        return keras.Model(images, images, name="other")

    monkeypatch.setattr(keras.applications, "ResNet50", make)
    with pytest.raises(ValueError, match="'other' is not keras.applications' ResNet50"):
        deeplab_v2(3, blocks=DEPTH, weights="imagenet")
    assert asked == {"include_top": False, "weights": "imagenet"}


def test_resnet_101_has_a_place_for_every_weight(monkeypatch):
    made, original = [], keras.applications.ResNet101

    def untrained(weights, **kwargs):
        assert weights == "imagenet"
        made.append(randomised(original(weights=None, **kwargs)))
        return made[0]

    monkeypatch.setattr(keras.applications, "ResNet101", untrained)
    segmenter = deeplab_v2(3, weights="imagenet")
    kernel = segmenter.get_layer("layer3_22_conv2").kernel
    expected = made[0].get_layer("conv4_block23_2_conv").kernel
    np.testing.assert_array_equal(kernel, expected)


def test_what_has_no_imagenet_weights_is_refused():
    with pytest.raises(ValueError, match=r"blocks \(1, 1, 1, 1\) and 64 filters"):
        deeplab_v2(3, blocks=(1, 1, 1, 1), weights="imagenet")
    with pytest.raises(ValueError, match="and 2 filters, expected"):
        load_imagenet(deeplab_v2(3, blocks=DEPTH, filters=2))
    with pytest.raises(ValueError, match="None or .imagenet., received 'x.pth'"):
        deeplab_v2(3, weights="x.pth")


def test_a_download_that_fails_says_how_to_bring_the_file(monkeypatch):
    def make(**kwargs):
        raise Exception("URL fetch failure on https://example.org/a.h5:\n none")

    monkeypatch.setattr(keras.applications, "ResNet50", make)
    message = (
        r"ResNet50 \(95 MB\) cannot be had: URL .*a.h5: none. Put the file of that"
    )
    with pytest.raises(ValueError, match=message):
        deeplab_v2(3, blocks=DEPTH, weights="imagenet")
