"""Training batches with unlabelled images, and without labelled target images."""

import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import FewShotDomainDataset, folder
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import JointModel
from keras_pixda.training.batch_part import BatchPart
from tests.methods import tiny
from tests.methods.reads_unlabelled import SureModel


def three(seed=0):
    images, labels = tiny.batch(seed)
    images["unlabelled"] = tiny.batch(seed + 1)[0]["source"]
    return images, labels


def of(domains, *kept):
    return {name: domains[name] for name in kept}


def trained(model, images, labels, **options):
    model.compile(keras.optimizers.SGD(0.1), FocalLoss(), run_eagerly=True, **options)
    logs = model.train_on_batch(images, labels, return_dict=True)
    return logs, model.segmenter.get_weights()


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_model_that_does_not_know_them_leaves_them_alone(accumulate):
    images, labels = three()
    start = tiny.segmenter()
    other = keras.models.clone_model(start)
    other.set_weights(start.get_weights())
    logs, weights = trained(JointModel(start), images, labels, accumulate=accumulate)
    images = of(images, "source", "target")
    wanted = trained(JointModel(other), images, labels, accumulate=accumulate)
    assert logs == wanted[0]
    for value, expected in zip(weights, wanted[1], strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("shots", [True, False])
def test_parts_train_as_the_whole(shots):
    images, labels = three()
    if not shots:
        images, labels = of(images, "source", "unlabelled"), of(labels, "source")
    start = tiny.segmenter()
    first = start.get_weights()
    logs, weights = trained(SureModel(start), images, labels)
    start.set_weights(first)
    other, in_parts = trained(SureModel(start), images, labels, accumulate=2)
    assert logs == pytest.approx(other, rel=1e-5)
    for value, expected, before in zip(in_parts, weights, first, strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-6)
        assert not np.allclose(value, before)


def test_labels_that_a_model_gave_them_are_counted_in_the_whole_batch():
    images, labels = three()
    labels["unlabelled"] = np.full((2, 32, 48), 255)
    labels["unlabelled"][0, :2] = labels["unlabelled"][1, :6] = 1
    parts = BatchPart.split(images, labels, 2)
    shares = [float(part.share(FocalLoss(), "unlabelled")) for part in parts]
    assert shares == [0.25, 0.75]
    del labels["unlabelled"], labels["target"]
    first, _ = BatchPart.split(images, labels, 2)
    assert [float(first.share(domain=d)) for d in ("target", "unlabelled")] == [0.5] * 2
    with pytest.raises(ValueError, match="domain 'unlabelled' has no labels: .* mix()"):
        first.share(FocalLoss(), "unlabelled")


def test_without_target_metrics_are_of_the_source_and_the_call_of_unlabelled():
    images, labels = three()
    images, labels = of(images, "source", "unlabelled"), of(labels, "source")
    labels["source"] = labels["source"] % 3
    model = SureModel(tiny.segmenter())
    predicted = model.predict_on_batch(images["source"]).argmax(-1)
    accuracy = [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
    logs, _ = trained(model, images, labels, metrics=accuracy)
    assert logs["accuracy"] == pytest.approx(np.mean(predicted == labels["source"]))
    np.testing.assert_array_equal(model(images), model(images["unlabelled"]))


def test_what_a_model_needs_is_asked_for_before_it_trains(tmp_path):
    images, labels = three()
    joint, sure = JointModel(tiny.segmenter()), SureModel(tiny.segmenter())
    for model in (joint, sure):
        model.compile("sgd", run_eagerly=True)
    with pytest.raises(ValueError, match="Found images with the keys .*'unlabelled'"):
        joint.train_on_batch(of(images, "source", "unlabelled"), of(labels, "source"))
    with pytest.raises(ValueError, match="SureModel learns from unlabelled target im"):
        sure.train_on_batch(of(images, "source", "target"), labels)
    with pytest.raises(ValueError, match="Found images with the keys .'source', 'unl"):
        sure.fit(of(images, "source", "unlabelled"), labels)
    with pytest.raises(ValueError, match="Found labels with the keys .*'unlabelled'"):
        sure.fit(images, {**labels, "unlabelled": labels["source"]})
    pictures = {"images": images["source"][0], "masks": labels["source"][0] % 3}
    for kind, pixels in pictures.items():
        (tmp_path / kind).mkdir()
        Image.fromarray(pixels).save(tmp_path / kind / "a.png")
    record = folder(tmp_path / "images", tmp_path / "masks", ("a", "b", "c"))
    without = FewShotDomainDataset(record, None, 0, 1, (32, 48), unlabelled=record)
    with pytest.raises(ValueError, match="JointModel trains on labelled .* shots=0"):
        joint.fit(without)
    with pytest.raises(ValueError, match="SureModel learns from unlabelled target im"):
        sure.fit(FewShotDomainDataset(record, record, 1, 1, (32, 48)))
    with pytest.raises(ValueError, match="shots=0 leaves no labelled target image"):
        sure.evaluate(without)
