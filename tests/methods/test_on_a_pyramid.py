"""Every method takes a step on a backbone under a pyramid head."""

import numpy as np
import pytest

from keras_pixda.methods import METHODS
from keras_pixda.models import efficientnet_lite, pyramid_segmenter
from keras_pixda.training.fit_steps import fit_steps

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


@pytest.mark.parametrize("name", METHODS)
def test_one_step(name, dataset, unlabelled_dataset, own_settings):
    method = METHODS[name]
    if method.needs_unlabelled:
        dataset = unlabelled_dataset
    settings = own_settings.change(method=name)
    backbone = efficientnet_lite(0, width_factor=0.1, depth_factor=0.1)
    start = pyramid_segmenter(backbone, 19, width=4)
    method.check(start, settings)
    phase = next(method.phases(start, dataset, settings))
    before = {v.path: np.array(v) for v in phase.model.trainable_variables}
    fit_steps(phase.model, phase.data, 1, [])
    segmenter = phase.segmenter
    for layer in ("stem_conv", "head_lateral32", "head"):
        kernel = segmenter.get_layer(layer).kernel
        assert not np.array_equal(kernel, before[kernel.path]), layer
    for variable in phase.model.variables:
        assert np.all(np.isfinite(variable)), variable.path
    if method.needs_auxiliary_head:
        assert any("auxiliary_head" in path for path in before)
