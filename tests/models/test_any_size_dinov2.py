"""Any size, and at keras-hub's own size the tokens of keras-hub's model."""

import keras
import numpy as np
import pytest

from keras_pixda.models.any_size_dinov2 import any_size_dinov2
from tests.models import hub_toys

# Keras says it of keras-hub's own models.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning")


@pytest.mark.parametrize(
    ("side", "trained_side", "arguments"),
    [
        (42, 42, {}),
        (42, 70, {"num_register_tokens": 2, "use_swiglu_ffn": True}),
        (70, 42, {"num_register_tokens": 1, "layer_scale_init_value": 0.5}),
    ],
)
def test_equals_keras_hub_at_its_size(side, trained_side, arguments, tmp_path):
    dinov2 = hub_toys.dinov2(tmp_path, side, trained_side, **arguments)
    ours = any_size_dinov2(dinov2)
    images = hub_toys.images(side, side)
    maps = [1, 2, 4]
    theirs = keras.Model(
        dinov2.inputs,
        [dinov2.layernorm(dinov2.pyramid_outputs[f"stage{n}"]) for n in maps],
    )
    ours = keras.Model(
        ours.inputs, [ours.get_layer(f"map{n - 1}").output for n in maps]
    )
    registers = arguments.get("num_register_tokens", 0)
    for found, expected in zip(ours(images), theirs({"images": images}), strict=True):
        expected = np.reshape(expected[:, 1 + registers :], found.shape)
        # TensorFlow looks the cubic up in a table.
        np.testing.assert_allclose(found, expected, atol=2e-4)


def test_four_maps_of_any_size(tmp_path):
    ours = any_size_dinov2(hub_toys.dinov2(tmp_path, 28, 42))
    sizes = [tuple(x.shape[1:]) for x in ours(hub_toys.images(37, 57))]
    assert sizes == [(12, 20, 8), (6, 10, 8), (3, 5, 8), (2, 3, 8)]
