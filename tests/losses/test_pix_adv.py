import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import (
    SOURCE,
    PixAdvLoss,
    class_imbalance,
    domain_loss,
    pix_adv_loss,
    pixel_cross_entropy,
)


def recorded_inputs(reference):
    return (
        reference["labels"],
        tf.constant(reference["logits_nchw"]),
        reference["discriminator_logits_nchw"],
    )


def answer(reference, logits):
    """The recorded discriminator on the softmax of logits."""
    x = tf.nn.softmax(logits)
    for layer, alpha in (("conv1", 0.2), ("conv2", 0.2), ("classifier", 1.0)):
        prefix = f"pixel_discriminator.{layer}"
        kernel = np.transpose(reference[f"{prefix}.weight"], (2, 3, 1, 0))
        x = tf.nn.conv2d(x, kernel, 1, "SAME") + reference[f"{prefix}.bias"]
        x = tf.nn.leaky_relu(x, alpha)
    return x


def test_value_and_maps_equal_the_recorded_ones(reference):
    labels, logits, domain = recorded_inputs(reference)
    np.testing.assert_allclose(
        PixAdvLoss()(labels, (logits, domain)),
        reference["pixadv.as_coded.value"],
        rtol=1e-4,
    )
    for values, name in (
        (pixel_cross_entropy(labels, logits), "map_S"),
        (class_imbalance(labels), "map_B"),
        (domain_loss(domain, SOURCE)[..., 0], "map_fool"),
    ):
        expected = reference[f"pixadv.{name}"]
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)
    expected = (
        reference["pixadv.map_S"]
        * reference["pixadv.map_B"]
        * reference["pixadv.map_fool"]
    )
    np.testing.assert_allclose(
        pix_adv_loss(labels, logits, domain), expected, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(("detach", "key"), [(True, "detached"), (False, "as_coded")])
def test_gradient_equals_the_recorded_one(reference, detach, key):
    labels, logits, _ = recorded_inputs(reference)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = PixAdvLoss(detach=detach)(labels, (logits, answer(reference, logits)))
    gradient = tape.gradient(loss, logits).numpy()
    expected = reference[f"pixadv.{key}.grad_logits_nchw"]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4 * scale)


def numpy_pix_adv(labels, logits, domain, fool, average_over):
    """The formula, pixel by pixel."""
    total, labelled = 0.0, 0
    for n, y, x in np.ndindex(labels.shape):
        counts = labels[n] if average_over == "all" else labels[n][labels[n] != 255]
        if labels[n, y, x] == 255:
            continue
        labelled += 1
        scores = logits[n, y, x].astype("float64")
        surprise = np.log(np.exp(scores).sum()) - scores[labels[n, y, x]]
        d = float(domain[n, y, x, 0])
        fooling = np.log1p(np.exp(d)) - fool * d
        rare = 1 - np.mean(counts == labels[n, y, x])
        total += fooling * surprise * rare
    return total / (labels.size if average_over == "all" else labelled)


@pytest.mark.parametrize("fool", [0, 1])
@pytest.mark.parametrize("average_over", ["all", "labelled"])
def test_equals_a_plain_numpy_rewrite(fool, average_over):
    random = np.random.default_rng(3)
    labels = random.choice([0, 1, 1, 2, 255], (2, 5, 6)).astype("uint8")
    logits = random.normal(size=(2, 5, 6, 3)).astype("float32")
    domain = random.normal(size=(2, 5, 6, 1)).astype("float32")
    loss = PixAdvLoss(fool=fool, average_over=average_over)(labels, (logits, domain))
    expected = numpy_pix_adv(labels, logits, domain, fool, average_over)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


@pytest.mark.parametrize("maps", [("surprise",), ("imbalance",), ()])
def test_a_map_can_be_left_out(maps):
    random = np.random.default_rng(4)
    labels = random.choice([0, 1, 1, 2, 255], (2, 5, 6)).astype("uint8")
    logits = random.normal(size=(2, 5, 6, 3)).astype("float32")
    domain = random.normal(size=(2, 5, 6, 1)).astype("float32")
    expected = np.log1p(np.exp(domain[..., 0])) * (labels != 255)
    if maps == ("surprise",):
        expected *= np.asarray(pixel_cross_entropy(labels, logits))
    if maps == ("imbalance",):
        expected *= np.asarray(class_imbalance(labels))
    loss = PixAdvLoss(maps=maps)(labels, (logits, domain))
    np.testing.assert_allclose(loss, expected.mean(), rtol=1e-5)


def test_perfect_segmenter_gives_zero():
    labels = np.random.default_rng(0).integers(0, 3, (1, 4, 4))
    logits = 100.0 * np.eye(3, dtype="float32")[labels]
    assert PixAdvLoss()(labels, (logits, np.ones((1, 4, 4, 1)))) == 0.0


