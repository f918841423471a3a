"""What docs/tensorflow_addons.md names, against tensorflow-addons 0.23 itself."""

import pathlib

import keras
import numpy as np
import pytest

from keras_pixda import FocalLoss, published_optimizers

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def recorded():
    with np.load(HERE / "reference" / "tfa_reference.npz") as data:
        return dict(data)


def test_recorded_versions(recorded):
    assert "0.23.0" in recorded["versions"]


# === SigmoidFocalCrossEntropy ===


def two_classes(logits, labels):
    """One sigmoid logit as softmax logits of two classes, and integer labels."""
    logits = keras.ops.concatenate([keras.ops.zeros_like(logits), logits], axis=-1)
    return labels[..., 0].astype("uint8"), logits


@pytest.mark.parametrize(
    ("alpha", "gamma", "name"), [(0.25, 2.0, "default"), (0.4, 1.5, "a0.4_g1.5")]
)
def test_focal_loss(recorded, alpha, gamma, name):
    logits, labels = recorded["focal_logits"], recorded["focal_y_true"]
    weights = [1 - alpha, alpha]
    for reduction in ("none", "sum", "sum_over_batch_size"):
        loss = FocalLoss(gamma=gamma, alpha=weights, reduction=reduction)
        expected = recorded[f"focal_out_{reduction}_logits_{name}"]
        value = loss(*two_classes(logits, labels))
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-7)
    loss = keras.losses.BinaryFocalCrossentropy(
        True, alpha, gamma, from_logits=True, reduction="none"
    )
    expected = recorded[f"focal_out_none_logits_{name}"]
    np.testing.assert_allclose(loss(labels, logits), expected, rtol=1e-4, atol=1e-6)


def test_focal_loss_of_extreme_logits(recorded):
    logits = recorded["focal_ext_in"][:, None, None]
    softmax = FocalLoss(gamma=2.0, alpha=[0.75, 0.25], reduction="none")
    sigmoid = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=True, from_logits=True, reduction="none"
    )
    for label in (0, 1):
        labels = np.full(logits.shape, label, "float32")
        expected = recorded[f"focal_ext_logits_y{label}"][:, None, None]
        for value in (softmax(*two_classes(logits, labels)), sigmoid(labels, logits)):
            np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-7)


def test_gradient_of_the_focal_loss(recorded):
    import tensorflow as tf

    logits = tf.constant(recorded["focal_logits"])
    loss = FocalLoss(gamma=2.0, alpha=[0.75, 0.25], reduction="sum")
    with tf.GradientTape() as tape:
        tape.watch(logits)
        labels, classes = two_classes(logits, recorded["focal_y_true"])
        value = loss(labels, classes)
    gradient = tape.gradient(value, logits)
    expected = recorded["focal_grad_sum_logits"]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)


# === MultiOptimizer ===


def layers(recorded):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activation="tanh", name="body"),
            keras.layers.Dense(2, name="head"),
        ]
    )
    model.set_weights(
        [recorded[f"mo_w0_{part}"] for part in ("back_k", "back_b", "head_k", "head_b")]
    )
    return model


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_multi_optimizer(recorded, momentum):
    rates = keras.optimizers.OptimizerMap(
        keras.optimizers.SGD(0.01, momentum=momentum),
        {".*head.*": keras.optimizers.SGD(0.1, momentum=momentum)},
    )
    check_two_steps(recorded, momentum, keras.optimizers.MultiOptimizer(rates))


def test_published_optimizers_set_it_up(recorded):
    optimizer = published_optimizers(
        0.01, head_factor=10.0, momentum=0.9, coupled_decay=0.0, decay_steps=10**12
    )["optimizer"]
    check_two_steps(recorded, 0.9, optimizer)


def check_two_steps(recorded, momentum, optimizer):
    model = layers(recorded)
    model.compile(optimizer, "mse")
    for step, expected_loss in enumerate(recorded[f"mo_legacy_m{momentum}_losses"], 1):
        loss = model.train_on_batch(recorded["mo_x"], recorded["mo_y"])
        assert loss == pytest.approx(float(expected_loss), rel=1e-5)
        for variable, part in zip(
            model.trainable_variables, ("back_k", "back_b", "head_k", "head_b"),
            strict=True,
        ):  # fmt: skip
            expected = recorded[f"mo_legacy_m{momentum}_step{step}_{part}"]
            np.testing.assert_allclose(variable, expected, rtol=1e-5, atol=1e-6)


# === InstanceNormalization ===


def test_instance_normalization(recorded):
    import tensorflow as tf

    images = tf.constant(recorded["in_x"])
    layer = keras.layers.GroupNormalization(groups=-1)
    close = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(layer(images), recorded["in_default_out"], **close)
    layer.set_weights([recorded["in_gamma"], recorded["in_beta"]])
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = layer(images)
        weighed = tf.reduce_sum(recorded["in_grad_weighting"] * value**2)
    np.testing.assert_allclose(value, recorded["in_affine_out"], **close)
    gradients = tape.gradient(weighed, [images, *layer.trainable_weights])
    for gradient, name in zip(gradients, ("x", "gamma", "beta"), strict=True):
        np.testing.assert_allclose(gradient, recorded[f"in_grad_{name}"], **close)


@pytest.mark.parametrize(
    ("arguments", "name"), [({"epsilon": 1e-5}, "eps1e-5"), ({"axis": 1}, "axis1")]
)
def test_instance_normalization_with_arguments(recorded, arguments, name):
    layer = keras.layers.GroupNormalization(groups=-1, **arguments)
    expected = recorded[f"in_{name}_out"]
    np.testing.assert_allclose(layer(recorded["in_x"]), expected, rtol=1e-4, atol=1e-4)


# === SGDW ===

# SGDW(0.01, 0.1, momentum) of tensorflow-addons 0.23.0 on
# TensorFlow 2.15.1: one variable, four gradients, the variable after each.
START = [0.00123015, 0.29874554, -0.27413785]
GRADIENTS = [
    [-0.89059186, -0.4546708, -0.9916465],
    [0.0601436, 1.3402152, -0.4922065],
    [-0.6204749, 0.48984206, 0.356887],
    [0.10541425, -0.930468, -0.02925182],
]
SGDW = {
    0.0: [
        [0.09027704, 0.34122518, -0.17223182],
        [0.0833599, 0.20379141, -0.12128885],
        [0.1445738, 0.1527693, -0.15576467],
        [0.13258663, 0.24428841, -0.15128183],
    ],
    0.9: [
        [0.09027704, 0.34122518, -0.17223182],
        [0.16351318, 0.24471179, -0.03204067],
        [0.29065055, 0.10948943, 0.05721298],
        [0.39309788, 0.08194362, 0.13960595],
    ],
}


@pytest.mark.parametrize("momentum", SGDW)
def test_sgdw(momentum):
    # Keras multiplies the decay by the learning rate, tensorflow-addons does not.
    optimizer = keras.optimizers.SGD(0.1, momentum=momentum, weight_decay=0.01 / 0.1)
    variable = keras.Variable(np.array(START, "float32"))
    optimizer.build([variable])
    for gradient, expected in zip(GRADIENTS, SGDW[momentum], strict=True):
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")])
        np.testing.assert_allclose(variable, expected, rtol=1e-5, atol=1e-6)
