"""One tiny finished run on toy scenes, made once."""

import dataclasses

import pytest

from keras_pixda.runs import Settings, train


@pytest.fixture(scope="session")
def settings(scenes):
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
        panels=2,
    )


@pytest.fixture(scope="session")
def finished(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, train(settings, folder, verbose=False)


@pytest.fixture
def change(settings):
    return lambda **changes: dataclasses.replace(settings, **changes)
