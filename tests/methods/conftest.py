"""What the tests of the methods share: one toy data set, settings, a start."""

import keras
import pytest

from keras_pixda.datasets import FewShotDomainDataset, cityscapes, gta5
from keras_pixda.models import small_segmenter


@pytest.fixture(scope="session")
def dataset(scenes):
    # One thread: the places that read are watched by the tests.
    return FewShotDomainDataset(
        gta5(scenes / "gta5"),
        cityscapes(scenes / "cityscapes"),
        shots=1,
        batch_size=2,
        image_size=(32, 48),
        workers=1,
    )


@pytest.fixture(scope="session")
def unlabelled_dataset(scenes):
    target = cityscapes(scenes / "cityscapes")
    return FewShotDomainDataset(
        gta5(scenes / "gta5"),
        target,
        shots=1,
        batch_size=2,
        image_size=(32, 48),
        workers=1,
        unlabelled=target.pictures(),
    )


@pytest.fixture
def start():
    """An untrained segmenter, whose head learns faster in all settings here."""
    return small_segmenter(19, filters=4)


@pytest.fixture
def own_settings(change):
    """Settings that differ from all defaults of the methods, so that each is seen."""
    return change(
        learning_rate=0.04,
        head_factor=3.0,
        decay_steps=50,
        coupled_decay=0.01,
        gamma=1.5,
        source_steps=6,
        steps=5,
        distillation_steps=2,
        discriminator_learning_rate=0.003,
        style_window=0.1,
        fda={"entropy_weight": 0.7},
        fsda={
            "learning_rate": 0.05,
            "auxiliary_weight": 0.3,
            "certainty": 0.06,
            "main_adversarial_weight": 0.4,
            "auxiliary_adversarial_weight": 0.2,
        },
        pixda={
            "adversarial_weight": 0.6,
            "threshold": 0.5,
            "growth": 0.25,
            "selection_every": 3,
            "distillation_weight": 0.8,
        },
    )


@pytest.fixture
def copy_of():
    """A function that copies a network, weights and all."""

    def copy_of(network):
        copy = keras.models.clone_model(network)
        copy.set_weights(network.get_weights())
        return copy

    return copy_of
