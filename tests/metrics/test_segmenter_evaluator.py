import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.metrics import ClassIoU, SegmenterEvaluator

CLASSES = ("road", "car", "sky")


class Identity(keras.Model):
    """Images are the logits; counts how often it is traced."""

    def __init__(self):
        super().__init__()
        self.traces = 0
        self.training = []

    def call(self, images, training=None):
        self.traces += 1
        self.training.append(training)
        return images


class Batches(keras.utils.PyDataset):
    def __init__(self, batches):
        super().__init__()
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def random_batches(sizes=(2, 2, 1)):
    rng = np.random.default_rng(0)
    return [
        (
            rng.normal(size=(size, 4, 6, 3)).astype("float32"),
            rng.choice([0, 1, 2, 255], (size, 4, 6)).astype("uint8"),
        )
        for size in sizes
    ]


def expected_iou(batches):
    labels = np.concatenate([labels.ravel() for _, labels in batches])
    predicted = np.concatenate([logits.argmax(-1).ravel() for logits, _ in batches])
    predicted = predicted[labels != 255]
    labels = labels[labels != 255]
    return [
        np.sum((labels == i) & (predicted == i))
        / np.sum((labels == i) | (predicted == i))
        for i in range(3)
    ]


@pytest.mark.parametrize("kind", [list, tuple, Batches])
def test_counts_every_batch_and_traces_once(kind):
    batches = random_batches()
    model = Identity()
    evaluator = SegmenterEvaluator(model, ClassIoU(CLASSES))
    first = evaluator.iou(kind(batches))
    np.testing.assert_allclose(
        [first[name] for name in CLASSES], expected_iou(batches), rtol=1e-6
    )
    assert list(first) == ["mean_iou", "absent_share", *CLASSES]
    traces = model.traces
    assert evaluator.iou(kind(batches)) == first
    assert model.traces == traces
    assert set(model.training) == {False}


def test_arrays_and_a_named_metric():
    images, labels = random_batches(sizes=(40,))[0]
    metric = ClassIoU(CLASSES, name="named")
    result = SegmenterEvaluator(Identity(), metric).iou((images, labels))
    assert list(result) == ["mean_iou", "absent_share", *CLASSES]
    np.testing.assert_allclose(
        [result[name] for name in CLASSES], expected_iou([(images, labels)]), rtol=1e-6
    )
    with pytest.raises(ValueError, match="Batch 0 is an array of shape"):
        SegmenterEvaluator(Identity(), metric).iou([images, labels])


def test_tf_data():
    images, labels = random_batches(sizes=(5,))[0]
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(2)
    result = SegmenterEvaluator(Identity(), ClassIoU(CLASSES)).iou(dataset)
    np.testing.assert_allclose(
        [result[name] for name in CLASSES], expected_iou([(images, labels)]), rtol=1e-6
    )


def test_sizes_may_differ_between_images():
    batches = random_batches(sizes=(1, 1, 1))
    batches[1] = (batches[1][0][:, :3, :5], batches[1][1][:, :3, :5])
    result = SegmenterEvaluator(Identity(), ClassIoU(CLASSES)).iou(batches)
    np.testing.assert_allclose(
        [result[name] for name in CLASSES], expected_iou(batches), rtol=1e-6
    )


def test_a_model_in_training_keeps_its_state():
    images, labels = random_batches(sizes=(2,))[0]
    model = keras.Sequential([keras.Input((4, 6, 3)), keras.layers.Conv2D(3, 1)])
    loss = keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255)
    model.compile(loss=loss, metrics=[ClassIoU(CLASSES)])
    before = model.evaluate(images, labels, verbose=0, return_dict=True)
    SegmenterEvaluator(model, ClassIoU(CLASSES)).iou([(images, 0 * labels)])
    assert {
        k: float(v) for k, v in model.get_metrics_result()["class_iou"].items()
    } == {name: before[name] for name in ("mean_iou", "absent_share", *CLASSES)}
    assert model.loss is loss


def test_images_are_not_rounded_to_half_precision():
    images = np.array([[[[200.0, 200.4, 0.0]]]], "float32")
    model = Identity()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        evaluator = SegmenterEvaluator(model, ClassIoU(CLASSES))
        result = evaluator.iou([(images, np.array([[[1]]]))])
    finally:
        keras.config.set_dtype_policy("float32")
    assert result["car"] == 1


def test_bad_data():
    evaluator = SegmenterEvaluator(Identity(), ClassIoU(CLASSES))
    images, labels = random_batches(sizes=(1,))[0]
    with pytest.raises(TypeError, match="iterator"):
        evaluator.iou(iter([(images, labels)]))
    with pytest.raises(ValueError, match="no labelled pixel"):
        evaluator.iou([(images, np.full_like(labels, 255))])
    with pytest.raises(ValueError, match=r"34 \(24 pixels\)"):
        evaluator.iou([(images, np.full_like(labels, 34))])
    with pytest.raises(ValueError, match=r"width, 2\)"):
        SegmenterEvaluator(Identity(), ClassIoU(CLASSES[:2])).iou([(images, labels)])
