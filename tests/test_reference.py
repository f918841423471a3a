"""The reference values in this repository are the recorded ones."""

import pathlib

import numpy as np
import pytest

HERE = pathlib.Path(__file__).parent
RECORDED = HERE.parents[1] / "shared" / "golden"


@pytest.mark.skipif(not RECORDED.exists(), reason="the recordings are not here")
@pytest.mark.parametrize("name", ["pixda_reference.npz", "tfa_reference.npz"])
def test_the_copy_is_complete_and_unchanged(name):
    with (
        np.load(RECORDED / name) as recorded,
        np.load(HERE / "reference" / name) as copy,
    ):
        assert set(copy) == set(recorded)
        for key in recorded:
            np.testing.assert_array_equal(copy[key], recorded[key])
