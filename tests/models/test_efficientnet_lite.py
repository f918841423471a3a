import keras
import numpy as np
import pytest

from keras_pixda.models import efficientnet_lite

TINY = {"width_factor": 0.1, "depth_factor": 0.1}


@pytest.mark.parametrize(
    ("variant", "parameters", "filters"),
    [
        (0, 4_652_008, [16, 24, 40, 112, 320]),
        (1, 5_416_680, [16, 24, 40, 112, 320]),
        (2, 6_092_072, [16, 24, 48, 120, 352]),
    ],
)
def test_the_published_sizes(variant, parameters, filters):
    backbone = efficientnet_lite(variant)
    assert [x.shape[-1] for x in backbone.outputs] == filters
    top = 1280 * filters[-1] + 4 * 1280 + 1281 * 1000
    trained = sum(np.prod(v.shape) for v in backbone.trainable_variables)
    # The running statistics of the top are none that are trained.
    assert trained + top - 2 * 1280 == parameters
    assert backbone.name == f"efficientnet_lite{variant}"


@pytest.mark.parametrize("size", [(32, 48), (45, 67), (33, 65)])
def test_features_halve_images_of_any_size_rounded_up(size):
    features = efficientnet_lite(0, **TINY)(np.zeros((1, *size, 3)))
    for level in range(1, 6):
        expected = tuple(-(-side // 2**level) for side in size)
        assert features[f"P{level}"].shape[1:3] == expected


def test_pads_as_tensorflow_does():
    """An even side gets its zeros at the end, an odd one on both sides."""
    network = efficientnet_lite(0, **TINY)
    stem = keras.Model(network.input, network.get_layer("stem_conv").output)
    kernel = np.zeros((3, 3, 3, 32), "float32")
    kernel[0, 0] = 1.0  # Of the first pixel that a place sees.
    network.get_layer("stem_conv").set_weights([kernel])
    even, odd = (stem(np.full((1, side, side, 3), 255.0)) for side in (32, 33))
    assert np.all(even[0, 0, 0] > 2)
    assert np.all(odd[0, 0, 0] == 0)


def test_images_are_normalised_inside():
    network = efficientnet_lite(0, **TINY)
    normalise = keras.Model(network.input, network.get_layer("rescale").output)
    images = np.array([0, 127, 255], "uint8").reshape(1, 1, 1, 3)
    np.testing.assert_allclose(normalise(images)[0, 0, 0], [-127 / 128, 0, 1])


def test_classifier():
    network = efficientnet_lite(0, num_classes=7, **TINY)
    logits = network(np.zeros((2, 32, 48, 3)))
    assert (logits.shape, logits.dtype) == ((2, 7), "float32")


def test_layers_are_kerass_own_and_none_is_a_head():
    network = efficientnet_lite(0, num_classes=7, **TINY)
    assert {type(layer).__module__.split(".")[0] for layer in network.layers} == {
        "keras"
    }
    assert not any("head" in variable.path for variable in network.variables)
    eps = {getattr(layer, "epsilon", 1e-3) for layer in network.layers}
    assert eps == {1e-3}


def test_an_unknown_variant_is_refused():
    with pytest.raises(ValueError, match=r"variant is 3, expected one of \[0, 1, 2\]"):
        efficientnet_lite(3)
