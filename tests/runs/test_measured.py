"""What a pass has measured is not measured again, unless it may be something else."""

import collections
import importlib
import types

import keras
import numpy as np
import pytest

from keras_pixda.datasets import SegmentationDataset, load
from keras_pixda.metrics import SegmenterEvaluator
from keras_pixda.models import small_segmenter
from keras_pixda.models.load_model import load_model
from keras_pixda.runs import measure, train
from keras_pixda.runs.measured import Measured
from keras_pixda.runs.saved_facts import saved_facts
from keras_pixda.training.supervised_model import SupervisedModel

RESULT = {"mean_iou": 0.5}


@pytest.fixture
def segmenter():
    return small_segmenter(2, filters=2)


@pytest.fixture
def measured(segmenter):
    measured = Measured((32, 48))
    measured.note(segmenter, RESULT)
    return measured


def test_the_same_network_from_its_file(segmenter, measured, tmp_path):
    segmenter.save(tmp_path / "s.keras")
    assert measured.result(load_model(tmp_path / "s.keras")) == RESULT


def test_another_one(segmenter, measured):
    copy = keras.models.clone_model(segmenter)
    assert measured.result(copy) is None
    copy.set_weights(segmenter.get_weights())
    assert measured.result(copy) == RESULT
    copy.weights[-1].assign_add(np.full(copy.weights[-1].shape, 1e-7))
    assert measured.result(copy) is None
    # The same weights, but another function of the images.
    inputs = keras.Input((None, None, 3))
    turned = keras.Model(inputs, segmenter(inputs[..., ::-1]))
    assert measured.result(turned) is None


def test_the_network_that_a_model_ends_with(segmenter):
    measured, other = Measured((32, 48)), small_segmenter(2, filters=2)
    measured.note(types.SimpleNamespace(segmenter=segmenter), RESULT)
    assert measured.result(segmenter) == RESULT
    model = types.SimpleNamespace(segmenter=other, outcome=segmenter)
    measured.note(model, {"mean_iou": 1.0})
    assert measured.result(segmenter) == {"mean_iou": 1.0}
    assert measured.result(other) is None


def test_smaller_logits_are_resized_otherwise_in_training():
    smaller = keras.Sequential(
        [keras.Input((32, 48, 3)), keras.layers.Conv2D(2, 2, strides=2)]
    )
    measured = Measured((32, 48))
    measured.note(smaller, RESULT)
    assert measured.result(smaller) is None


def test_a_network_of_ones_own():
    class Own(keras.Model):
        def call(self, images):
            return images

    measured = Measured((32, 48))
    measured.note(Own(), RESULT)
    assert measured.result(Own()) is None


def test_a_run_gives_what_its_files_give(change, tmp_path, monkeypatch):
    settings = change(method="fine_tuning", steps=9, source_steps=6, panels=0)
    calls = []

    def counted(*args):
        calls.append(args)
        return measure(*args)

    traced = collections.Counter()

    def count_traces(owner, name):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            traced[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    module = importlib.import_module("keras_pixda.runs.train")
    monkeypatch.setattr(module, "measure", counted)
    # Python that runs when the function around it is traced, and then no more.
    count_traces(SegmenterEvaluator, "compute_metrics")
    count_traces(SupervisedModel, "train_step")
    result = train(settings, tmp_path / "run", verbose=False)
    assert not calls
    # Two phases of more than one pass each.
    assert traced == {"compute_metrics": 2, "train_step": 2}
    validation = SegmentationDataset(
        load(settings.data.target, evaluation=True), 4, settings.data.image_size
    )
    facts = saved_facts(tmp_path / "run")
    for name, file in (("source_only", "source_only"), ("adapted", "segmenter")):
        segmenter = load_model(tmp_path / f"run/{file}.keras")
        expected = measure(segmenter, validation, facts)
        np.testing.assert_equal(result[name], expected)
