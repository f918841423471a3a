"""The reference values in this repository are the recorded ones."""

import pathlib

import numpy as np
import pytest

NAME = "pixda_reference.npz"
HERE = pathlib.Path(__file__).parent
RECORDED = HERE.parents[1] / "shared" / "golden" / NAME


@pytest.mark.skipif(not RECORDED.exists(), reason="the recordings are not here")
def test_the_copy_is_complete_and_unchanged():
    with np.load(RECORDED) as recorded, np.load(HERE / "reference" / NAME) as copy:
        assert set(copy) == set(recorded)
        for key in recorded:
            np.testing.assert_array_equal(copy[key], recorded[key])
