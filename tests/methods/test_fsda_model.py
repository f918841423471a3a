import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.losses import FocalLoss
from keras_pixda.methods.fsda.fsda_losses import ignore_certain_pixels
from keras_pixda.methods.fsda.fsda_model import FSDAModel
from keras_pixda.models import deeplab_v2, image_discriminator
from keras_pixda.models.pair_discriminator import pair_discriminator
from keras_pixda.optimizers import published_optimizers


def tiny_batch(seed=0, size=(32, 48), batch_size=2, num_classes=3):
    random = np.random.default_rng(seed)
    images = {
        d: random.integers(0, 256, (batch_size, *size, 3), dtype="uint8")
        for d in ("source", "target")
    }
    labels = {
        d: random.choice([*range(num_classes), 255], (batch_size, *size))
        for d in ("source", "target")
    }
    return images, labels


def tiny_network(classes=(3, 3)):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 64, -2.0, dtype="float32")(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", name="body")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU()(x)
    auxiliary = keras.layers.Conv2D(classes[0], 1, name="auxiliary_head")(x)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="more")(x)
    main = keras.layers.Conv2D(classes[1], 1, name="head")(x)
    return keras.Model(inputs, [auxiliary, main], name="net")


def tiny_model(**compile_arguments):
    model = FSDAModel(
        tiny_network(),
        pair_discriminator(3, 2),
        image_discriminator(3, 2, spectral_norm=True),
    )
    # Eager: tracing a step takes longer than the few steps of most tests.
    arguments = {
        **published_optimizers(learning_rate=1e-2, decay_steps=50),
        "run_eagerly": True,
    }
    model.compile(**{**arguments, **compile_arguments})
    return model


def networks(model):
    return [model.network, model.pair_discriminator, model.image_discriminator]


def optimizers(model):
    return [
        model.optimizer,
        model.discriminator_optimizer,
        model.image_discriminator_optimizer,
    ]


def copy_of(network):
    copy = keras.models.clone_model(network)
    for new, old in zip(copy.layers, network.layers, strict=True):
        new.set_weights(old.get_weights())
    return copy


def values(network):
    return {w.path: w.numpy() for w in network.weights}


def assert_close(actual, expected, **tolerance):
    assert set(actual) == set(expected)
    for path, value in actual.items():
        np.testing.assert_allclose(value, expected[path], err_msg=path, **tolerance)


# === The step, written out plainly ===


class PlainDiscriminator:
    """The published discriminator: five convolutions, norms divided out in NumPy."""

    def __init__(self, discriminator):
        self.values = {}
        self.kernels, self.biases = [], []
        for name in ("conv1", "conv2", "conv3", "conv4", "classifier"):
            layer = discriminator.get_layer(name)
            weights = {w.name: w for w in layer.weights}
            names = ("kernel", "bias", "vector_u")
            kernel, bias, u = (weights[name].numpy() for name in names)
            w = kernel.reshape(-1, kernel.shape[-1])
            v = u @ w.T
            v /= np.linalg.norm(v)
            u = v @ w
            u /= np.linalg.norm(u)
            sigma = (v @ w @ u.T).item()
            self.kernels.append(tf.Variable(kernel / sigma))
            self.biases.append(tf.Variable(bias))
            new = (self.kernels[-1], self.biases[-1], u)
            for part, value in zip(names, new, strict=True):
                self.values[weights[part].path] = value

    def __call__(self, x):
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            x = tf.nn.leaky_relu(x, 0.2) if i else x
            x = tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            x = tf.nn.conv2d(x, kernel, 2, "VALID") + bias
        return x


def cross_entropy(labels, logits, certain=None):
    """Sum of -log p over labelled, uncertain pixels, over their number."""
    counted = labels != 255
    if certain is not None:
        counted &= ~certain
    chosen = tf.boolean_mask(tf.nn.log_softmax(logits), counted)
    chosen = tf.gather(chosen, labels[counted], axis=1, batch_dims=1)
    return -tf.reduce_sum(chosen) / counted.sum()


def error(answer, wanted):
    return tf.reduce_mean((answer - wanted) ** 2)


