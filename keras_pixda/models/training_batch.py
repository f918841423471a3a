"""What a training step is given, and when."""

import functools

import keras
import tensorflow as tf

from keras_pixda.models.label_check import labels_are_right
from keras_pixda.replicas import logs_of_machines


def after_its_data(step):
    """A step of which nothing runs before its data are there, with right labels.

    What reads no pixel, such as the count of steps, would otherwise also run for the
    batch that Keras asks for at the end of a pass that has grown shorter.
    """

    @functools.wraps(step)
    def waiting(self, data):
        with tf.control_dependencies(
            [x for x in keras.tree.flatten(data) if x is not None]
        ):
            return logs_of_machines(labels_are_right(step, self, data))

    return waiting


def unpack_domains(data, smallest=1):
    """Images and labels of a training batch, each a dict of source and target."""
    images, labels, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if not isinstance(images, dict) or not isinstance(labels, dict):
        raise ValueError(
            "A training batch must be ({'source': images, 'target': images}, "
            "{'source': labels, 'target': labels}): fit a FewShotDomainDataset."
        )
    if sample_weight is not None:
        raise ValueError("A training batch has no sample_weight: leave it out.")
    height, width = images["target"].shape[1:3]
    if min(height or smallest, width or smallest) < smallest:
        raise ValueError(
            f"Images are {height} x {width} pixels (height x width), but the image "
            f"discriminator needs at least {smallest} a side."
        )
    return images, labels
