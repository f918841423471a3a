import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import FocalLoss
from keras_pixda.methods.joint_training.joint_model import JointModel
from keras_pixda.methods.naae.naae_model import NAAEModel, grid_average, pixel_weights
from keras_pixda.models import image_discriminator
from tests.methods import tiny

NETWORKS = ("pixel_network", "region_network", "image_network")


def tiny_model(**arguments):
    """A model that runs eagerly, which is quicker than to trace a few small steps."""
    model = NAAEModel(
        tiny.segmenter(), **{name: image_discriminator(3, 2) for name in NETWORKS}
    )
    optimizer = keras.optimizers.SGD(0.1)
    defaults = {
        "optimizer": optimizer,
        "pixel_optimizer": "sgd",
        "run_eagerly": True,
    }
    model.compile(**{**defaults, **arguments})
    return model


def networks(model):
    return [model.segmenter, *(getattr(model, name) for name in NETWORKS)]


def optimizers(model):
    return [
        model.optimizer,
        model.pixel_optimizer,
        model.region_optimizer,
        model.image_optimizer,
    ]


def set_answers(model, values):
    """Make the three weighting networks answer these logits everywhere."""
    for name, value in zip(NETWORKS, values, strict=True):
        classifier = getattr(model, name).get_layer("classifier")
        kernel, bias = classifier.get_weights()
        classifier.set_weights([0 * kernel, 0 * bias + value])


# === The step, written out ===


def plain_trunk(weights, x):
    for i in range(0, len(weights), 2):
        if i:
            x = tf.maximum(x, 0.2 * x)
        x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        x = tf.nn.conv2d(x, weights[i], 2, "VALID") + weights[i + 1]
    return x