def binary_cross_entropy(logits, label):
    probability = tf.sigmoid(logits)
    return -tf.reduce_mean(
        label * tf.math.log(probability) + (1 - label) * tf.math.log(1 - probability)
    )


def plain_step(model, images, labels, rate, weights):
    """New values of all three networks after one step of SGD, and the loss terms."""
    network = copy_of(model.network)
    d1 = PlainDiscriminator(model.pair_discriminator)
    d2 = PlainDiscriminator(model.image_discriminator)
    with tf.GradientTape(persistent=True) as tape:
        logits, segmentation = {}, {}
        for domain in ("source", "target"):
            p1, p2 = network(images[domain].astype("float32"), training=True)
            certain = tf.nn.softmax(p1).numpy().max(-1) > weights["certainty"]
            assert 0.05 < certain.mean() < 0.95
            segmentation[domain] = cross_entropy(labels[domain], p2, certain)
            segmentation[domain] += weights["auxiliary_weight"] * cross_entropy(
                labels[domain], p1
            )
            logits[domain] = p1, p2
        fooling, d1_terms, d2_terms = [], [], []
        for s, t in zip(logits["source"], logits["target"], strict=True):
            s, t = tf.nn.softmax(s).numpy(), tf.nn.softmax(t)
            s_next = s[[1, 2, 0]]
            t_next = t.numpy()[[1, 2, 0]]
            ss = tf.tanh(d1(tf.concat([s, s_next], -1)))
            ts = tf.tanh(d1(tf.concat([t, s], -1)))
            tt = tf.tanh(d1(tf.concat([t, t_next], -1)))
            fooling.append(
                error(tt, 1) + 2 * error(ts, 1) + binary_cross_entropy(d2(t), 1)
            )
            d1_terms.append((error(ss, 1), error(ts, 0), error(tt, -1)))
            d2_terms.append(
                (binary_cross_entropy(d2(s), 1), binary_cross_entropy(d2(t), 0))
            )
        total = (
            segmentation["source"]
            + segmentation["target"]
            + weights["auxiliary_adversarial_weight"] * fooling[0]
            + weights["adversarial_weight"] * fooling[1]
            + 0.1 * tf.reduce_sum(network.get_layer("head").kernel ** 2)
        )
        d1_terms = [sum(both) / 2 for both in zip(*d1_terms, strict=True)]
        d2_terms = [sum(both) / 2 for both in zip(*d2_terms, strict=True)]
        losses = total, sum(d1_terms), sum(d2_terms)
    variables = [
        [w.value for w in network.trainable_variables],
        [*d1.kernels, *d1.biases],
        [*d2.kernels, *d2.biases],
    ]
    gradients = [
        tape.gradient(loss, v) for loss, v in zip(losses, variables, strict=True)
    ]
    for gradient, variable in zip(gradients, variables, strict=True):
        for g, v in zip(gradient, variable, strict=True):
            v.assign_sub(rate * g)
    new = [values(network)]
    new += [{k: np.asarray(v) for k, v in d.values.items()} for d in (d1, d2)]
    return new, [total, *segmentation.values(), *fooling, *d1_terms, *d2_terms]


def test_one_step_equals_the_formulas_written_out():
    weights = {
        "auxiliary_weight": 0.7,
        "certainty": 0.5,
        "adversarial_weight": 0.9,
        "auxiliary_adversarial_weight": 0.4,
    }
    sgd = {
        name: keras.optimizers.SGD(0.5)
        for name in (
            "optimizer",
            "discriminator_optimizer",
            "image_discriminator_optimizer",
        )
    }
    model = tiny_model(**sgd, **weights)
    head = model.network.get_layer("head")
    head.kernel.regularizer = keras.regularizers.L2(0.1)
    batch = tiny_batch(batch_size=3)
    old = [values(network) for network in networks(model)]
    expected, terms = plain_step(model, *batch, rate=0.5, weights=weights)
    reported = model.train_on_batch(*batch, return_dict=True)
    for network, before, after in zip(networks(model), old, expected, strict=True):
        assert_close(values(network), after, atol=2e-6, rtol=1e-5)
        # All that can move has moved, by far more than the tolerance.
        for w in network.trainable_variables:
            if w.path != "body/bias":  # The normalisation after it takes it away.
                assert np.abs(after[w.path] - before[w.path]).max() > 1e-4, w.path
    assert len(reported) == len(terms) == 10
    for name, term in zip(("loss", *model.loss_terms), terms, strict=True):
        assert reported[name] == pytest.approx(float(term), rel=1e-5), name


