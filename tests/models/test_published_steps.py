"""Three whole training steps equal the recorded ones of the released code."""

import pathlib

import keras
import numpy as np
import pytest

from keras_pixda.losses import PixAdvLoss
from keras_pixda.models import PixDAModel, image_discriminator
from keras_pixda.optimizers import published_optimizers

REFERENCE = pathlib.Path(__file__).parents[1] / "reference" / "pixda_reference.npz"
NETWORKS = {
    "segmenter": ("",),
    "pixel_discriminator": ("conv1", "conv2", "classifier"),
    "image_discriminator": ("conv1", "conv2", "conv3", "conv4", "classifier"),
}


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as data:
        return dict(data)


def recorded_weights(reference, step, network):
    """Weights in Keras's layout, in the order of `get_weights`."""
    weights = []
    for layer in NETWORKS[network]:
        prefix = f"step{step}.{network}." + (f"{layer}." if layer else "")
        weights.append(np.transpose(reference[f"{prefix}weight"], (2, 3, 1, 0)))
        weights.append(reference[f"{prefix}bias"])
    return weights


def channels_last(array):
    return np.moveaxis(array, 1, -1)


def build_model(reference):
    inputs = keras.Input((None, None, 3))
    head = keras.layers.Conv2D(5, 3, padding="same", name="convolution")
    model = PixDAModel(
        keras.Model(inputs, head(inputs)),
        image_discriminator=image_discriminator(5, filters=4),
        style_transfer=False,
    )
    model.segmenter.set_weights(recorded_weights(reference, 0, "segmenter"))
    model.discriminator.set_weights(
        recorded_weights(reference, 0, "pixel_discriminator")
    )
    model.image_discriminator.set_weights(
        recorded_weights(reference, 0, "image_discriminator")
    )
    model.compile(
        **published_optimizers(learning_rate=1e-2, decay_steps=100),
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=255
        ),
        adversarial_loss=PixAdvLoss(detach=False),
    )
    return model


def batch(reference, step):
    return (
        {
            domain: channels_last(reference[f"steps.{domain}_images_nchw"][step])
            for domain in ("source", "target")
        },
        {d: reference[f"steps.{d}_labels"][step] for d in ("source", "target")},
    )


def test_three_steps_equal_the_released_code(reference):
    model = build_model(reference)
    for step in range(3):
        logs = model.train_on_batch(*batch(reference, step), return_dict=True)
        model.reset_metrics()
        names = list(reference["steps.loss_names"])
        assert len(names) == len(model.loss_terms) == 7
        losses = [logs[name] for name in model.loss_terms]
        # Each recorded discriminator loss is already halved, as the terms here are.
        np.testing.assert_allclose(losses, reference["steps.losses"][step], rtol=1e-4)
        for network, own in (
            ("segmenter", model.segmenter),
            ("pixel_discriminator", model.discriminator),
            ("image_discriminator", model.image_discriminator),
        ):
            expected = recorded_weights(reference, step + 1, network)
            for value, wanted in zip(own.get_weights(), expected, strict=True):
                np.testing.assert_allclose(value, wanted, rtol=0, atol=1e-5)
