"""What a training step is given, and when."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_pixda.replicas import logs_of_machines
from keras_pixda.training.label_check import labels_are_right
from keras_pixda.typing import Tensor


def after_its_data(step: Callable) -> Callable:
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


def unpack_domains(
    data: Any, smallest: int = 1, model: keras.Model | None = None
) -> tuple:
    """Images and labels of a training batch, each a dict of its domains."""
    images, labels, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    check_domains(images, labels, model)
    if sample_weight is not None:
        raise ValueError(
            "A training batch has no sample_weight: leave it out, and label pixels "
            "that are not to count with the ignored class."
        )
    height, width = images["source"].shape[1:3]
    if "target" in images:
        height, width = images["target"].shape[1:3]
    if min(height or smallest, width or smallest) < smallest:
        raise ValueError(
            f"Images are {height} x {width} pixels (height x width), but the image "
            f"discriminator needs at least {smallest} a side."
        )
    return images, labels


def check_domains(images: Any, labels: Any, model: keras.Model | None = None) -> None:
    """Raise unless images and labels are dictionaries of the domains a model needs.

    Unlabelled images are there or not; so are target images and labels, if the model
    says that it does without.
    """
    labelled = {"source", "target"}
    if not getattr(model, "needs_target", True) and isinstance(labels, dict):
        labelled &= {"source", *labels}
    for given, further in ((images, {"unlabelled"}), (labels, set())):
        if isinstance(given, dict) and set(given) - further == labelled:
            continue
        part = "images" if given is images else "labels"
        raise ValueError(
            "A training batch must be ({'source': images, 'target': images}, "
            "{'source': labels, 'target': labels}): fit a FewShotDomainDataset, or a "
            f"data set of such batches. Found {_described(part, given)}."
        )
    check_unlabelled(model, "unlabelled" in images)


def check_unlabelled(model: keras.Model | None, given: bool) -> None:
    """Raise if a model that needs unlabelled images is not given any."""
    if getattr(model, "needs_unlabelled", False) and not given:
        raise ValueError(
            f"{type(model).__name__} learns from unlabelled target images: fit a "
            "FewShotDomainDataset(..., unlabelled=record), or batches whose images "
            "have the key 'unlabelled', too."
        )


def target_images(images: Any) -> Tensor:
    """The target images of a training batch; plain images as they are.

    Without labelled ones they are the unlabelled ones.
    """
    if not isinstance(images, dict):
        return images
    for domain in ("target", "unlabelled"):
        if domain in images:
            return images[domain]
    raise ValueError(
        f"Images with the keys {sorted(map(str, images))} are neither plain images "
        "nor a training batch, whose keys are 'source' and 'target'."
    )


def target_part(data: Any) -> Any:
    """Images, labels and sample weights: of the target, where a batch has domains."""
    images, labels, weight = keras.utils.unpack_x_y_sample_weight(data)
    if isinstance(images, dict):
        check_domains(images, labels)
        if isinstance(weight, dict):
            weight = weight["target"]
        images, labels = images["target"], labels["target"]
    return images, labels, weight


def _described(part, given):
    if given is None:
        return f"no {part}"
    if isinstance(given, dict):
        return f"{part} with the keys {sorted(map(str, given))}"
    return f"{part} of the type {type(given).__name__}"
