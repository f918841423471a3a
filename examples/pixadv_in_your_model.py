"""PixAdvLoss inside a Keras model that is not PixDAModel, in two ways.

In `compile`, on any backend of Keras: a loss gets one output there, so one output
holds the logits of the segmenter and, as its last channel, those of a discriminator
that was trained before and only judges (`two_outputs`). Or called with the pair in a
`train_step` of one's own, which trains the discriminator too (`Alternating`, on
TensorFlow).

Run it as it stands: python examples/pixadv_in_your_model.py
"""

import keras
import numpy as np
import tensorflow as tf

from keras_pixda import ClassIoU, FocalLoss, PixAdvLoss
from keras_pixda.losses import SOURCE, TARGET, domain_loss
from keras_pixda.models import pixel_discriminator, small_segmenter


class Alternating(keras.Model):
    """Update the segmenter on even steps and the discriminator on odd ones."""

    def __init__(self, segmenter, discriminator):
        super().__init__()
        self.segmenter = segmenter
        self.discriminator = discriminator
        self.segmentation_loss = FocalLoss()
        self.adversarial_loss = PixAdvLoss()
        self.judge_optimizer = keras.optimizers.Adam(1e-3)
        self.judge_optimizer.build(discriminator.trainable_variables)
        self.step = self.add_weight(shape=(), dtype="int32", initializer="zeros")
        self.built = True

    def train_step(self, data):
        """One of the two updates."""
        (source, target), labels = data[0], data[1]
        self.step.assign_add(1)
        return tf.cond(
            self.step % 2 == 1,
            lambda: {"loss": self.update_segmenter(target, labels)},
            lambda: {"loss": self.update_discriminator(source, target)},
        )

    def update_segmenter(self, target, labels):
        """Learn the labels and fool the discriminator where it matters."""
        variables = self.segmenter.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.segmenter(target, training=True)
            answer = self.discriminator(keras.ops.softmax(logits))
            loss = self.segmentation_loss(labels, logits)
            loss += 0.1 * self.adversarial_loss(labels, (logits, answer))
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def update_discriminator(self, source, target):
        """Tell the two domains' predictions apart."""
        variables = self.discriminator.trainable_variables
        maps = [keras.ops.softmax(self.segmenter(x)) for x in (source, target)]
        with tf.GradientTape() as tape:
            loss = sum(
                keras.ops.mean(domain_loss(self.discriminator(x), domain))
                for x, domain in zip(maps, (SOURCE, TARGET), strict=True)
            )
        self.judge_optimizer.apply(tape.gradient(loss, variables), variables)
        return loss


def two_outputs(segmenter, discriminator):
    """A model for `compile`, with one output for each loss."""
    discriminator.trainable = False
    images = keras.Input((None, None, 3))
    logits = segmenter(images)
    answer = discriminator(keras.layers.Softmax()(logits))
    both = keras.layers.Concatenate()([logits, answer])
    return keras.Model(images, {"segmentation": logits, "both": both})


def main():
    """Train on a drawn batch and show that both losses move."""
    random = np.random.default_rng(0)
    source = random.uniform(0, 255, (4, 32, 48, 3)).astype("float32")
    labels = random.integers(0, 3, (4, 4, 6)).repeat(8, axis=1).repeat(8, axis=2)
    target = 60.0 + 50.0 * labels[..., None] + random.normal(0, 9, (4, 32, 48, 3))
    model = Alternating(small_segmenter(3, filters=8), pixel_discriminator(3, 8))
    model.compile(keras.optimizers.Adam(0.01))
    batch = (source, target.astype("float32")), labels
    first = [model.train_on_batch(*batch) for _ in range(2)]
    for _ in range(30):
        model.train_on_batch(*batch)
    last = [model.train_on_batch(*batch) for _ in range(2)]
    print(f"segmenter {first[0]:.3f} -> {last[0]:.3f}")
    print(f"discriminator {first[1]:.3f} -> {last[1]:.3f}")
    compiled = two_outputs(model.segmenter, model.discriminator)
    compiled.compile(
        keras.optimizers.Adam(0.01),
        loss={"segmentation": FocalLoss(), "both": PixAdvLoss(num_classes=3)},
        loss_weights={"segmentation": 1.0, "both": 0.1},
        metrics={"segmentation": [ClassIoU(3)]},
    )
    labels = {"segmentation": labels, "both": labels}
    losses = compiled.fit(target, labels, epochs=10, verbose=0).history["loss"]
    print(f"compiled {losses[0]:.3f} -> {losses[-1]:.3f}")


if __name__ == "__main__":
    main()
