"""Any size, and at keras-hub's own size what keras-hub's segmenter gives."""

import numpy as np
import pytest

from keras_pixda.models.any_size_segformer import any_size_segformer
from tests.models import hub_toys

# Keras says it of keras-hub's own models.
pytestmark = pytest.mark.filterwarnings("ignore:The structure of `inputs`:UserWarning")


def test_equals_keras_hub_at_its_size():
    backbone = hub_toys.segformer()
    ours = any_size_segformer(backbone, 5)
    theirs = hub_toys.keras_hub.models.SegFormerImageSegmenter(backbone, 5)
    theirs.output_segmentation_head.set_weights(ours.get_layer("head").get_weights())
    images = hub_toys.images(64, 64)
    expected = theirs(images, training=False)
    np.testing.assert_allclose(ours(images, training=False), expected, atol=1e-5)
    assert np.ptp(expected) > 0.1
    assert ours.count_params() == theirs.count_params()
    # The decoder is the head.
    assert all(("stage" in w.path) != ("head" in w.path) for w in ours.weights)
