import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks import ExactResume
from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import SelfTrainingModel
from keras_pixda.methods.self_training.averaged_teacher import AveragedTeacher
from keras_pixda.methods.self_training.balanced_logits import (
    balanced_logits,
    class_shares,
)
from keras_pixda.methods.self_training.class_mix import half_of_classes
from keras_pixda.methods.self_training.pseudo_labels import (
    class_probabilities,
    pseudo_labels,
)
from keras_pixda.methods.self_training.strong_changes import blurred, changed_colours
from keras_pixda.training.fit_steps import fit_steps
from tests.methods import plain, tiny

SIZE = (20, 28)


def batch(seed=0, without=()):
    """A batch of three domains, or of those that are left."""
    images, labels = tiny.batch(seed, SIZE)
    random = np.random.default_rng((seed, 1))
    images["unlabelled"] = random.integers(0, 256, (2, *SIZE, 3), dtype="uint8")
    return tuple(
        {name: x for name, x in domains.items() if name not in without}
        for domains in (images, labels)
    )


def compiled(segmenter=None, window=0.1, seed=3, optimizer=None, **arguments):
    style = FourierStyleTransfer(window) if window else None
    model = SelfTrainingModel(segmenter or tiny.segmenter(), style, seed=seed)
    model.compile(optimizer or keras.optimizers.SGD(0.1), **arguments)
    return model


# === The parts, one by one ===