def test_one_class_image_has_no_imbalance_and_no_loss():
    labels = np.full((1, 4, 4), 2)
    assert np.all(class_imbalance(labels) == 0.0)
    logits = np.random.default_rng(0).normal(size=(1, 4, 4, 3))
    assert PixAdvLoss()(labels, (logits, np.ones((1, 4, 4, 1)))) == 0.0


def test_all_ignored_pixels_give_zero():
    labels = np.full((1, 4, 4), 255)
    loss = PixAdvLoss(average_over="labelled")
    assert loss(labels, (np.ones((1, 4, 4, 3)), np.ones((1, 4, 4, 1)))) == 0.0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_stays_right_above_65504_pixels(dtype):
    random = np.random.default_rng(0)
    labels = np.zeros((1, 300, 300), dtype="uint8")
    labels[0, :2, :3] = 1  # A rare class: its weight would round to 1 in half.
    logits = random.normal(size=(1, 300, 300, 2)).astype("float32")
    domain = random.normal(size=(1, 300, 300, 1)).astype("float32")
    half = (tf.cast(logits, dtype), tf.cast(domain, dtype))
    loss = PixAdvLoss()(labels, half)
    assert loss.dtype == tf.float32
    exact = PixAdvLoss()(labels, tuple(tf.cast(h, "float32") for h in half))
    np.testing.assert_allclose(loss, exact, rtol=1e-6)
    assert float(class_imbalance(labels)[0, 0, 0]) == pytest.approx(1 - 6 / 90_000)


def test_config_round_trip():
    loss = PixAdvLoss(
        7, fool=1, detach=False, average_over="labelled", maps=["surprise"], name="mine"
    )
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()
    assert again.get_config()["average_over"] == "labelled"
    assert again.maps == ("surprise",)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="fool must be 0"):
        PixAdvLoss(fool=2)
    with pytest.raises(ValueError, match="average_over must be one of"):
        PixAdvLoss(average_over="some")
    for maps in ("surprise", ["rarity"]):
        with pytest.raises(ValueError, match="maps must be some of"):
            PixAdvLoss(maps=maps)
    with pytest.raises(ValueError, match="discriminator logits are 2 x 2"):
        pix_adv_loss(
            np.zeros((1, 4, 4)), np.zeros((1, 4, 4, 3)), np.zeros((1, 2, 2, 1))
        )


def test_trains_inside_another_keras_model():
    """A model of somebody else's, with the loss as its only new part."""

    class Borrower(keras.Model):
        def __init__(self):
            super().__init__()
            self.segment = keras.layers.Conv2D(3, 1)
            self.judge = keras.layers.Conv2D(1, 1)

        def call(self, images):
            logits = self.segment(images)
            return logits, self.judge(keras.ops.softmax(logits))

        def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
            return PixAdvLoss()(y, y_pred)

    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    labels = np.random.default_rng(1).integers(0, 3, (2, 8, 8))
    model = Borrower()
    model.compile(keras.optimizers.SGD(0.5))
    losses = model.fit(images, labels, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


# === In compile() of somebody else's model ===

BATCH = np.random.default_rng(2)
IMAGES = BATCH.normal(size=(2, 8, 6, 3)).astype("float32")
LABELS = BATCH.choice([0, 1, 2, 255], (2, 8, 6)).astype("uint8")
REMEDY = r"both = keras.layers.Concatenate\(\).*PixAdvLoss\(num_classes=\.\.\.\)"


def heads():
    """Images, the logits of a segmenter and those of a frozen discriminator."""
    keras.utils.set_random_seed(1)
    images = keras.Input((8, 6, 3))
    segmentation = keras.layers.Conv2D(3, 3, padding="same", name="seg")(images)
    judge = keras.layers.Conv2D(1, 3, padding="same", name="disc", trainable=False)
    return images, segmentation, judge(keras.layers.Softmax()(segmentation))


def concatenated(segmentation, domain):
    return keras.layers.Concatenate(name="both")([segmentation, domain])


def as_pair(segmentation, domain):
    return segmentation, domain


def as_list(segmentation, domain):
    return [segmentation, domain]


def as_dictionary(segmentation, domain):
    return {"segmentation": segmentation, "discriminator": domain}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("form", [concatenated, as_pair, as_list, as_dictionary])
def test_a_step_through_compile_is_that_of_the_formula(form, named):
    images, segmentation, domain = heads()
    both = form(segmentation, domain)
    losses = [
        keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255),
        PixAdvLoss(num_classes=3 if form is concatenated else None),
    ]
    outputs, labels, weights = [segmentation, both], [LABELS, LABELS], [1.0, 0.5]
    if named:
        names = ("seg", "both")
        outputs, losses, labels, weights = (
            dict(zip(names, values, strict=True))
            for values in (outputs, losses, labels, weights)
        )
    model = keras.Model(images, outputs)
    model.compile(keras.optimizers.SGD(1.0), loss=losses, loss_weights=weights)

    by_hand = keras.Model(images, [segmentation, domain])
    variables = by_hand.trainable_variables
    assert [v.path for v in variables] == ["seg/kernel", "seg/bias"]
    with tf.GradientTape() as tape:
        logits, answer = by_hand(IMAGES)
        first = keras.losses.SparseCategoricalCrossentropy(True, ignore_class=255)
        loss = first(LABELS, logits)
        loss += 0.5 * tf.reduce_mean(pix_adv_loss(LABELS, logits, answer))
    expected = [
        v.numpy() - gradient.numpy()
        for v, gradient in zip(variables, tape.gradient(loss, variables), strict=True)
    ]
    shown = model.train_on_batch(IMAGES, labels, return_dict=True)
    np.testing.assert_allclose(shown["loss"], loss, rtol=1e-5)
    for variable, value in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable, value, rtol=1e-5, atol=1e-6)


