"""Any size, and at keras-hub's own size what keras-hub's model gives."""

import keras
import numpy as np
import pytest

from keras_pixda.models.any_size_mit import any_size_mit
from tests.models import hub_toys

# Keras says it of keras-hub's own models.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning")


@pytest.fixture(scope="module")
def both():
    mit = hub_toys.mit()
    return any_size_mit(mit), mit


def test_equals_keras_hub_at_its_size(both):
    ours, mit = both
    theirs = keras.Model(mit.inputs, [*mit.pyramid_outputs.values()])
    images = hub_toys.images(64, 64)
    for found, expected in zip(ours(images), theirs(images), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert ours.count_params() == mit.count_params()


def test_training_leaves_out_what_keras_hub_leaves_out(both):
    drops = {
        layer.name: layer.rate
        for layer in both[0].layers
        if layer.name.endswith(("drop1", "drop2"))
    }
    rates = np.linspace(0, 0.1, 5)
    assert [*drops.values()] == pytest.approx(np.repeat(rates, 2).tolist())


def test_height_and_width_are_told_apart(both):
    ours, _ = both
    for layer in ours.layers:
        # Convolutions that do not tell rows from columns.
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            kernel, bias = layer.get_weights()
            layer.set_weights([(kernel + np.swapaxes(kernel, 0, 1)) / 2, bias])
    images = hub_toys.images(37, 70)
    turned = ours(np.swapaxes(images, 1, 2))
    sizes = [(10, 18), (5, 9), (3, 5), (2, 3)]
    for found, expected, size in zip(ours(images), turned, sizes, strict=True):
        assert found.shape[1:3] == size
        expected = np.swapaxes(expected, 1, 2)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_keras_hub_has_changed_is_said(both):
    _, mit = both
    del mit.get_layer("hierarchical_encoder_1_1").attn
    with pytest.raises(AttributeError, match="attn"):
        any_size_mit(mit)