def plain_half(labels, scores):
    """ClassMix, with sets and a sorted list."""
    mask = np.zeros(labels.shape, bool)
    for place, (of_image, of_scores) in enumerate(zip(labels, scores, strict=True)):
        held = sorted(set(of_image.ravel()) - {255}, key=lambda label: of_scores[label])
        mask[place] = np.isin(of_image, held[: (len(held) + 1) // 2])
    return mask


def plain_colours(images, brightness, contrast, saturation):
    """Contrast about the mean brightness of what saturation has changed."""
    results = []
    for image, b, c, s in zip(images, brightness, contrast, saturation, strict=True):
        luma = image @ np.array([0.299, 0.587, 0.114])
        image = s * image + (1 - s) * luma[..., None]
        results.append(np.clip(luma.mean() + c * (image - luma.mean()) + b, 0, 255))
    return np.array(results)


def plain_blur(images, deviation):
    """A Gaussian along rows and columns, by NumPy's convolution of each."""
    results = []
    for image, sigma in zip(images, deviation, strict=True):
        kernel = np.exp(-0.5 * (np.arange(-3, 4) / max(sigma, 1e-3)) ** 2)
        image = np.pad(image.astype(float), ((3, 3), (3, 3), (0, 0)), "edge")
        for axis in (0, 1):
            image = np.apply_along_axis(
                np.convolve, axis, image, kernel / kernel.sum(), "valid"
            )
        results.append(image)
    return np.array(results)


@pytest.mark.parametrize("classes", [1, 4, 5])
def test_half_of_the_classes_that_a_picture_holds_are_drawn(classes):
    random = np.random.default_rng(classes)
    labels = random.choice([*range(classes), 255], (6, 5, 7)).astype("uint8")
    labels[0] = 255
    labels[1, :, 1:] = 255
    scores = random.uniform(size=(6, 9))
    drawn = half_of_classes(labels, scores)
    np.testing.assert_array_equal(drawn, plain_half(labels, scores))
    assert not np.any(drawn[0])


def test_colours_and_blur_equal_plain_ones():
    random = np.random.default_rng(0)
    images = random.uniform(0, 255, (3, 9, 8, 3)).astype("float32")
    amounts = [60.0, 0.0, -90.0], [1.4, 1.0, 0.5], [0.0, 1.0, 1.5]
    changed = changed_colours(images, *amounts)
    np.testing.assert_allclose(changed, plain_colours(images, *amounts), atol=1e-3)
    np.testing.assert_allclose(changed[1], images[1], atol=1e-3)
    widths = [0.0, 0.6, 1.15]
    np.testing.assert_allclose(
        blurred(images, widths), plain_blur(images, widths), atol=1e-3
    )
    np.testing.assert_allclose(blurred(np.full_like(images, 9), widths), 9, atol=1e-4)


def test_labels_are_the_likeliest_and_sure_from_the_confidence_on():
    logits = np.random.default_rng(0).normal(0, 3, (3, 8, 9, 4)).astype("float32")
    logits[0] = 0  # All unsure.
    probabilities = tf.nn.softmax(logits).numpy()
    labels, sure = pseudo_labels(logits, 0.9)
    np.testing.assert_array_equal(labels, probabilities.argmax(-1))
    np.testing.assert_array_equal(sure, probabilities.max(-1) >= 0.9)
    assert not np.any(sure[0])
    assert 0.1 < np.mean(sure[1]) < 0.9


def plain_probabilities(logits, gamma=2.0):
    """What classes are in truth where a focal loss has made a softmax of them."""
    p = tf.nn.softmax(logits).numpy().astype(float)
    slope = (1 - p) ** gamma - gamma * (1 - p) ** (gamma - 1) * p * np.log(p)
    return p / slope / np.sum(p / slope, axis=-1, keepdims=True)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_a_softmax_is_where_the_focal_loss_of_its_probabilities_is_least(gamma):
    logits = tf.constant(np.random.default_rng(0).normal(0, 2, (50, 4)), "float32")
    probabilities = class_probabilities(logits, gamma)
    np.testing.assert_allclose(
        probabilities, plain_probabilities(logits, gamma), atol=1e-5
    )
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_p = tf.nn.log_softmax(logits)
        focal = -((1 - tf.exp(log_p)) ** gamma) * log_p
        expected = tf.reduce_sum(probabilities * focal)
    np.testing.assert_allclose(tape.gradient(expected, logits), 0, atol=1e-5)
    # Nothing overflows where all is certain.
    assert np.isfinite(class_probabilities(np.array([[200.0, 0.0]]), gamma)).all()


def test_shares_are_those_of_the_pixels_that_have_a_class():
    random = np.random.default_rng(0)
    labels = [
        random.choice([0, 1, 3, 9, 255], (2, 8, w)).astype("uint8") for w in (3, 5)
    ]
    pixels = np.concatenate([x.ravel() for x in labels])
    expected = np.bincount(pixels[pixels < 5], minlength=5)
    found = class_shares(labels, num_classes=5)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-6)
    assert found[2] == found[4] == 0
    np.testing.assert_array_equal(class_shares([np.full((1, 2), 255)], 5), np.zeros(5))


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_balanced_logits_find_a_class_as_if_it_were_less_rare(balance):
    # Looks that a frequent class has in 90 of 100 pixels and a rare one in 10, and the
    # logit that such a loss leads to.
    shares = np.array([0.9, 0.1, 0.0], "float32")
    logits = tf.Variable(np.zeros(3, "float32"))
    for _ in range(500):
        with tf.GradientTape() as tape:
            log_p = tf.nn.log_softmax(balanced_logits(logits, shares, balance))
            loss = -tf.reduce_sum(shares * log_p)
        logits.assign_sub(tape.gradient(loss, logits))
    difference = float(logits[0] - logits[1])
    assert difference == pytest.approx((1 - balance) * np.log(9), abs=0.02)
    assert float(logits[2]) < min(float(logits[0]), float(logits[1])) - 2


def test_the_teacher_is_the_average_of_all_weights():
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3)(inputs)
    student = keras.Model(inputs, keras.layers.BatchNormalization()(x))
    teacher = AveragedTeacher(student)
    # What training ends with can be trained on.
    assert len(teacher.network.trainable_weights) == len(student.trainable_weights)
    random = np.random.default_rng(0)
    expected = student.get_weights()
    assert len(expected) == 6  # With the statistics.
    for step, kept in enumerate((1 / 2, 2 / 3, 0.7, 0.7), start=1):
        new = [random.uniform(size=w.shape) for w in expected]
        student.set_weights(new)
        teacher.follow(step, momentum=0.7)
        pairs = zip(expected, new, strict=True)
        expected = [kept * a + (1 - kept) * b for a, b in pairs]
        for found, wanted in zip(teacher.network.get_weights(), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5)


# === A step ===


