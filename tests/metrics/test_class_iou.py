import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.metrics import ClassIoU

CLASSES = ("road", "traffic light", "sky", "train")


def brute_force_iou(labels, predictions, num_classes, ignore_class=255):
    ious = []
    for index in range(num_classes):
        both = either = 0
        for label, prediction in zip(labels.flat, predictions.flat, strict=True):
            if label == ignore_class:
                continue
            both += label == index and prediction == index
            either += label == index or prediction == index
        ious.append(both / either if (labels == index).any() else np.nan)
    return np.array(ious)


def values(result):
    return {name: float(value) for name, value in result.items()}


def random_batches(dtype="float32", seed=0):
    """Two batches; class 3 is absent, a third of the pixels is ignored."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 1, 2, 255], (4, 6, 5)).astype("uint8")
    logits = rng.normal(size=(4, 6, 5, 4)).astype(dtype)
    logits[..., 3] = -100
    return labels, logits


def segmenter(**compile_arguments):
    model = keras.Sequential([keras.Input((6, 5, 4)), keras.layers.Conv2D(4, 1)])
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255),
        **compile_arguments,
    )
    return model


def test_config():
    metric = ClassIoU(CLASSES, ignore_class=None, well=("road", 2), name="iou")
    config = metric.get_config()
    assert config == {
        "name": "iou",
        "dtype": "float32",
        "classes": CLASSES,
        "ignore_class": None,
        "well": ("road", 2),
        "per_class": True,
    }
    serialized = keras.saving.serialize_keras_object(metric)
    again = keras.saving.deserialize_keras_object(serialized)
    assert again.get_config() == config


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_equals_a_count_pixel_by_pixel(dtype):
    labels, logits = random_batches(dtype)
    metric = ClassIoU(CLASSES, well=("road", "sky"))
    metric.update_state(labels[:1], logits[:1])
    metric.update_state(labels[1:, ..., None], logits[1:])
    iou = brute_force_iou(labels, logits.argmax(-1), 4)
    assert np.isnan(iou[3])
    expected = dict(zip(CLASSES, iou, strict=True))
    expected["mean_iou"] = (iou[0] + iou[1] + iou[2]) / 3
    expected["well_iou"] = (iou[0] + iou[2]) / 2
    expected["under_iou"] = iou[1]
    result = values(metric.result())
    means = ["mean_iou", "well_iou", "under_iou", "absent_share"]
    assert list(result) == metric.entries == [*means, *CLASSES]
    np.testing.assert_allclose(
        [result[name] for name in expected], list(expected.values()), rtol=1e-6
    )


def test_bfloat16_logits():
    labels, logits = random_batches()
    half = tf.cast(logits, "bfloat16")
    metric = ClassIoU(CLASSES)
    metric.update_state(labels, half)
    expected = brute_force_iou(labels, tf.cast(half, "float32").numpy().argmax(-1), 4)
    result = [values(metric.result())[name] for name in CLASSES]
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_class_ids_as_predictions():
    metric = ClassIoU(("road", "car"))
    predictions = np.array([[[0, 1, 1, 0]]], "uint8")
    metric.update_state(np.array([[[0, 0, 1, 255]]]), predictions)
    metric.update_state(np.array([[[0, 0, 1, 255]]]), predictions[..., None])
    result = values(metric.result())
    assert result == {"mean_iou": 0.5, "absent_share": 0, "road": 0.5, "car": 0.5}


def test_smaller_logits_are_resized_to_the_labels():
    # Half-pixel centres: columns 0..2 are nearer to the left logit, 3..5 to the right.
    logits = np.zeros((1, 1, 2, 2), "float16")
    logits[0, 0, 0, 0] = logits[0, 0, 1, 1] = 1
    labels = np.array([[[0, 0, 0, 1, 1, 1]] * 2])
    metric = ClassIoU(("road", "car"))
    metric.update_state(labels, logits)
    assert values(metric.result())["mean_iou"] == 1


def test_perfect_absent_and_predicted_only():
    labels = np.array([[[0, 0, 1]]])
    metric = ClassIoU(CLASSES, well=("train",))
    metric.update_state(labels, labels)
    result = values(metric.result())
    assert result["mean_iou"] == result["road"] == result["under_iou"] == 1
    assert np.isnan([result["sky"], result["train"], result["well_iou"]]).all()
    metric.update_state(labels, np.array([[[0, 0, 2]]]))
    result = values(metric.result())
    # As many classes as before, and what went to the sky is missing where it belongs.
    assert np.isnan(result["sky"])
    assert result["mean_iou"] == pytest.approx((1 + 0.5) / 2)
    assert result["absent_share"] == pytest.approx(1 / 6)


def test_every_method_is_measured_over_the_same_classes():
    labels = np.array([[[0, 0, 1, 1]]])
    means = []
    for prediction in ([0, 0, 1, 0], [0, 0, 1, 2]):
        metric = ClassIoU(CLASSES)
        metric.update_state(labels, np.array([[prediction]]))
        means.append(values(metric.result())["mean_iou"])
    assert means == [pytest.approx((2 / 3 + 1 / 2) / 2), pytest.approx((1 + 1 / 2) / 2)]


@pytest.mark.parametrize(
    ("well", "means"), [(CLASSES, {"well_iou"}), ((), {"under_iou"})]
)
def test_a_mean_over_no_class_is_no_entry(well, means):
    metric = ClassIoU(CLASSES, well=well)
    metric.update_state(np.array([[[0, 1, 2, 3]]]), np.array([[[0, 1, 2, 2]]]))
    result = values(metric.result())
    assert set(result) == {"mean_iou", "absent_share", *means, *CLASSES}
    assert not np.isnan(list(result.values())).any()
    assert [result[name] for name in means] == [result["mean_iou"]]


def test_counts_are_right_above_two_to_the_24():
    metric = ClassIoU(("road", "car"))
    start = np.array([[2**25, 0], [0, 2**40]], "float64")
    metric.matrix.assign(start)
    metric.update_state(np.array([[[0, 0, 1]]]), np.array([[[0, 1, 1]]]))
    matrix = keras.ops.convert_to_numpy(metric.matrix + 0)
    assert matrix.tolist() == [[2**25 + 1, 1], [0, 2**40 + 1]]


def test_reset_state():
    metric = ClassIoU(("road", "car"))
    metric.update_state(np.array([[[0]]]), np.array([[[1]]]))
    metric.reset_state()
    assert np.isnan(values(metric.result())["mean_iou"])


def test_sample_weight_leaves_pixels_out():
    labels, logits = random_batches()
    weights = np.random.default_rng(1).integers(0, 2, labels.shape)
    metric = ClassIoU(CLASSES)
    metric.update_state(labels, logits, sample_weight=weights)
    expected = brute_force_iou(np.where(weights, labels, 255), logits.argmax(-1), 4)
    result = [values(metric.result())[name] for name in CLASSES]
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_compile_and_evaluate(jit_compile):
    labels, images = random_batches()
    model = segmenter(
        metrics=[ClassIoU(CLASSES, well=("road",))], jit_compile=jit_compile
    )
    result = model.evaluate(images, labels, batch_size=3, verbose=0, return_dict=True)
    names = {"loss", "mean_iou", "well_iou", "under_iou", "absent_share", *CLASSES}
    assert set(result) == names
    predictions = model.predict(images, verbose=0).argmax(-1)
    expected = brute_force_iou(labels, predictions, 4)
    np.testing.assert_allclose([result[n] for n in CLASSES], expected, rtol=1e-6)


def test_in_fit():
    labels, images = random_batches()
    model = segmenter(metrics=[ClassIoU(CLASSES)])
    data = (images, labels)
    history = model.fit(*data, validation_data=data, verbose=0).history
    names = {"loss", "mean_iou", "absent_share", *CLASSES}
    assert set(history) == names | {f"val_{name}" for name in names}


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_keras_file_round_trip(tmp_path):
    labels, images = random_batches()
    model = segmenter(metrics=[ClassIoU(CLASSES, well=("road",))])
    model.fit(images, labels, verbose=0)
    expected = model.evaluate(images, labels, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    result = again.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(result) == set(expected)
    np.testing.assert_array_equal(
        [result[name] for name in expected], list(expected.values())
    )


def test_wrong_labels_are_an_error():
    labels, images = random_batches()
    labels[0, 0, :2] = 34
    metric = ClassIoU(CLASSES)
    with pytest.raises(ValueError, match=r"0\.\.3.*255.*34 \(2 pixels\)"):
        metric.update_state(labels, images)
    assert np.isnan(values(metric.result())["mean_iou"])


def test_wrong_labels_are_an_error_after_a_compiled_function():
    labels, images = random_batches()
    labels[0, 0, :2] = 34
    model = segmenter()
    # This loss does not look at labels: only the metric can tell.
    model.compile(loss=lambda y, z: keras.ops.mean(z), metrics=[ClassIoU(CLASSES)])
    with pytest.raises(ValueError, match=r"0\.\.3.*255.*34 \(2 pixels\)"):
        model.evaluate(images, labels, verbose=0)

    metric = ClassIoU(CLASSES)

    @tf.function
    def step():
        metric.update_state(labels, images)
        return metric.result()

    assert np.isnan(list(values(step()).values())).all()
    with pytest.raises(ValueError, match="34"):
        metric.result()
    metric.reset_state()
    metric.result()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ("road", "road")}, "differ.*'road'"),
        ({"classes": ("road", "loss")}, "'loss'"),
        ({"classes": ("road", "car"), "ignore_class": 1}, "also the class 'car'"),
        ({"classes": ("road", "car"), "well": ["bus"]}, "'bus'"),
        ({"classes": ("road", "car"), "well": [2]}, "2.*index"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ClassIoU(**arguments)


def test_bad_shapes():
    metric = ClassIoU(CLASSES)
    labels = np.zeros((1, 2, 2), "uint8")
    with pytest.raises(ValueError, match=r"width, 4\).*\(1, 2, 2, 3\)"):
        metric.update_state(labels, np.zeros((1, 2, 2, 3), "float32"))
    with pytest.raises(ValueError, match=r"\(1, 2, 2\).*\(1, 4, 4\)"):
        metric.update_state(labels, np.zeros((1, 4, 4), "uint8"))


# === Names in the logs ===


def two_heads(metrics, weighted_metrics=None):
    """A model with the outputs main and aux, in a dictionary or a list."""
    images = keras.Input((6, 5, 4))
    outputs = {
        name: keras.layers.Conv2D(4, 1, name=name)(images) for name in ("main", "aux")
    }
    if isinstance(metrics, list):
        outputs = list(outputs.values())
    model = keras.Model(images, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255)
    model.compile(loss=loss, metrics=metrics, weighted_metrics=weighted_metrics)
    return model


def expected_entries(labels, logits, prefix):
    iou = brute_force_iou(labels, logits.argmax(-1), 4)
    entries = dict(zip(CLASSES, iou, strict=True), mean_iou=np.nanmean(iou))
    return {f"{prefix}{name}": value for name, value in entries.items()}


@pytest.mark.parametrize(("kind", "run_eagerly"), [(dict, False), (list, True)])
@pytest.mark.parametrize(
    ("names", "prefixes"),
    [
        ({}, ("main_", "aux_")),
        ({"name": "iou"}, ("main_iou_", "aux_iou_")),
    ],
)
def test_two_outputs_have_their_own_entries(names, prefixes, kind, run_eagerly):
    labels, images = random_batches()
    metrics = {
        name: [ClassIoU(CLASSES, **names), "accuracy"] for name in ("main", "aux")
    }
    targets = {"main": labels, "aux": labels}
    if kind is list:
        metrics, targets = list(metrics.values()), [labels, labels]
    model = two_heads(metrics)
    model.run_eagerly = run_eagerly
    logs = model.evaluate(images, targets, verbose=0, return_dict=True)
    predicted = model.predict(images, verbose=0)
    if kind is dict:
        predicted = [predicted["main"], predicted["aux"]]
    for prefix, logits in zip(prefixes, predicted, strict=True):
        expected = expected_entries(labels, logits, prefix)
        shown = {name: logs[name] for name in expected}
        np.testing.assert_allclose(
            list(shown.values()), list(expected.values()), rtol=1e-5
        )
    assert {"main_accuracy", "aux_accuracy"} <= set(logs)
    history = model.fit(
        images, targets, validation_data=(images, targets), verbose=0
    ).history
    assert {f"val_{p}mean_iou" for p in prefixes} <= set(history)
    assert len(logs) == 3 + 2 + 2 * 6  # Losses, accuracies, entries.


def test_two_of_one_name_at_one_output_are_numbered_as_by_keras():
    labels, images = random_batches()
    coarse = np.where(labels < 2, 255, labels)
    model = segmenter(
        metrics=[ClassIoU(CLASSES), ClassIoU(CLASSES, well=("road",), per_class=False)],
        weighted_metrics=[ClassIoU(4, per_class=False)],
    )
    logs = model.evaluate(
        images, labels, sample_weight=coarse != 255, verbose=0, return_dict=True
    )
    logits = model.predict(images, verbose=0)
    whole = expected_entries(labels, logits, "")
    assert logs["mean_iou"] == logs["class_iou_1_mean_iou"]
    assert logs["mean_iou"] == pytest.approx(whole["mean_iou"])
    assert logs["class_iou_1_well_iou"] == pytest.approx(whole["road"])
    part = expected_entries(coarse, logits, "")
    assert logs["weighted_mean_iou"] == pytest.approx(part["mean_iou"])


def test_one_metric_of_the_default_name_keeps_its_entries():
    labels, images = random_batches()
    model = segmenter(metrics=[ClassIoU(CLASSES), "accuracy"])
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "accuracy", "mean_iou", "absent_share", *CLASSES}


def test_a_name_goes_before_the_entries():
    labels, images = random_batches()
    model = segmenter(metrics=[ClassIoU(CLASSES, name="iou")])
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    entries = ("mean_iou", "absent_share", *CLASSES)
    named = {f"iou_{name}" for name in entries}
    assert set(logs) == {"loss", *named}
    metric = ClassIoU(CLASSES, name="iou")
    metric.update_state(labels, images)
    assert set(metric.result()) == named
    assert set(metric.plain_result()) == set(entries)


def test_attributes_of_a_model_of_ones_own_are_told_apart():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = ClassIoU(4), ClassIoU(4, name="second")
            self.head = keras.layers.Conv2D(4, 1)

        def call(self, images):
            return self.head(images)

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            self.first.update_state(y, y_pred)
            self.second.update_state(y, -y_pred)
            return self.get_metrics_result()

    labels, images = random_batches()
    model = Own()
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(True, 255))
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    logits = model.predict(images, verbose=0)
    first = expected_entries(labels, logits, "")["mean_iou"]
    second = expected_entries(labels, -logits, "")["mean_iou"]
    assert logs["mean_iou"] == pytest.approx(first)
    assert logs["second_mean_iou"] == pytest.approx(second)


def test_a_number_of_classes_and_means_alone():
    labels, logits = random_batches()
    metric = ClassIoU(4, per_class=False)
    metric.update_state(labels, logits)
    named = ClassIoU(CLASSES)
    named.update_state(labels, logits)
    assert list(metric.result()) == ["mean_iou", "absent_share"]
    assert metric.result()["mean_iou"] == named.result()["mean_iou"]
    assert metric.classes == ("class_0", "class_1", "class_2", "class_3")
    assert len(ClassIoU(150, per_class=False).classes) == 150
    assert ClassIoU(np.int64(2)).classes == ("class_0", "class_1")
    again = ClassIoU.from_config(metric.get_config())
    assert again.get_config() == metric.get_config()
    for classes in (0, -1, True):
        with pytest.raises(ValueError, match="class names or their number"):
            ClassIoU(classes)
