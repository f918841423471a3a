"""Three whole training steps equal the recorded ones of the released code."""

import keras
import numpy as np

from keras_pixda.losses import PixAdvLoss
from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator
from keras_pixda.optimizers import published_optimizers

LAYERS = {
    "segmenter": ("",),
    "pixel_discriminator": ("conv1.", "conv2.", "classifier."),
    "image_discriminator": ("conv1.", "conv2.", "conv3.", "conv4.", "classifier."),
}


def recorded_weights(reference, step, network):
    """Weights in Keras's layout, in the order of `get_weights`."""
    weights = []
    for layer in LAYERS[network]:
        prefix = f"step{step}.{network}.{layer}"
        weights.append(np.transpose(reference[f"{prefix}weight"], (2, 3, 1, 0)))
        weights.append(reference[f"{prefix}bias"])
    return weights


def networks(model):
    return {
        "segmenter": model.segmenter,
        "pixel_discriminator": model.discriminator,
        "image_discriminator": model.image_discriminator,
    }


def build_model(reference):
    inputs = keras.Input((None, None, 3))
    convolution = keras.layers.Conv2D(5, 3, padding="same")
    model = PixDAModel(
        keras.Model(inputs, convolution(inputs)),
        image_discriminator=image_discriminator(5, filters=4),
        style_transfer=False,  # The recorded inputs are taken as they are.
    )
    for name, network in networks(model).items():
        network.set_weights(recorded_weights(reference, 0, name))
    model.compile(
        **published_optimizers(learning_rate=1e-2, decay_steps=100, head=None),
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=255
        ),
        adversarial_loss=PixAdvLoss(detach=False),
    )
    return model


def test_three_steps_equal_the_released_code(reference):
    model = build_model(reference)
    assert len(reference["steps.loss_names"]) == len(model.loss_terms) == 7
    for step in range(3):
        images, labels = (
            {domain: reference[f"steps.{domain}_{kind}"][step] for domain in both}
            for kind, both in (
                ("images_nchw", ("source", "target")),
                ("labels", ("source", "target")),
            )
        )
        logs = model.train_on_batch(images, labels, return_dict=True)
        model.reset_metrics()
        np.testing.assert_allclose(
            [logs[name] for name in model.loss_terms],
            reference["steps.losses"][step],
            rtol=1e-4,
        )
        for name, network in networks(model).items():
            expected = recorded_weights(reference, step + 1, name)
            for value, wanted in zip(network.get_weights(), expected, strict=True):
                np.testing.assert_allclose(value, wanted, rtol=0, atol=1e-5)
