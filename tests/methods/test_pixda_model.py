import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks import SelectionState
from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.optimizers import published_optimizers
from tests.methods import plain
from tests.methods.test_naae_model import plain_trunk


def tiny_batch(num_classes=3, seed=0, size=(32, 48)):
    random = np.random.default_rng(seed)
    images = {
        d: random.integers(0, 256, (2, *size, 3), dtype="uint8")
        for d in ("source", "target")
    }
    labels = {
        d: random.choice([*range(num_classes), 255], (2, *size)).astype("uint8")
        for d in ("source", "target")
    }
    return images, labels


def tiny_segmenter():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0, dtype="float32")(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU()(x)
    return keras.Model(inputs, keras.layers.Conv2D(3, 1, name="head")(x))


def tiny_model(**compile_arguments):
    model = PixDAModel(
        tiny_segmenter(), pixel_discriminator(3, 4), image_discriminator(3, 4)
    )
    arguments = {**published_optimizers(learning_rate=1e-2, decay_steps=50)}
    model.compile(**{**arguments, **compile_arguments})
    return model


def networks(model):
    return [model.segmenter, model.discriminator, model.image_discriminator]


def optimizers(model):
    return [
        model.optimizer,
        model.discriminator_optimizer,
        model.image_discriminator_optimizer,
    ]


def assert_same_state(model, other):
    for a, b in zip(networks(model), networks(other), strict=True):
        for value, wanted in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(value, wanted)
    for a, b in zip(optimizers(model), optimizers(other), strict=True):
        assert len(a.variables) == len(b.variables) > 2
        for value, wanted in zip(a.variables, b.variables, strict=True):
            np.testing.assert_array_equal(value.numpy(), wanted.numpy())


# === The step, written out ===


def plain_pixel_discriminator(weights, x):
    for i in range(0, len(weights), 2):
        x = tf.maximum(x, 0.2 * x) if i else x
        x = tf.nn.conv2d(x, weights[i], 1, "SAME") + weights[i + 1]
    return x


def taken_for(answer, domain):
    """Binary cross-entropy against a domain: 0 source, 1 target."""
    probability = tf.sigmoid(answer)
    return -tf.math.log(probability if domain else 1 - probability)


def plain_adversarial(labels, logits, answer):
    """A * S * B: to pass for source, where a pixel shows badly and its class rarely."""
    one_hot = tf.one_hot(labels, 3)  # All zero on ignored pixels.
    surprise = -tf.reduce_sum(one_hot * tf.nn.log_softmax(logits), -1)
    share = np.mean(one_hot, axis=(1, 2))
    rarity = np.sum(one_hot * (1 - share[:, None, None]), axis=-1)
    each = taken_for(answer[..., 0], 0) * tf.stop_gradient(surprise) * rarity
    return tf.reduce_mean(each)


def test_one_step_equals_the_objective_written_out():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0)(inputs)
    shrunk = keras.regularizers.L2(0.01)
    x = keras.layers.Conv2D(3, 3, padding="same", kernel_regularizer=shrunk)(x)
    model = PixDAModel(
        keras.Model(inputs, x),
        pixel_discriminator(3, 4),
        image_discriminator(3, 4),
        FourierStyleTransfer(0.1),
    )
    for network in networks(model)[1:]:  # Larger kernels, clearer answers.
        network.set_weights([2 * w for w in network.get_weights()])
    rates = (0.1, 0.2, 0.3)
    model.compile(*map(keras.optimizers.SGD, rates), adversarial_weight=0.7)
    old = [[tf.Variable(w) for w in n.get_weights()] for n in networks(model)]
    images, labels = tiny_batch()
    logs = model.train_on_batch(images, labels, return_dict=True)

    (kernel, bias), pixel, image = old
    source, target = (images[d].astype("float32") for d in ("source", "target"))
    source = plain.styled(source, target, half=3)  # floor(0.1 * 32)
    with tf.GradientTape(persistent=True) as tape:
        on_source, on_target = (
            tf.nn.conv2d(x / 64 - 2, kernel, 1, "SAME") + bias for x in (source, target)
        )
        answer = plain_pixel_discriminator(pixel, tf.nn.softmax(on_target))
        terms = {
            "source_loss": plain.focal(labels["source"], on_source),
            "target_loss": plain.focal(labels["target"], on_target),
            "adversarial_loss": plain_adversarial(labels["target"], on_target, answer),
        }
        total = terms["source_loss"] + terms["target_loss"]
        total += 0.7 * terms["adversarial_loss"] + 0.01 * tf.reduce_sum(kernel**2)
        losses = [total]
        for name, weights, answers in (
            ("discriminator", pixel, plain_pixel_discriminator),
            ("image_discriminator", image, plain_trunk),
        ):
            halves = [
                0.5 * tf.reduce_mean(taken_for(answers(weights, maps), domain))
                for domain, maps in enumerate(
                    tf.nn.softmax(x.numpy()) for x in (on_source, on_target)
                )
            ]
            terms[f"{name}_source"], terms[f"{name}_target"] = halves
            losses.append(sum(halves))
    for network, rate, loss, before in zip(
        networks(model), rates, losses, old, strict=True
    ):
        gradients = tape.gradient(loss, before)
        assert any(np.max(np.abs(gradient)) > 1e-3 for gradient in gradients)
        for value, was, gradient in zip(
            network.get_weights(), before, gradients, strict=True
        ):
            np.testing.assert_allclose(value, was - rate * gradient, atol=3e-6)
    assert set(logs) == {"loss", *model.loss_terms} == {"loss", *terms}
    assert logs["loss"] == pytest.approx(float(total), rel=1e-5)
    for name, value in terms.items():
        assert logs[name] == pytest.approx(float(value), rel=1e-4), name


