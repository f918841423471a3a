import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.losses import FocalLoss
from keras_pixda.methods import PixDAModel
from keras_pixda.methods.joint_training.joint_model import JointModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from tests.methods import plain, tiny

tiny_batch = functools.partial(tiny.batch, size=(20, 28))


def with_batch_normalization():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0, dtype="float32")(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same")(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    return keras.Model(inputs, keras.layers.Conv2D(3, 1)(x))


def assert_same_weights(model, other, **tolerance):
    for value, wanted in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(value, wanted, **tolerance)


@pytest.mark.parametrize("fda", [False, True])
def test_one_step_equals_the_objective_written_out(fda):
    segmenter = tiny.segmenter()
    kernel, bias = (tf.Variable(w) for w in segmenter.get_weights())
    # Half-width floor(20 * 0.1) = 2; the weight is large to be seen.
    model = JointModel(segmenter, FourierStyleTransfer(0.1) if fda else None)
    model.compile(keras.optimizers.SGD(0.1), entropy_weight=0.7 if fda else 0.0)
    images, labels = tiny_batch()
    logs = model.train_on_batch(images, labels, return_dict=True)

    source, target = (images[d].astype("float32") for d in ("source", "target"))
    if fda:
        source = plain.styled(source, target, half=2)
    with tf.GradientTape() as tape:
        source_logits, target_logits = (
            tf.nn.conv2d(x / 64 - 2, kernel, 1, "SAME") + bias for x in (source, target)
        )
        terms = {
            "source_loss": plain.focal(labels["source"], source_logits),
            "target_loss": plain.focal(labels["target"], target_logits),
            "entropy_loss": plain.entropy(target_logits),
        }
        loss = terms["source_loss"] + terms["target_loss"]
        loss += (0.7 if fda else 0.0) * terms["entropy_loss"]
    gradients = tape.gradient(loss, (kernel, bias))
    for variable, gradient, value in zip(
        (kernel, bias), gradients, segmenter.get_weights(), strict=True
    ):
        np.testing.assert_allclose(value, variable - 0.1 * gradient, atol=2e-6)
        assert np.max(np.abs(gradient)) > 1e-3
    assert set(logs) == {"loss", *terms}
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    for name, value in terms.items():
        assert logs[name] == pytest.approx(float(value), rel=1e-5)


def test_it_is_pixda_without_the_adversarial_loss():
    style = FourierStyleTransfer(0.1)
    segmenter = with_batch_normalization()
    other = keras.models.clone_model(segmenter)
    other.set_weights(segmenter.get_weights())
    joint = JointModel(segmenter, style)
    joint.compile(keras.optimizers.Adam(0.01))
    pixda = PixDAModel(
        other, pixel_discriminator(3, 2), image_discriminator(3, 2), style
    )
    pixda.compile(keras.optimizers.Adam(0.01), adversarial_weight=0.0)
    start = segmenter.get_weights()
    for step in range(3):
        batch = tiny_batch(seed=step, size=(32, 40))
        joint.train_on_batch(*batch)
        pixda.train_on_batch(*batch)
    assert_same_weights(segmenter, other, atol=1e-6)
    assert not np.allclose(segmenter.get_weights()[0], start[0], atol=1e-3)


def after_one_step(style_transfer=None, batch=None, **arguments):
    keras.utils.set_random_seed(1)
    model = JointModel(tiny.segmenter(), style_transfer)
    model.compile(keras.optimizers.SGD(0.1), **arguments)
    model.train_on_batch(*(batch or tiny_batch()))
    return model.get_weights()[0]


def test_options_are_off_by_default_and_each_matters():
    plain = after_one_step()
    for style_transfer in (None, False):
        same = after_one_step(style_transfer, entropy_weight=0.0, loss=FocalLoss())
        np.testing.assert_array_equal(plain, same)
    assert not np.array_equal(plain, after_one_step(FourierStyleTransfer(0.1)))
    assert not np.array_equal(plain, after_one_step(entropy_weight=0.1))
    assert not np.array_equal(plain, after_one_step(loss=FocalLoss(gamma=0)))


def test_unlabelled_target_pixels_count_in_the_entropy_alone():
    images, labels = tiny_batch()
    labels["target"][:] = 255
    other = {**images, "target": 255 - images["target"]}
    first, second = (after_one_step(batch=(x, labels)) for x in (images, other))
    np.testing.assert_array_equal(first, second)
    first, second = (
        after_one_step(batch=(x, labels), entropy_weight=1.0) for x in (images, other)
    )
    assert not np.array_equal(first, second)


def test_any_keras_loss_is_taken_and_plain_images_are_evaluated():
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=255
    )
    np.testing.assert_allclose(
        after_one_step(loss=loss), after_one_step(loss=FocalLoss(gamma=0)), atol=1e-6
    )
    model = JointModel(tiny.segmenter())
    model.compile(loss=loss, metrics=[keras.metrics.SparseCategoricalAccuracy()])
    images, labels = (d["source"] for d in tiny_batch())
    results = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(results) == {"loss", "sparse_categorical_accuracy"}
    assert results["loss"] == pytest.approx(
        float(FocalLoss(gamma=0)(labels, model.predict(images, verbose=0))), rel=1e-5
    )


def test_regularisation_of_the_segmenter_counts():
    inputs = keras.Input((None, None, 3))
    head = keras.layers.Conv2D(3, 1, kernel_regularizer=keras.regularizers.L2(0.5))
    model = JointModel(keras.Model(inputs, head(inputs)))
    model.compile(keras.optimizers.SGD(0.0))
    penalty = 0.5 * np.sum(model.get_weights()[0] ** 2)
    logs = model.train_on_batch(*tiny_batch(), return_dict=True)
    total = logs["source_loss"] + logs["target_loss"] + penalty
    assert logs["loss"] == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_trains_saves_and_loads_under_every_policy(policy, dtype_policy, tmp_path):
    dtype_policy(policy)
    model = JointModel(with_batch_normalization(), FourierStyleTransfer(0.1))
    model.compile("adam", entropy_weight=0.005, loss=FocalLoss(gamma=1.0))
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
    for step in range(2):
        assert np.isfinite(model.train_on_batch(*tiny_batch(step))).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.style_transfer.window == 0.1
    assert again.entropy_weight == 0.005
    assert again.loss.gamma == 1.0
    for m in (model, again):
        m.reset_metrics()
    np.testing.assert_array_equal(
        model.train_on_batch(*tiny_batch(9)), again.train_on_batch(*tiny_batch(9))
    )
    assert_same_weights(model, again, rtol=0)
    assert len(model.optimizer.variables) > 8
    for value, wanted in zip(
        model.optimizer.variables, again.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(value.numpy(), wanted.numpy())


def test_without_style_it_is_saved_and_loaded(tmp_path):
    model = JointModel(tiny.segmenter())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.style_transfer is None
    assert_same_weights(model, again)


def test_a_batch_without_domains_is_refused():
    model = JointModel(tiny.segmenter())
    model.compile()
    with pytest.raises(ValueError, match="fit a FewShotDomainDataset"):
        model.train_on_batch(*(d["source"] for d in tiny_batch()))
