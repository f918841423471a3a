"""Facts of every segmenter that can be asked for by name."""

import subprocess
import sys

import pytest

from keras_pixda.models import SEGMENTERS, NamedSegmenter, find_segmenter

# The registry's networks, in toy sizes.
SIZES = {
    "small": {"filters": 5},
    "deeplab_v2": {"filters": 4, "blocks": (1, 2, 1, 1)},
    **{f"efficientnet_lite{variant}": {"width": 4} for variant in range(3)},
}


@pytest.mark.parametrize("name", SEGMENTERS)
def test_declares_what_it_is(name):
    known = SEGMENTERS[name]
    network = known.build(3, **SIZES[name])
    assert network.output_shape == (None, None, None, 3)
    assert known.sizes(network) == SIZES[name]
    if known.auxiliary_head:
        auxiliary, main = known.build(3, auxiliary_head=True, **SIZES[name]).outputs
        assert auxiliary.shape == main.shape == network.output_shape
    assert known.title
    assert not known.about.endswith(".")
    assert known.pretrained in (None, {"weights": "imagenet"})
    side = known.smallest_side
    assert network.compute_output_shape((1, side, side, 3)) == (1, side, side, 3)


def test_names_are_read_without_keras():
    script = """
import sys
from keras_pixda.models import SEGMENTERS, NamedSegmenter, find_segmenter
SEGMENTERS["mine"] = NamedSegmenter("Mine", "for tests", "nowhere:nothing")
assert find_segmenter("mine").title == "Mine"
assert not {"keras", "tensorflow"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_one_from_outside_is_found(monkeypatch):
    mine = NamedSegmenter("Mine", "for tests", lambda num_classes: None)
    monkeypatch.setitem(SEGMENTERS, "mine", mine)
    assert find_segmenter("mine") is mine