def plain_step(model, teacher, offset, images, labels):
    """Images, labels and weights of every domain of a step, by NumPy."""
    look = images.get("unlabelled", images.get("target"))
    numbers = {k: v.numpy() for k, v in model.random_numbers(look).items()}
    images = {name: x.astype("float32") for name, x in images.items()}
    # Half-width floor(20 * 0.1) = 2.
    source = plain.styled(images["source"], look.astype("float32"), half=2)
    above, below = [source, labels["source"]], [source, labels["source"]]
    if "target" in images:
        shot = images["target"], labels["target"]
        pairs = [(shot, below) if n < 0.3 else (below, shot) for n in numbers["shot"]]
        above, below = (
            [np.array([pair[of][x][i] for i, pair in enumerate(pairs)]) for x in (0, 1)]
            for of in (0, 1)
        )
    counts = sure = np.ones(labels["source"].shape)
    if "unlabelled" in images:
        logits = teacher(images["unlabelled"]) + offset
        probabilities = plain_probabilities(logits)
        counts = sure = (probabilities.max(-1) >= 0.8).astype(float)
        shares = sure.mean((1, 2), keepdims=True)
        assert np.all((shares > 0.1) & (shares < 0.9))
        if model.pseudo_weights == "image":
            counts = shares * np.ones_like(sure)
        below = images["unlabelled"], probabilities.argmax(-1)
    mask = plain_half(above[1], numbers["classes"])
    mixed = np.where(mask[..., None], above[0], below[0])
    mixed_labels = np.where(mask, above[1], below[1])
    weights = np.where(mask, 1.0, counts)
    for values in (mixed, mixed_labels, weights):
        for place in np.flatnonzero(numbers["flip"] < 0.5):
            values[place] = values[place, :, ::-1].copy()
    colour = {
        n: 0.4 * (2 * numbers[n] - 1) for n in ("brightness", "contrast", "saturation")
    }
    mixed = plain_colours(
        mixed,
        colour["brightness"] * 127.5,
        1 + colour["contrast"],
        1 + colour["saturation"],
    )
    width = np.where(numbers["blur"] < 0.7, 0.15 + numbers["width"], 0.0)
    mixed = plain_blur(mixed, width).astype("float32")
    images = {"source": source, "target": images.get("target"), "mixed": mixed}
    labels = {**labels, "mixed": mixed_labels}
    return images, labels, weights, sure


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confidence", float("nan")),
        ("confidence", 2),
        ("confidence", None),
        ("confidence", "a"),
        ("teacher_momentum", 1),
        ("mixed_weight", -1),
        ("shot_share", 3),
        ("colour", -1),
        ("blur", 2),
        ("pseudo_weights", "images"),
        ("balance", -1),
    ],
)
def test_values_without_a_meaning_are_refused_at_once(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value!r}, expected"):
        compiled(**{name: value})
    compiled(confidence=np.float32(0.5), shot_share=np.int64(1))


@pytest.mark.parametrize("balance", [0.0, 0.4])
@pytest.mark.parametrize("counted", ["image", "pixel"])
@pytest.mark.parametrize("without", [(), ("unlabelled",), ("target",)])
def test_one_step_equals_the_objective_written_out(without, counted, balance):
    options = {"mixed_weight": 0.8, "shot_share": 0.3, "colour": 0.4, "blur": 0.7}
    options["pseudo_weights"] = counted
    model = compiled(confidence=0.8, balance=balance, **options)
    kernel, bias = (tf.Variable(w) for w in model.segmenter.get_weights())
    random = np.random.default_rng(0)
    model.teacher.set_weights([random.normal(0, 0.3, w.shape) for w in (kernel, bias)])
    before = model.teacher.get_weights()

    def network(weights):
        return lambda x: tf.nn.conv2d(x / 64 - 2, weights[0], 1, "SAME") + weights[1]

    given = batch(without=without)
    pixels = np.concatenate([x.ravel() for x in given[1].values()])
    pixels = np.bincount(pixels[pixels < 3])
    offset = balance * np.log(pixels / pixels.sum()).astype("float32")
    images, labels, weights, sure = plain_step(model, network(before), offset, *given)
    logs = model.train_on_batch(*given, return_dict=True)

    domains = [d for d in ("source", "target", "mixed") if d in labels]
    assert len(domains) == (2 if without == ("target",) else 3)
    student = network((kernel, bias))
    with tf.GradientTape() as tape:
        terms = {}
        for domain in domains:
            log_p = tf.nn.log_softmax(student(images[domain]) + offset)
            one_hot = tf.one_hot(labels[domain], 3)  # All zero on ignored pixels.
            focal = -tf.reduce_sum(one_hot * (1 - tf.exp(log_p)) ** 2 * log_p, axis=-1)
            if domain == "mixed":
                focal *= weights
            number = np.sum(labels[domain] != 255)
            terms[f"{domain}_loss"] = tf.reduce_sum(focal) / number
        loss = sum(terms.values()) - 0.2 * terms["mixed_loss"]
    for name, value in {"loss": loss, **terms, "sure": sure.mean()}.items():
        assert logs[name] == pytest.approx(float(value), rel=1e-4), name
    gradients = tape.gradient(loss, (kernel, bias))
    for found, old, gradient in zip(
        model.segmenter.get_weights(), (kernel, bias), gradients, strict=True
    ):
        np.testing.assert_allclose(found, old - 0.1 * gradient, atol=1e-5)
        assert np.max(np.abs(gradient)) > 1e-3
    for found, old, new in zip(
        model.teacher.get_weights(), before, model.segmenter.get_weights(), strict=True
    ):
        np.testing.assert_allclose(found, (old + new) / 2, atol=1e-6)


def test_what_labels_count_is_one_of_two():
    with pytest.raises(ValueError, match=r"pseudo_weights is 'class', expected"):
        compiled(pseudo_weights="class")


