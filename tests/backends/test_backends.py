"""What is not TensorFlow's alone gives the same values under JAX and PyTorch."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The values under TensorFlow."""
    return values_on("tensorflow", tmp_path_factory.mktemp("tensorflow"))


def values_on(backend, folder):
    path = folder / "values.npz"
    result = subprocess.run(
        [sys.executable, HERE / "values.py", path],
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": str(HERE.parents[1]),
            "PYTHONWARNINGS": "error,ignore::DeprecationWarning",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "JAX_PLATFORMS": "cpu",
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    with np.load(path) as data:
        return dict(data)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_values_are_those_under_tensorflow(backend, expected, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install {backend}")
    found = values_on(backend, tmp_path)
    assert found.keys() == expected.keys()
    assert len(found) > 100
    for name, value in expected.items():
        np.testing.assert_allclose(
            found[name], value, rtol=2e-4, atol=2e-5, err_msg=name
        )
        assert found[name].shape == value.shape