def test_one_output_takes_metrics_weights_and_files(tmp_path):
    images, segmentation, domain = heads()
    outputs = {"seg": segmentation, "both": concatenated(segmentation, domain)}
    model = keras.Model(images, outputs)
    model.compile(
        "sgd",
        loss={"both": PixAdvLoss(num_classes=3)},
        metrics={"seg": ["accuracy"]},
    )
    labels = {"seg": LABELS, "both": LABELS}
    logs = model.evaluate(IMAGES, labels, verbose=0, return_dict=True)
    assert "seg_accuracy" in logs
    logits = model.predict(IMAGES, verbose=0)
    expected = PixAdvLoss()(LABELS, (logits["seg"], logits["both"][..., 3:]))
    assert logs["loss"] == pytest.approx(float(expected), rel=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.evaluate(IMAGES, labels, verbose=0, return_dict=True) == logs


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_form_by_hand_has_one_value(dtype):
    random = np.random.default_rng(5)
    segmentation = tf.cast(random.normal(size=(2, 8, 6, 3)), dtype)
    domain = tf.cast(random.normal(size=(2, 8, 6, 1)), dtype)
    pair = segmentation, domain
    expected = PixAdvLoss()(LABELS, pair)
    assert expected == PixAdvLoss()(LABELS, list(pair))
    assert expected == PixAdvLoss()(LABELS, as_dictionary(*pair))
    assert expected == PixAdvLoss()(LABELS, (segmentation, domain[..., 0]))
    assert expected == PixAdvLoss(num_classes=3)(LABELS, pair)
    assert expected == PixAdvLoss(num_classes=3)(LABELS, tf.concat(pair, axis=-1))


def test_every_other_form_shows_the_right_one():
    maps = np.zeros((2, 8, 6, 3)), np.zeros((2, 8, 6, 1))
    for logits in (
        maps[0],
        maps[1],
        np.concatenate(maps, axis=-1),
        maps[::-1],
        (*maps, maps[1]),
        {"seg": maps[0], "disc": maps[1]},
        {"segmentation": maps[0]},
        (maps[0], maps[0]),
    ):
        with pytest.raises(ValueError, match=REMEDY):
            PixAdvLoss()(LABELS, logits)
    for logits in (maps[0], np.concatenate([*maps, maps[1]], axis=-1)):
        with pytest.raises(ValueError, match="for 3 classes.*" + REMEDY):
            PixAdvLoss(num_classes=3)(LABELS, logits)
    with pytest.raises(ValueError, match=REMEDY):
        PixAdvLoss(num_classes=2)(LABELS, maps)
    with pytest.raises(ValueError, match=REMEDY):
        PixAdvLoss()([LABELS, LABELS], maps)


@pytest.mark.parametrize("named", [True, False])
def test_two_outputs_of_one_part_each_show_the_right_form(named):
    images, segmentation, domain = heads()
    outputs = [segmentation, domain]
    losses, labels = ["sparse_categorical_crossentropy", PixAdvLoss()], [LABELS] * 2
    if named:
        names = ("seg", "disc")
        outputs, losses, labels = (
            dict(zip(names, values, strict=True))
            for values in (outputs, losses, labels)
        )
    model = keras.Model(images, outputs)
    model.compile("sgd", loss=losses)
    with pytest.raises(ValueError, match=REMEDY):
        model.fit(IMAGES, labels, verbose=0)