# === Known answers ===


def test_silent_discriminators_give_known_losses():
    model = tiny_model()
    for network in networks(model)[1:]:
        network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    reported = model.train_on_batch(*tiny_batch(), return_dict=True)
    log_2 = np.log(2)
    known = {
        "auxiliary_adversarial_loss": 1 + 2 + log_2,
        "adversarial_loss": 1 + 2 + log_2,
        "pair_discriminator_source": 1.0,
        "pair_discriminator_mixed": 0.0,
        "pair_discriminator_target": 1.0,
        "image_discriminator_source": log_2,
        "image_discriminator_target": log_2,
    }
    for name, value in known.items():
        assert reported[name] == pytest.approx(value, rel=1e-5), name
    total = reported["source_loss"] + reported["target_loss"]
    total += (1e-3 + 2e-4) * (3 + log_2)
    assert reported["loss"] == pytest.approx(total, rel=1e-6)


def test_certain_pixels_are_ignored():
    labels = np.array([[[0, 1, 255, 1]]])
    probabilities = np.array([[0.96, 0.04], [0.94, 0.06], [0.5, 0.5], [0.99, 0.01]])
    logits = np.log(probabilities)[None, None]
    found = ignore_certain_pixels(labels, logits, 0.95, 255)
    assert np.array(found).tolist() == [[[255, 1, 255, 255]]]
    found = ignore_certain_pixels(labels[..., None], logits, 0.97, 7)
    assert np.array(found).tolist() == [[[0, 1, 255, 7]]]


def test_segmentation_loss_on_two_known_pixels():
    model = tiny_model()
    # One certain pixel, one at p = 1/3, one unlabelled; the main level always has 1/3.
    auxiliary = np.zeros((1, 1, 3, 3), dtype="float32")
    auxiliary[0, 0, 0, 0] = 20.0
    main = np.zeros_like(auxiliary)
    labels = np.array([[[0, 2, 255]]])
    log_3 = np.log(3)
    loss = float(model.segmentation_loss(labels, auxiliary, main))
    assert loss == pytest.approx(log_3 + 0.1 * log_3 / 2, rel=1e-6)
    # Certain of everything: the main level has nothing to learn from.
    certain = (x[:, :, :1] for x in (labels, auxiliary, main))
    loss = float(model.segmentation_loss(*certain))
    assert loss == pytest.approx(0.0, abs=1e-6)


def echo(channels):
    """A discriminator that answers with what it is shown."""
    inputs = keras.Input((None, None, channels))
    return keras.Model(inputs, keras.layers.Activation("linear")(inputs))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_pairs_are_stacked_with_the_next_map_of_the_batch(batch_size):
    model = FSDAModel(tiny_network(), echo(6), echo(3))
    random = np.random.default_rng(0)
    logits = random.normal(size=(2, 2, batch_size, 4, 5, 3)).astype("float32")
    pairs, singles = model.judge(*logits)
    maps = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    following = [(i + 1) % batch_size for i in range(batch_size)]
    for level in range(2):
        s, t = maps[:, level]
        expected = [(s, s[following]), (t, s), (t, t[following])]
        for found, wanted in zip(pairs[level], expected, strict=True):
            np.testing.assert_allclose(found, np.concatenate(wanted, -1), atol=1e-6)
        np.testing.assert_allclose(singles[level][0], s, atol=1e-6)
        np.testing.assert_allclose(singles[level][1], t, atol=1e-6)


# === Who moves whom ===