# === Known answers ===


class JointTraining(keras.Model):
    """Plain joint training on styled source images: the known answer."""

    def __init__(self, segmenter, style_transfer):
        super().__init__(dtype="float32")
        self.segmenter, self.style_transfer = segmenter, style_transfer
        self.built = True

    def train_step(self, data):
        images, labels, _ = data
        styled = self.style_transfer((images["source"], images["target"]))
        with tf.GradientTape() as tape:
            loss = self.loss(labels["source"], self.segmenter(styled, training=True))
            target = tf.cast(images["target"], tf.float32)
            loss += self.loss(labels["target"], self.segmenter(target, training=True))
        variables = self.segmenter.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def test_weight_zero_equals_joint_training():
    model = tiny_model(adversarial_weight=0.0)
    segmenter = keras.models.clone_model(model.segmenter)
    segmenter.set_weights(model.segmenter.get_weights())
    joint = JointTraining(segmenter, model.style_transfer)
    joint.compile(
        published_optimizers(learning_rate=1e-2, decay_steps=50)["optimizer"],
        loss=FocalLoss(),
    )
    for step in range(3):
        batch = tiny_batch(seed=step)
        model.train_on_batch(*batch)
        joint.train_on_batch(*batch)
    for value, wanted in zip(
        model.segmenter.get_weights(), segmenter.get_weights(), strict=True
    ):
        np.testing.assert_allclose(value, wanted, atol=1e-6)


def test_adversarial_loss_moves_the_segmenter_and_discriminators_never_do():
    before = tiny_model()
    weights = before.get_weights()
    results = []
    for changes in (
        {},
        {"adversarial_weight": 0.0},
        {"discriminator_optimizer": keras.optimizers.SGD(0.0)},
        {"image_discriminator_optimizer": keras.optimizers.SGD(0.0)},
    ):
        model = tiny_model(**changes)
        model.set_weights(weights)
        model.train_on_batch(*tiny_batch())
        results.append([network.get_weights() for network in networks(model)])
    usual, without, frozen_pixel, frozen_image = results

    def same(a, b):
        return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))

    assert not same(usual[0], without[0])
    # One step at the same weights: the discriminators' updates do not reach it.
    assert same(usual[0], frozen_pixel[0])
    assert same(usual[0], frozen_image[0])
    assert not same(usual[1], frozen_pixel[1])
    assert same(usual[1], frozen_image[1])
    assert not same(usual[2], frozen_image[2])


def test_progress_shows_every_term_and_losses_fall():
    model = tiny_model(optimizer=keras.optimizers.Adam(0.01))
    images, labels = tiny_batch()
    history = model.fit(images, labels, batch_size=2, epochs=8, verbose=0).history
    assert set(history) == {"loss", *model.loss_terms}
    assert history["source_loss"][-1] < history["source_loss"][0]
    total = (
        history["source_loss"][0]
        + history["target_loss"][0]
        + 0.1 * history["adversarial_loss"][0]
    )
    assert history["loss"][0] == pytest.approx(total, rel=1e-5)


