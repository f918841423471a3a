import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.methods import METHODS
from tests.methods import plain

LEVELS = ("pixel", "region", "image")


def answers(networks, probabilities):
    """Logits of pixels, of 8 x 8 regions and of the image; one cell stands for all."""
    pixel, region, image = (n(probabilities, training=True) for n in networks)
    height, width = probabilities.shape[1:3]
    pixel, region = (tf.image.resize(x, (height, width)) for x in (pixel, region))
    region = tf.reshape(region, (-1, 8, height // 8, 8, width // 8))
    return pixel, tf.reduce_mean(region, (2, 4)), tf.reduce_mean(image, (1, 2, 3))


def pixel_weights(pixel, region, image):
    region = np.kron(region, np.ones((1, 4, 6)))
    image = np.asarray(image)[:, None, None]
    return np.mean(
        [1 / (1 + np.exp(-np.asarray(x))) for x in (pixel[..., 0], region)]
        + [np.broadcast_to(1 / (1 + np.exp(-image)), region.shape)],
        axis=0,
    )


@pytest.mark.usefixtures("eagerly")
def test_a_step_weighs_source_pixels(start, dataset, own_settings, copy_of):
    [phase] = METHODS["naae"].phases(start, dataset, own_settings)
    assert (phase.title, phase.steps, phase.callbacks) == ("adaptation", 7, ())
    assert phase.data is dataset
    assert phase.segmenter is start
    weighting = [getattr(phase.model, f"{level}_network") for level in LEVELS]
    for network in weighting:
        assert network.weights[0].shape[-1] == 2  # As the settings say.
        # Larger kernels: weights that differ from pixel to pixel, not 0.5 everywhere.
        network.set_weights([3 * w for w in network.get_weights()])
    images, labels = dataset[0]
    network, copies = copy_of(start), [copy_of(network) for network in weighting]
    phase.model.train_on_batch(images, labels)

    with tf.GradientTape(persistent=True) as tape:
        logits = {
            domain: network(x.astype("float32"), training=True)
            for domain, x in images.items()
        }
        source, target = (
            answers(copies, tf.nn.softmax(logits[domain].numpy()))
            for domain in ("source", "target")
        )
        counted = labels["source"] != 255
        one_hot = tf.one_hot(labels["source"], 19)
        pixels = tf.reduce_sum(one_hot * tf.nn.log_softmax(logits["source"]), axis=-1)
        loss = -tf.reduce_sum(pixel_weights(*source) * pixels) / counted.sum()
        loss += plain.focal(labels["target"], logits["target"], gamma=0.0)
        teaching = [
            plain.against(s, 0) + plain.against(t, 1)
            for s, t in zip(source, target, strict=True)
        ]
    gradients = tape.gradient(loss, network.trainable_weights)
    plain.assert_moved_to(start, plain.after_sgd(network, gradients, 0.04, 3.0, 0.01))
    for copy, level, loss in zip(copies, LEVELS, teaching, strict=True):
        gradients = tape.gradient(loss, copy.trainable_weights)
        moved = getattr(phase.model, f"{level}_network")
        plain.assert_moved_to(moved, plain.after_adam(copy, gradients, 0.003))


def test_it_looks_at_its_batches_as_a_whole(start, own_settings):
    with pytest.raises(ValueError, match=r"NAAE .* accumulate is 2, expected 1"):
        METHODS["naae"].check(start, own_settings.change(accumulate=2))