def test_labels_of_which_the_teacher_is_unsure_count_nothing():
    images, labels = batch()
    labels = {name: np.full_like(x, 255) for name, x in labels.items()}  # No class.
    model = compiled(confidence=1.0)
    before = model.segmenter.get_weights()
    logs = model.train_on_batch(images, labels, return_dict=True)
    assert logs["sure"] == logs["loss"] == 0
    for found, wanted in zip(model.segmenter.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_its_result_is_the_teacher_or_the_student():
    images, _ = batch()
    for result in ("teacher", "student"):
        model = SelfTrainingModel(tiny.segmenter(), result=result)
        model.teacher.set_weights([w + 1 for w in model.teacher.get_weights()])
        network = {"teacher": model.teacher, "student": model.segmenter}[result]
        assert model.outcome is network
        np.testing.assert_allclose(
            model.predict(images["target"], verbose=0),
            network(images["target"].astype("float32")),
            atol=1e-4,
        )
    with pytest.raises(ValueError, match="result is 'both', expected one of"):
        SelfTrainingModel(tiny.segmenter(), result="both")


def weights_after(steps, segmenter=None, **arguments):
    keras.utils.set_random_seed(1)
    model = compiled(segmenter, **arguments)
    for step in range(steps):
        model.train_on_batch(*batch(step))
    return [*model.get_weights()]


def assert_same(weights, others, **tolerance):
    for value, wanted in zip(weights, others, strict=True):
        np.testing.assert_allclose(value, wanted, **tolerance)


def test_eager_steps_are_those_of_the_graph_and_parts_those_of_the_whole():
    wanted = weights_after(3)
    assert_same(weights_after(3, run_eagerly=True), wanted, atol=1e-5)
    assert_same(weights_after(3, accumulate=2), wanted, atol=1e-5)


def test_each_option_matters():
    usual = weights_after(2)
    assert_same(weights_after(2, loss=FocalLoss()), usual, rtol=0)
    for changes in (
        {"window": 0.0},
        {"seed": 4},
        {"confidence": 0.5},
        {"teacher_momentum": 0.1},
        {"mixed_weight": 0.5},
        {"shot_share": 0.0},
        {"colour": 0.0},
        {"blur": 0.0},
        {"pseudo_weights": "pixel"},
        {"balance": 0.5},
        {"loss": FocalLoss(gamma=0)},
    ):
        others = weights_after(2, **changes)
        assert any(
            not np.array_equal(a, b) for a, b in zip(usual, others, strict=True)
        ), changes


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_trains_saves_and_loads_in_half_precision(policy, dtype_policy, tmp_path):
    dtype_policy(policy)
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    model = compiled(
        keras.Model(inputs, keras.layers.Conv2D(3, 1)(x)),
        optimizer="adam",
        colour=0.3,
        confidence=0.4,
    )
    for step in range(2):
        assert np.isfinite(model.train_on_batch(*batch(step))).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert (again.colour, again.confidence, again.seed) == (0.3, 0.4, 3)
    assert again.style_transfer.window == 0.1
    for m in (model, again):
        m.reset_metrics()
    # The random numbers go on, too.
    np.testing.assert_array_equal(
        model.train_on_batch(*batch(9)), again.train_on_batch(*batch(9))
    )
    assert_same(model.get_weights(), again.get_weights(), rtol=0)
    assert_same(model.teacher.get_weights(), again.teacher.get_weights(), rtol=0)


class Batches(keras.utils.PyDataset):
    first_batch = 0

    def __len__(self):
        return 4 - self.first_batch

    def __getitem__(self, index):
        return batch(self.first_batch + index)


class Killed(BaseException):
    pass


def test_a_training_that_was_killed_goes_on_to_the_last_bit(tmp_path):
    def trained(folder, dies_after=None):
        def die(step, logs):
            if step == dies_after:
                raise Killed

        keras.utils.set_random_seed(1)
        model = compiled(optimizer="adam", confidence=0.5, balance=0.5)
        kill = keras.callbacks.LambdaCallback(on_train_batch_end=die)
        resume = ExactResume(folder, every=1)
        fit_steps(model, Batches(workers=1), 4, [resume, kill])
        return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]

    wanted = trained(tmp_path / "whole")
    with pytest.raises(Killed):
        trained(tmp_path / "killed", dies_after=2)
    assert_same(trained(tmp_path / "killed"), wanted, rtol=0)


def test_a_batch_with_no_target_image_is_refused():
    with pytest.raises(ValueError, match="neither labelled nor unlabelled target"):
        compiled().train_on_batch(*batch(without=("target", "unlabelled")))