def test_discriminators_never_move_the_segmenter():
    weights = tiny_model().get_weights()
    results = []
    for changes in (
        {},
        {"adversarial_weight": 0.0, "auxiliary_adversarial_weight": 0.0},
        {"discriminator_optimizer": keras.optimizers.SGD(0.0)},
        {"image_discriminator_optimizer": keras.optimizers.SGD(0.0)},
    ):
        model = tiny_model(**changes)
        model.set_weights(weights)
        model.train_on_batch(*tiny_batch())
        results.append([network.get_weights() for network in networks(model)])
    usual, without, frozen_pair, frozen_image = results

    def same(a, b):
        return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))

    assert not same(usual[0], without[0])
    # One step at the same weights: the discriminators' updates do not reach it.
    assert same(usual[0], frozen_pair[0])
    assert same(usual[0], frozen_image[0])
    assert not same(usual[1], frozen_pair[1])
    assert same(usual[2], frozen_pair[2])
    assert not same(usual[2], frozen_image[2])
    assert same(usual[1], frozen_image[1])
    # Nor does the segmenter's adversarial loss move them.
    assert same(usual[1], without[1])
    assert same(usual[2], without[2])


def test_each_level_is_moved_by_its_own_adversarial_loss():
    """Without segmentation, only the level with a weight reaches its head."""
    heads = {}
    for name in ("adversarial_weight", "auxiliary_adversarial_weight"):
        other = {"adversarial_weight": 0.0, "auxiliary_adversarial_weight": 0.0}
        model = tiny_model(optimizer=keras.optimizers.SGD(0.1), **{**other, name: 1.0})
        images, labels = tiny_batch()
        before = values(model.network)
        unlabelled = {d: np.full_like(v, 255) for d, v in labels.items()}
        model.train_on_batch(images, unlabelled)
        after = values(model.network)
        heads[name] = {
            path for path in before if not np.array_equal(before[path], after[path])
        }
    moved = heads["adversarial_weight"]
    assert {"head/kernel", "body/kernel"} <= moved
    assert "auxiliary_head/kernel" not in moved
    moved = heads["auxiliary_adversarial_weight"]
    assert {"auxiliary_head/kernel", "body/kernel"} <= moved
    assert not {"head/kernel", "more/kernel"} & moved


def test_progress_shows_every_term_and_losses_fall():
    model = tiny_model(optimizer=keras.optimizers.Adam(0.01), run_eagerly=False)
    images, labels = tiny_batch()
    history = model.fit(images, labels, batch_size=2, epochs=8, verbose=0).history
    assert set(history) == {"loss", *model.loss_terms}
    assert history["source_loss"][-1] < history["source_loss"][0]
    assert history["target_loss"][-1] < history["target_loss"][0]


