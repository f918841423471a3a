import keras
import pytest
import tensorflow as tf

from keras_pixda.methods import METHODS
from tests.methods import plain


def certain(logits, certainty):
    return tf.reduce_max(tf.nn.softmax(logits), axis=-1).numpy() > certainty


def segmentation(labels, auxiliary, main):
    uncertain = labels.copy()
    uncertain[certain(auxiliary, 0.06)] = 255
    loss = plain.focal(uncertain, main, gamma=0.0)
    return loss + 0.3 * plain.focal(labels, auxiliary, gamma=0.0)


def error(answer, wanted):
    return tf.reduce_mean((answer - wanted) ** 2)


@pytest.mark.usefixtures("eagerly")
def test_a_step_on_two_levels_with_pairs(start, dataset, own_settings, copy_of):
    [phase] = METHODS["fsda"].phases(start, dataset, own_settings)
    assert (phase.title, phase.steps, phase.callbacks) == ("adaptation", 7, ())
    assert phase.data is dataset
    names = ("network", "pair_discriminator", "image_discriminator")
    parts = [getattr(phase.model, name) for name in names]
    network, pairs_judge, singles_judge = map(copy_of, parts)
    for judge in parts[1:]:  # As the settings say.
        assert judge.weights[0].shape[-1] == 2
        normalised = keras.layers.SpectralNormalization
        assert any(isinstance(layer, normalised) for layer in judge.layers)
    images, labels = dataset[0]
    phase.model.train_on_batch(images, labels)

    with tf.GradientTape(persistent=True) as tape:
        source, target = (
            network(images[domain].astype("float32"), training=True)
            for domain in ("source", "target")
        )
        loss = segmentation(labels["source"], *source)
        loss += segmentation(labels["target"], *target)
        maps, pairs = [], []
        for of_source, of_target in zip(source, target, strict=True):
            s, t = tf.nn.softmax(of_source.numpy()), tf.nn.softmax(of_target)
            # The partner is the next image of the batch, a constant.
            s_next, t_next = (tf.constant(x.numpy()[::-1]) for x in (s, t))
            pairs += [(s, s_next), (t, s), (t, t_next)]
            maps += [s, t]
        # In one call: each renormalises the kernels.
        pairs = tf.concat([tf.concat(pair, axis=-1) for pair in pairs], axis=0)
        ss1, ts1, tt1, ss2, ts2, tt2 = tf.split(pairs_judge(pairs, training=True), 6)
        singles = singles_judge(tf.concat(maps, axis=0), training=True)
        s1, t1, s2, t2 = tf.split(singles, 4)
        for weight, ts, tt, t in ((0.2, ts1, tt1, t1), (0.4, ts2, tt2, t2)):
            fooled = 2 * plain.against(t, 1)
            loss += weight * (error(tt, 1) + 2 * error(ts, 1) + fooled)
        teach_pairs = sum(error(x, 1) for x in (ss1, ss2)) / 2
        teach_pairs += sum(error(x, 0) for x in (ts1, ts2)) / 2
        teach_pairs += sum(error(x, -1) for x in (tt1, tt2)) / 2
        teach_singles = sum(plain.against(x, 1) for x in (s1, s2))
        teach_singles += sum(plain.against(x, 0) for x in (t1, t2))
    gradients = tape.gradient(loss, network.trainable_weights)
    expected = plain.after_sgd(network, gradients, 0.05, 3.0, 0.01)
    plain.assert_moved_to(phase.model.network, expected)
    for judge, part, loss in (
        (pairs_judge, parts[1], teach_pairs),
        (singles_judge, parts[2], teach_singles),
    ):
        gradients = tape.gradient(loss, judge.trainable_weights)
        plain.assert_moved_to(part, plain.after_adam(judge, gradients, 0.003))


def test_the_published_settings(settings):
    published = type(settings).preset("published", source="gta5:a", target="gta5:b")
    own = published["fsda"]
    assert (own.learning_rate, own.discriminator_learning_rate) == (2.5e-4, 1e-4)
    assert (own.auxiliary_weight, own.certainty) == (0.1, 0.95)
    adversarial = own.main_adversarial_weight, own.auxiliary_adversarial_weight
    assert adversarial == (1e-3, 2e-4)


def test_what_it_cannot_do_is_said_before(start, own_settings):
    method = METHODS["fsda"]
    with pytest.raises(ValueError, match=r"FSDA .* accumulate is 2, expected 1"):
        method.check(start, own_settings.change(accumulate=2))
    method.check(start, own_settings)
