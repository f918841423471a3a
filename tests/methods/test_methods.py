"""Every method on a tiny data set: what it changes, what it reads, how long."""

import importlib
import inspect

import keras
import numpy as np
import pytest

from keras_pixda import methods
from keras_pixda.datasets import FewShotDomainDataset, cityscapes, gta5
from keras_pixda.datasets import few_shot_domain_dataset as few_shot
from keras_pixda.datasets import segmentation_dataset as plain
from keras_pixda.models import small_segmenter
from keras_pixda.runs import Settings


@pytest.fixture(scope="module")
def settings():
    return Settings.preset(
        "small",
        source="gta5:unused",
        target="cityscapes:unused",
        image_size=(32, 48),
        batch_size=2,
        discriminator_filters=2,
        source_steps=3,
        steps=3,
        distillation_steps=2,
        threshold=-1.0,
    )


@pytest.fixture
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


class Steps(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.count = 0

    def on_train_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])
        self.count += 1


def segmenter():
    return small_segmenter(19, filters=24)


def test_all_methods_have_one_signature():
    signatures = {str(inspect.signature(getattr(methods, n))) for n in methods.METHODS}
    assert signatures == {"(segmenter, dataset, settings, callbacks=())"}
    assert len(methods.METHODS) == 7


@pytest.mark.parametrize("name", methods.METHODS)
def test_a_method_gives_back_a_plain_trained_segmenter(name, settings, dataset):
    start, steps = segmenter(), Steps()
    before = start.get_weights()
    result = getattr(methods, name)(start, dataset, settings, [steps])
    # PixDA spends the last two of its steps in distillation.
    assert steps.count == {"source_only": 3, "pixda": 3}.get(name, 5)
    assert result.output_shape == (None, None, None, 19)
    assert [w.path for w in result.weights] == [w.path for w in start.weights]
    moved = [
        not np.array_equal(old, new)
        for old, new in zip(before, result.get_weights(), strict=True)
    ]
    assert all(moved)
    if name == "fsda":  # It trains a copy with a second head.
        for old, new in zip(before, start.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    else:
        assert result is start


def read_files(monkeypatch):
    """The names of the data sets whose pairs are read from now on."""
    names, read = set(), few_shot.read_pair

    def watched(record, *args, **kwargs):
        names.add(record.name)
        return read(record, *args, **kwargs)

    monkeypatch.setattr(few_shot, "read_pair", watched)
    monkeypatch.setattr(plain, "read_pair", watched)
    return names


def test_source_only_never_sees_the_target(settings, dataset, monkeypatch):
    names = read_files(monkeypatch)
    methods.source_only(segmenter(), dataset, settings)
    assert names == {"gta5"}


def test_source_only_augments_on_request(settings, dataset, monkeypatch):
    batches = []
    monkeypatch.setattr(
        importlib.import_module("keras_pixda.training.fit_steps"),
        "fit_steps",
        lambda model, data, *_: batches.append(data[0]),
    )
    for wanted in (False, True):
        changed = settings.change(source_augment=wanted)
        methods.source_only(segmenter(), dataset, changed)
    (plain_images, plain_labels), (images, labels) = batches
    assert not np.array_equal(images, plain_images)
    # What a zoom out leaves around a picture is ignored.
    assert np.sum(labels == 255) > np.sum(plain_labels == 255)


def test_fine_tuning_never_sees_the_source(settings, dataset, monkeypatch):
    names = read_files(monkeypatch)
    methods.fine_tuning(segmenter(), dataset, settings)
    assert len(names) == 1
    assert "gta5" not in names
