"""Fixtures that several rooms of tests share."""

import contextlib
import pathlib
import warnings

import hypothesis
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.runs import Settings
from keras_pixda.toy_scenes import toy_scenes

# `make test-faults` chooses the other one.
hypothesis.settings.register_profile(
    "quick", max_examples=10, deadline=None, derandomize=True, database=None
)
# Some 25 properties: 12 500 examples.
hypothesis.settings.register_profile(
    "faults",
    max_examples=500,
    deadline=None,
    # How long an example takes says something about the machine alone.
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("quick")


@pytest.fixture(scope="session")
def reference():
    """Values recorded from the released PyTorch code, channels last."""
    path = pathlib.Path(__file__).parent / "reference" / "pixda_reference.npz"
    with np.load(path) as data:
        recorded = {}
        for key, value in data.items():
            if key.endswith("_nchw"):
                value = np.moveaxis(value, -3, -1)
            elif key.endswith("_chw"):
                value = np.moveaxis(value, 0, -1)
            recorded[key] = value
    return recorded


@pytest.fixture
def dtype_policy():
    """Set the global dtype policy for one test: `dtype_policy("mixed_float16")`."""
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.fixture(autouse=True)
def seeded():
    """The same random weights in every run."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session", autouse=True)
def nothing_is_kept():
    """No counts of classes are kept between runs of the tests, here or in the home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_PIXDA_COUNTS", "")
        yield


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """A folder with eight rendered scenes and a few photos, drawn once."""
    root = tmp_path_factory.mktemp("scenes")
    toy_scenes(
        root,
        source_images=8,
        target_images_per_city=2,
        validation_images=3,
        image_size=(32, 48),
    )
    return root


@pytest.fixture(scope="session")
def settings(scenes):
    """Settings of the smallest whole run."""
    return Settings.preset(
        "small",
        source=f"gta5:{scenes / 'gta5'}",
        target=f"cityscapes:{scenes / 'cityscapes'}",
        image_size=(32, 48),
        batch_size=2,
        discriminator_filters=2,
        source_steps=6,
        steps=5,
        distillation_steps=2,
        selection_every=1,
        threshold=-1.0,  # Keeps every image.
        save_every=4,  # No longer than a pass over the source.
        panels=2,
    )


@pytest.fixture
def change(settings):
    """Those settings, with changes: `change(steps=1)`."""
    return settings.change


@pytest.fixture(scope="session")
def eager():
    """A context in which nothing is compiled, which takes longer than a few steps."""

    @contextlib.contextmanager
    def eager():
        tf.config.run_functions_eagerly(True)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Even though the `tf.config")
                yield
        finally:
            tf.config.run_functions_eagerly(False)

    return eager


@pytest.fixture
def eagerly(eager):
    """The same for one test."""
    with eager():
        yield


class Killed(BaseException):
    pass


@pytest.fixture
def killed_at(monkeypatch):
    """Let a function run that dies at the n-th call of another one."""

    def killed_at(owner, name, count, run):
        calls = []
        real = getattr(owner, name)

        def die(*args, **kwargs):
            calls.append(1)
            if len(calls) == count:
                raise Killed
            return real(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, die)
            with pytest.raises(Killed):
                run()

    return killed_at