def plain_answers(weights, probabilities):
    """Logits of pixels, of 8 x 8 regions and of the image; sizes divide by 8."""
    batch, height, width, _ = probabilities.shape
    pixel, region, image = (plain_trunk(w, probabilities) for w in weights)
    pixel = tf.image.resize(pixel, (height, width))
    region = tf.image.resize(region, (height, width))
    region = tf.reshape(region, (batch, 8, height // 8, 8, width // 8))
    return pixel, tf.reduce_mean(region, (2, 4)), tf.reduce_mean(image, (1, 2, 3))


def test_one_step_equals_the_objective_written_out():
    model = tiny_model(
        pixel_optimizer=keras.optimizers.SGD(0.2),
        region_optimizer=keras.optimizers.SGD(0.3),
        image_optimizer=keras.optimizers.SGD(0.4),
        run_eagerly=False,
    )
    model.segmenter.layers[-1].kernel.regularizer = keras.regularizers.L2(0.01)
    # Larger kernels: weights that differ from pixel to pixel, not 0.5 everywhere.
    for network in networks(model)[1:]:
        network.set_weights([w * 3 for w in network.get_weights()])
    variables = [[tf.Variable(w) for w in n.get_weights()] for n in networks(model)]
    images, labels = tiny.batch(size=(64, 96))  # Coarse maps of 2 x 3.
    logs = model.train_on_batch(images, labels, return_dict=True)

    (kernel, bias), *weighting = variables
    with tf.GradientTape(persistent=True) as tape:
        logits = {
            d: tf.nn.conv2d(x.astype("float32") / 64 - 2, kernel, 1, "SAME") + bias
            for d, x in images.items()
        }
        maps = {d: tf.nn.softmax(x.numpy()) for d, x in logits.items()}
        source = plain_answers(weighting, maps["source"])
        target = plain_answers(weighting, maps["target"])
        # Cross-entropy of labelled pixels by one-hot labels, zero on ignored ones.
        entropies = {
            d: -tf.reduce_sum(tf.one_hot(labels[d], 3) * tf.nn.log_softmax(x), -1)
            for d, x in logits.items()
        }
        sigmoids = [1 / (1 + np.exp(-answer.numpy())) for answer in source]
        w = sigmoids[0][..., 0]
        w = w + np.repeat(np.repeat(sigmoids[1], 64 // 8, axis=1), 96 // 8, axis=2)
        w = (w + sigmoids[2][:, None, None]) / 3
        number = {d: np.sum(label != 255) for d, label in labels.items()}
        terms = {
            "source_loss": tf.reduce_sum(w * entropies["source"]) / number["source"],
            "target_loss": tf.reduce_sum(entropies["target"]) / number["target"],
            "source_weight": np.mean(w),
        }
        losses = [terms["source_loss"] + terms["target_loss"]]
        losses[0] += 0.01 * tf.reduce_sum(kernel**2)
        for name, source_answer, target_answer in zip(
            NETWORKS, source, target, strict=True
        ):
            # Label 0 for the source, 1 for the target, half the weight each.
            source_term = -0.5 * tf.reduce_mean(
                tf.math.log(1 - tf.sigmoid(source_answer))
            )
            target_term = -0.5 * tf.reduce_mean(tf.math.log(tf.sigmoid(target_answer)))
            terms[f"{name}_source"], terms[f"{name}_target"] = source_term, target_term
            losses.append(source_term + target_term)
    assert np.ptp(w) > 0.05
    for network, rate, loss, before in zip(
        networks(model), (0.1, 0.2, 0.3, 0.4), losses, variables, strict=True
    ):
        gradients = tape.gradient(loss, before)
        assert any(np.max(np.abs(gradient)) > 1e-3 for gradient in gradients)
        for value, old, gradient in zip(
            network.get_weights(), before, gradients, strict=True
        ):
            np.testing.assert_allclose(value, old - rate * gradient, atol=3e-6)
    assert set(logs) == {"loss", *model.loss_terms} == {"loss", *terms}
    assert logs["loss"] == pytest.approx(float(losses[0]), rel=1e-5)
    for name, value in terms.items():
        assert logs[name] == pytest.approx(float(value), rel=1e-4)


# === Known answers ===


@pytest.mark.parametrize("size", [(32, 48), (36, 53)])
def test_sigmoids_of_one_are_joint_training_with_cross_entropy(size):
    model = tiny_model()
    set_answers(model, (1e4, 1e4, 1e4))
    segmenter = keras.models.clone_model(model.segmenter)
    segmenter.set_weights(model.segmenter.get_weights())
    joint = JointModel(segmenter)
    joint.compile(keras.optimizers.SGD(0.1), loss=FocalLoss(gamma=0.0))
    # The networks forget nothing: their own gradient is 0 on the target, 1 on the
    # source, and their rate is too small to bring 1e4 down.
    for step in range(2):
        batch = tiny.batch(step, size)
        logs = model.train_on_batch(*batch, return_dict=True)
        joint.train_on_batch(*batch)
        assert logs["source_weight"] == 1.0
    for value, wanted in zip(
        model.segmenter.get_weights(), segmenter.get_weights(), strict=True
    ):
        np.testing.assert_allclose(value, wanted, atol=1e-6)


def test_sigmoids_of_zero_train_on_the_target_alone():
    results = []
    for seed in (1, 2):
        keras.utils.set_random_seed(0)
        model = tiny_model()
        set_answers(model, (-1e4, -1e4, -1e4))
        images, labels = tiny.batch()
        images["source"] = tiny.batch(seed)[0]["source"]
        logs = model.train_on_batch(images, labels, return_dict=True)
        assert logs["source_loss"] == logs["source_weight"] == 0.0
        results.append(model.segmenter.get_weights())
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("one", [0, 1, 2])
def test_every_level_is_a_third_of_the_weight(one):
    model = tiny_model()
    answers = [-1e4, -1e4, -1e4]
    answers[one] = 0.0
    set_answers(model, answers)
    logs = model.train_on_batch(*tiny.batch(), return_dict=True)
    assert logs["source_weight"] == pytest.approx(0.5 / 3, rel=1e-6)


@pytest.mark.parametrize("size", [(8, 16), (9, 13), (37, 64)])
def test_regions_are_the_cells_of_an_8_x_8_grid(size):
    values = np.random.default_rng(0).normal(size=(2, *size, 1)).astype("float32")
    regions = np.asarray(grid_average(values))
    assert regions.shape == (2, 8, 8, 1)
    image = np.zeros((2, 1, 1, 1), "float32")
    weights = np.asarray(pixel_weights((0 * values, regions, image)))
    seen = np.zeros(size)
    # The first row of cell k is the first whose index times 8 reaches k heights.
    rows, columns = ([-(-k * n // 8) for k in range(9)] for n in size)
    for i in range(8):
        for j in range(8):
            cell = np.s_[rows[i] : rows[i + 1], columns[j] : columns[j + 1]]
            seen[cell] += 1
            wanted = values[:, *cell, 0].mean(axis=(1, 2))
            np.testing.assert_allclose(regions[:, i, j, 0], wanted, atol=1e-6)
            wanted = (0.5 + 1 / (1 + np.exp(-wanted)) + 0.5) / 3
            found = weights[:, *cell] - wanted[:, None, None]
            np.testing.assert_allclose(found, 0, atol=1e-6)
    assert (seen == 1).all()  # Every pixel lies in one cell.


# === Who moves whom ===


def test_weighting_networks_never_move_the_segmenter_but_by_their_weights():
    """Their updates come after; neither way does a gradient run between them."""
    results = []
    for changes in (
        {},
        {"optimizer": keras.optimizers.SGD(0.0)},
        {"pixel_optimizer": keras.optimizers.SGD(0.0)},  # Copied for the others.
    ):
        keras.utils.set_random_seed(0)
        model = tiny_model(**changes)
        start = [n.get_weights() for n in networks(model)]
        model.train_on_batch(*tiny.batch())
        results.append([n.get_weights() for n in networks(model)])
    usual, frozen_segmenter, frozen_networks = results

    def same(a, b):
        return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))

    moved = [[not same(a, b) for a, b in zip(r, start, strict=True)] for r in results]
    assert moved == [[True] * 4, [False] + [True] * 3, [True] + [False] * 3]
    assert same(usual[0], frozen_networks[0])
    for i in (1, 2, 3):
        assert same(usual[i], frozen_segmenter[i])


def test_no_gradient_of_the_weights_reaches_any_network():
    model = tiny_model()
    images, _ = tiny.batch()
    with tf.GradientTape() as tape:
        answers = model.weighting_logits(model(images["source"]))
        total = tf.reduce_sum(pixel_weights(answers))
    variables = [v.value for n in networks(model) for v in n.trainable_variables]
    assert all(g is None for g in tape.gradient(total, variables))
    with tf.GradientTape() as tape:
        answers = model.weighting_logits(model(images["source"]))
        total = sum(tf.reduce_sum(answer) for answer in answers)
    gradients = tape.gradient(total, variables)
    of_segmenter = len(model.segmenter.trainable_variables)
    assert all(g is None for g in gradients[:of_segmenter])
    assert all(g is not None for g in gradients[of_segmenter:])


def test_networks_learn_to_tell_the_domains_apart():
    model = tiny_model(
        optimizer=keras.optimizers.SGD(0.0),
        pixel_optimizer=keras.optimizers.Adam(0.02),
        run_eagerly=False,
    )
    images, labels = tiny.batch()
    images["target"] //= 4
    logs = [model.train_on_batch(images, labels, return_dict=True) for _ in range(30)]
    for name in NETWORKS:
        first, last = (g[f"{name}_source"] + g[f"{name}_target"] for g in logs[::29])
        assert first == pytest.approx(np.log(2), abs=0.1)
        # The logs are running means, so half of the fall is far.
        assert last < 0.8 * first
    assert logs[-1]["source_weight"] < logs[0]["source_weight"]


# === Keras ===


def test_any_keras_loss_of_pixels_is_taken():
    results = []
    for loss in (
        None,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255),
    ):
        keras.utils.set_random_seed(0)
        model = tiny_model(loss=loss)
        logs = model.train_on_batch(*tiny.batch(), return_dict=True)
        results.append((logs["source_loss"], logs["target_loss"]))
    np.testing.assert_allclose(*results, rtol=1e-5)


def test_defaults():
    model = NAAEModel(tiny.segmenter())
    shapes = [[w.shape for w in network.weights] for network in networks(model)[1:]]
    assert shapes == [[w.shape for w in image_discriminator(3).weights]] * 3
    model.compile(pixel_optimizer=keras.optimizers.Adam(0.003))
    assert len({id(o) for o in optimizers(model)}) == 4
    for optimizer in optimizers(model)[1:]:
        assert float(optimizer.learning_rate) == pytest.approx(0.003)
    images, labels = (d["source"] for d in tiny.batch())
    results = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(results) == {"loss"}
    cross_entropy = FocalLoss(gamma=0.0)(labels, model.predict(images, verbose=0))
    assert results["loss"] == pytest.approx(float(cross_entropy), rel=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_trains_saves_and_loads_under_every_policy(policy, dtype_policy, tmp_path):
    dtype_policy(policy)
    model = tiny_model(
        pixel_optimizer="adam",
        region_optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        run_eagerly=False,
    )
    scaled = keras.optimizers.LossScaleOptimizer
    for optimizer in optimizers(model):
        assert isinstance(optimizer, scaled) == (policy == "mixed_float16")
    for step in range(2):
        assert np.isfinite(model.train_on_batch(*tiny.batch(step))).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for m in (model, again):
        m.reset_metrics()
    np.testing.assert_array_equal(
        model.train_on_batch(*tiny.batch(9)), again.train_on_batch(*tiny.batch(9))
    )
    for a, b in zip(networks(model), networks(again), strict=True):
        for value, wanted in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(value, wanted)
    for a, b in zip(optimizers(model), optimizers(again), strict=True):
        assert a.get_config() == b.get_config()
        for value, wanted in zip(a.variables, b.variables, strict=True):
            np.testing.assert_array_equal(value.numpy(), wanted.numpy())
    assert [int(o.iterations) for o in optimizers(again)] == [3, 3, 3, 3]


@pytest.mark.parametrize("broken", [0, 1, 2, 3])
def test_overflow_skips_one_update_and_lowers_that_scale(broken, dtype_policy):
    dtype_policy("mixed_float16")
    model = tiny_model()
    # A scale beyond float32 makes the scaled loss, and so the gradients, infinite.
    optimizers(model)[broken].dynamic_scale.assign(3e38)
    before = [network.get_weights() for network in networks(model)]
    scales = [float(o.dynamic_scale) for o in optimizers(model)]
    model.train_on_batch(*tiny.batch())
    for i, (network, optimizer) in enumerate(
        zip(networks(model), optimizers(model), strict=True)
    ):
        after = network.get_weights()
        assert all(np.isfinite(value).all() for value in after)
        same = [np.array_equal(a, b) for a, b in zip(before[i], after, strict=True)]
        halved = float(optimizer.dynamic_scale) == scales[i] / 2
        assert all(same) == halved == (i == broken)


def test_bad_input_is_named():
    model = tiny_model()
    with pytest.raises(ValueError, match="fit a FewShotDomainDataset"):
        model.train_on_batch(*(d["source"] for d in tiny.batch()))
    with pytest.raises(ValueError, match="needs at least 32 a side"):
        model.train_on_batch(*tiny.batch(size=(16, 48)))