def test_metrics_of_training_are_of_the_main_level_on_the_target():
    model = tiny_model(metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")])
    images, labels = tiny_batch()
    copy = copy_of(model.network)
    _, main = copy(images["target"].astype("float32"), training=True)
    found = model.train_on_batch(images, labels, return_dict=True)["acc"]
    expected = np.mean(np.argmax(main, -1) == labels["target"])
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_batch_of_one_trains():
    model = tiny_model()
    before = values(model.network)
    assert np.isfinite(model.train_on_batch(*tiny_batch(batch_size=1))).all()
    after = values(model.network)
    assert not np.array_equal(before["head/kernel"], after["head/kernel"])


# === The segmenter that a user gets ===


def test_segmenter_is_the_plain_main_level(tmp_path):
    model = tiny_model(metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")])
    # What `optimizer` updates is more than that: both heads.
    both = [w.path for w in model.trainable_variables]
    assert both == [w.path for w in model.trainable_weights]
    assert {"auxiliary_head/kernel", "head/kernel", "body/kernel"} < set(both)
    model.train_on_batch(*tiny_batch())
    images = tiny_batch()[0]["source"]
    main = model.network(images.astype("float32"), training=False)[1]
    np.testing.assert_allclose(model.predict(images, verbose=0), main, atol=1e-5)
    model.segmenter.save(tmp_path / "segmenter.keras")
    again = keras.saving.load_model(tmp_path / "segmenter.keras")
    np.testing.assert_array_equal(again(images.astype("float32")), main)
    assert not any("auxiliary" in w.path for w in again.weights)
    labels = np.random.default_rng(0).integers(0, 3, (2, 32, 48))
    results = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(results) == {"loss", "acc"}
    expected = float(FocalLoss(gamma=0.0)(labels, main))
    assert results["loss"] == pytest.approx(expected, rel=1e-5)
    accuracy = np.mean(np.argmax(main, -1) == labels)
    assert results["acc"] == pytest.approx(accuracy, abs=1e-6)


def test_takes_the_published_network_and_small_logits():
    network = deeplab_v2(3, auxiliary_head=True, blocks=(1, 1, 1, 1), filters=1)
    small = keras.Model(
        network.inputs,
        [
            keras.layers.AveragePooling2D(8)(network.outputs[0]),
            keras.layers.AveragePooling2D(4)(network.outputs[1]),
        ],
    )
    for net in (network, small):
        model = FSDAModel(net, pair_discriminator(3, 2), image_discriminator(3, 2))
        model.compile(run_eagerly=True)
        assert np.isfinite(model.train_on_batch(*tiny_batch())).all()


# === Policies, save and load ===


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_trains_saves_and_loads_under_every_policy(policy, dtype_policy, tmp_path):
    dtype_policy(policy)
    model = tiny_model(
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        run_eagerly=policy != "mixed_float16",
        auxiliary_weight=0.2,
        certainty=0.9,
        adversarial_weight=0.3,
        auxiliary_adversarial_weight=0.4,
    )
    scaled = keras.optimizers.LossScaleOptimizer
    for optimizer in optimizers(model):
        assert isinstance(optimizer, scaled) == (policy == "mixed_float16")
    for step in range(2):
        losses = model.train_on_batch(*tiny_batch(seed=step))
        assert np.isfinite(losses).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert (again.auxiliary_weight, again.certainty) == (0.2, 0.9)
    assert again.adversarial_weight == 0.3
    assert again.auxiliary_adversarial_weight == 0.4
    # Both levels still share their layers.
    assert again.segmenter.get_layer("body") is again.network.get_layer("body")
    assert_same_state(model, again)
    # Both go on alike.
    for m in (model, again):
        m.reset_metrics()
    batch = tiny_batch(seed=9)
    np.testing.assert_array_equal(
        model.train_on_batch(*batch), again.train_on_batch(*batch)
    )
    assert_same_state(model, again)


def test_weights_alone_carry_optimizers(tmp_path):
    model = tiny_model()
    model.train_on_batch(*tiny_batch())
    model.save_weights(tmp_path / "model.weights.h5")
    again = tiny_model()
    again.load_weights(tmp_path / "model.weights.h5")
    assert_same_state(model, again)


def assert_same_state(model, other):
    for a, b in zip(networks(model), networks(other), strict=True):
        for value, wanted in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(value, wanted)
    for a, b in zip(optimizers(model), optimizers(other), strict=True):
        assert len(a.variables) == len(b.variables) > 2
        for value, wanted in zip(a.variables, b.variables, strict=True):
            np.testing.assert_array_equal(value.numpy(), wanted.numpy())


# === Errors ===


def test_bad_input_is_named():
    network = tiny_network()
    for wrong in (
        "deeplab",
        keras.Model(network.inputs, network.outputs[1]),
        keras.Model(network.inputs, [*network.outputs, network.outputs[0]]),
        keras.Model(network.inputs, dict(zip("ab", network.outputs, strict=True))),
    ):
        with pytest.raises(ValueError, match=r"two outputs \[auxiliary, main\]"):
            FSDAModel(wrong)
    with pytest.raises(ValueError, match="3 classes at the auxiliary level and 4 at"):
        FSDAModel(tiny_network(classes=(3, 4)))
    softmax = keras.layers.Softmax()(network.outputs[0])
    with pytest.raises(ValueError, match="ends in the softmax of"):
        FSDAModel(keras.Model(network.inputs, [softmax, network.outputs[1]]))
    with pytest.raises(ValueError, match="has no ignore_class.*FocalLoss"):
        tiny_model(loss=FocalLoss(ignore_class=None))
    model = tiny_model()
    with pytest.raises(ValueError, match="needs at least 32 a side"):
        model.train_on_batch(*tiny_batch(size=(16, 48)))
    images, labels = tiny_batch()
    wide, wide_labels = tiny_batch(size=(32, 64))
    with pytest.raises(
        ValueError, match=r"\(2, 32, 48, 3\), target .*\(2, 32, 64, 3\)"
    ):
        model.train_on_batch(
            {"source": images["source"], "target": wide["target"]},
            {"source": labels["source"], "target": wide_labels["target"]},
        )