def test_call_evaluate_and_predict_are_the_segmenter():
    model = tiny_model(metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")])
    images = tiny_batch()[0]["source"]
    logits = model.predict(images, verbose=0)
    expected = model.segmenter(images.astype("float32"), training=False)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    # Labels at their own, larger size.
    labels = np.random.default_rng(0).integers(0, 3, (2, 64, 96))
    results = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(results) == {"loss", "acc"}
    resized = keras.ops.image.resize(expected, (64, 96), interpolation="bilinear")
    assert results["loss"] == pytest.approx(float(FocalLoss()(labels, resized)), 1e-5)
    accuracy = np.mean(np.argmax(resized, -1) == labels)
    assert results["acc"] == pytest.approx(accuracy, abs=1e-6)


def test_xla_gives_the_same_steps():
    plain, compiled = tiny_model(), tiny_model(jit_compile=True)
    compiled.set_weights(plain.get_weights())
    for step in range(2):
        batch = tiny_batch(seed=step)
        np.testing.assert_allclose(
            plain.train_on_batch(*batch), compiled.train_on_batch(*batch), rtol=1e-4
        )


def test_fit_validates_on_plain_images():
    model = tiny_model(metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")])
    images, labels = tiny_batch()
    plain = images["target"], np.zeros((2, 64, 96), "uint8")
    history = model.fit(images, labels, batch_size=2, validation_data=plain, verbose=0)
    assert {"val_loss", "val_acc", "acc", "loss"} <= set(history.history)
    assert "val_source_loss" not in history.history


def test_small_logits_are_resized():
    inputs = keras.Input((None, None, 3))
    model = PixDAModel(keras.Model(inputs, keras.layers.Conv2D(3, 4, 4)(inputs)))
    assert model(np.zeros((1, 32, 48, 3))).shape == (1, 32, 48, 3)
    model.compile()
    model.train_on_batch(*tiny_batch())


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_trains_saves_and_loads_under_every_policy(policy, dtype_policy, tmp_path):
    dtype_policy(policy)
    model = tiny_model(
        metrics=[keras.metrics.SparseCategoricalAccuracy()], adversarial_weight=0.3
    )
    scaled = keras.optimizers.LossScaleOptimizer
    for optimizer in optimizers(model):
        assert isinstance(optimizer, scaled) == (policy == "mixed_float16")
    for step in range(2):
        losses = model.train_on_batch(*tiny_batch(seed=step))
        assert np.isfinite(losses).all()
    model.selection = SelectionState(np.array([1, 4]), 0.8, 1)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert_same_state(model, again)
    assert again.adversarial_weight == 0.3
    assert again.selection.kept.tolist() == [1, 4]
    assert (again.selection.threshold, again.selection.passes) == (0.8, 1)
    # Both go on alike.
    for m in (model, again):
        m.reset_metrics()
    batch = tiny_batch(seed=9)
    np.testing.assert_array_equal(
        model.train_on_batch(*batch), again.train_on_batch(*batch)
    )
    assert_same_state(model, again)


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_overflow_skips_one_update_and_lowers_that_scale(broken, dtype_policy):
    dtype_policy("mixed_float16")
    model = tiny_model(
        optimizer=keras.optimizers.SGD(0.01),
        discriminator_optimizer=keras.optimizers.SGD(0.01),
    )
    # A scale beyond float32 makes the scaled loss, and so the gradients, infinite.
    optimizers(model)[broken].dynamic_scale.assign(3e38)
    before = [network.get_weights() for network in networks(model)]
    scales = [float(o.dynamic_scale) for o in optimizers(model)]
    model.train_on_batch(*tiny_batch())
    for i, (network, optimizer) in enumerate(
        zip(networks(model), optimizers(model), strict=True)
    ):
        trainable = [v.numpy() for v in network.trainable_variables]
        assert all(np.isfinite(v).all() for v in network.get_weights())
        old = dict(zip((v.path for v in network.weights), before[i], strict=True))
        same = [
            np.array_equal(old[v.path], value)
            for v, value in zip(network.trainable_variables, trainable, strict=True)
        ]
        halved = float(optimizer.dynamic_scale) == scales[i] / 2
        assert all(same) == halved == (i == broken)


def test_weights_alone_carry_optimizers_and_selection(tmp_path):
    model = tiny_model()
    model.train_on_batch(*tiny_batch())
    model.selection = SelectionState(np.array([0, 2, 5]), 1.2, 2)
    model.save_weights(tmp_path / "model.weights.h5")
    again = tiny_model()
    again.load_weights(tmp_path / "model.weights.h5")
    assert_same_state(model, again)
    assert again.selection.kept.tolist() == [0, 2, 5]


def test_without_image_discriminator_optimizer_it_copies_the_other():
    model = tiny_model(
        discriminator_optimizer=keras.optimizers.Adam(0.003),
        image_discriminator_optimizer=None,
    )
    assert float(model.image_discriminator_optimizer.learning_rate) == pytest.approx(
        0.003
    )
    assert model.image_discriminator_optimizer is not model.discriminator_optimizer


def test_bad_input_is_named():
    inputs = keras.Input((None, None, 3))
    with pytest.raises(ValueError, match=r"must be a keras.Model"):
        PixDAModel("deeplab")
    with pytest.raises(ValueError, match="expected logits of the shape"):
        PixDAModel(keras.Model(inputs, keras.layers.GlobalMaxPool2D()(inputs)))
    with pytest.raises(ValueError, match="has 2 outputs, expected one"):
        PixDAModel(keras.Model(inputs, [inputs, inputs]))
    with pytest.raises(
        ValueError, match="drives no variable of .*published_optimizers"
    ):
        tiny_model(**published_optimizers(head=".*classifier.*"))
    model = tiny_model()
    with pytest.raises(ValueError, match="fit a FewShotDomainDataset"):
        model.train_on_batch(*(d["source"] for d in tiny_batch()))
    with pytest.raises(ValueError, match="needs at least 32 a side"):
        model.train_on_batch(*tiny_batch(size=(16, 48)))
