"""What `fit`, `evaluate` and `predict` are given, looked at before anything runs."""

import itertools
import types
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_pixda.datasets import FewShotDomainDataset, SegmentationDataset
from keras_pixda.training.checks import check_classes
from keras_pixda.training.training_batch import (
    check_domains,
    check_unlabelled,
    target_images,
    target_part,
)

# The package's own data sets: uint8 in 0..255, whatever the files hold.
OWN = FewShotDomainDataset, SegmentationDataset
# How many axes their batches have: images and labels, of one domain or of both.
USUAL_RANKS = {False: [4, 3], True: [4, 4, 3, 3]}


def refuse_weights(class_weight: Any = None, sample_weight: Any = None) -> None:
    """Raise if a training is given weights that it cannot honour."""
    if class_weight is not None:
        raise ValueError(
            "class_weight is not supported: give the weights to the loss, "
            "compile(loss=FocalLoss(alpha=[one weight a class]))."
        )
    if sample_weight is not None:
        raise ValueError(
            "sample_weight is not supported in training: label pixels that are not to "
            "count with the ignored class."
        )


def look_at_training_data(model: keras.Model, x: Any, y: Any = None) -> Any:
    """Check the keys, classes, sizes and grey levels of what `fit` is given.

    Args:
        model: The `FewShotModel`.
        x: What `fit` takes.
        y: Labels, if `x` is arrays.

    Returns:
        `x`, or what takes its place: of a generator one batch was read.
    """
    if getattr(x, "label_size", None) == "native":
        raise ValueError(
            "Training is at the size of the images, but the labels of this data set "
            'have their own: make it with label_size="image".'
        )
    batch, x = _first_batch(model, x, y, model.both_domains)
    images = labels = None
    if batch is not None:
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
        if model.both_domains or isinstance(images, dict):
            check_domains(images, labels, model)
        if model.both_domains:
            for domain, part in images.items():
                look_at_images(model, part, f"{domain} images")
                look_at_sizes(part, labels.get(domain), f"{domain} labels")
        else:
            part, part_labels, _ = target_part(batch)
            look_at_images(model, part, "images")
            look_at_sizes(part, part_labels, "labels")
    trace_anew(model, "train", images, labels)
    return x


def look_at_evaluation_data(model: keras.Model, x: Any, y: Any = None) -> Any:
    """Check what `evaluate` or `predict` is given; returned as by the other."""
    batch, x = _first_batch(model, x, y)
    if batch is None:
        trace_anew(model, "test")
        return x
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
    look_at_images(model, target_images(images), "images")
    if labels is not None:  # Prediction has a step of its own.
        trace_anew(model, "test", images, labels)
    return x


def look_at_sizes(images: Any, labels: Any, what: str) -> None:
    """Raise if training labels have another size than their images."""
    sizes = [tuple(getattr(x, "shape", ()))[1:3] for x in (images, labels)]
    if any(len(size) < 2 or None in size for size in sizes) or sizes[0] == sizes[1]:
        return
    (height, width), (rows, columns) = sizes
    raise ValueError(
        f"The {what} are {rows} x {columns} pixels (height x width), but "
        f"their images {height} x {width}: training needs both alike."
    )


def trace_anew(
    model: keras.Model, kind: str, images: Any = None, labels: Any = None
) -> None:
    """Forget a step that was traced for data with other numbers of axes.

    TensorFlow would trace it once more with an open number of axes, of which nothing
    can be checked or computed.
    """
    leaves = [x for x in keras.tree.flatten((images, labels)) if hasattr(x, "shape")]
    shapes = [tf.TensorShape(x.shape) for x in leaves]
    usual = USUAL_RANKS[kind == "train" and model.both_domains]
    ranks = [shape.rank for shape in shapes] or usual
    before = model.ranks_seen.get(kind, usual)
    model.ranks_seen = {**model.ranks_seen, kind: ranks}
    if before != ranks:
        setattr(model, f"{kind}_function", None)


def look_at_images(model: keras.Model, images: Any, what: str) -> None:
    """Raise if images have a size, warn if they have values, that do not fit."""
    shape = getattr(images, "shape", ())
    # That of a tf.data.Dataset may be wholly unknown.
    shape = () if getattr(shape, "rank", 0) is None else tuple(shape)
    if len(shape) == 4:
        if shape[-1] not in (None, 3):
            raise ValueError(
                f"The {what} have the shape {shape}, expected RGB images of the shape "
                "(batch, height, width, 3)."
            )
        check_size(model.segmenter, shape[1:3], what)
    if isinstance(images, tf.TensorSpec) or model.images_seen:
        return
    dtype = keras.backend.standardize_dtype(getattr(images, "dtype", "uint8"))
    if dtype in ("uint8", "bool") or len(shape) != 4:
        return
    # Arrays hold all images. The first few, and of large ones some pixels, are enough.
    step = max(1, min(shape[1:3]) // 128)
    values = keras.ops.convert_to_numpy(images[:8, ::step, ::step])
    values = values.astype("float32")
    if not values.size:
        return
    low, high = float(values.min()), float(values.max())
    scaled = "int" not in dtype and low >= -1 and high <= 1 and (low or high)
    if scaled or low < -16:  # Some resizing overshoots by a few levels.
        model.images_seen = True
        found, remedy = (
            ("scaled", "do not divide them")
            if scaled
            else ("their mean subtracted", "do not subtract it")
        )
        warnings.warn(
            f"The {what} lie in {low:.3g}..{high:.3g}, as if {found}, expected RGB in "
            f"0..255: {remedy}, the segmenter normalises by itself.",
            stacklevel=4,
        )


def check_callbacks(callbacks: Any, x: Any) -> None:
    """Raise if a callback chooses among the images of another data set than `x`."""
    from keras_pixda.callbacks import SampleSelection  # Which needs this room.

    for callback in callbacks:
        if isinstance(callback, SampleSelection) and callback.dataset is not x:
            raise ValueError(
                "SampleSelection was given another data set than fit, so that what it "
                "keeps would change nothing: give both the same."
            )


def target_of_domains(dataset: Any) -> Any:
    """The shots of a `FewShotDomainDataset`, each once and as it is, to evaluate on."""
    if isinstance(dataset, FewShotDomainDataset):
        return dataset.target_dataset(shuffle=False, augmentation=None)
    return dataset


def check_size(segmenter: keras.Model, size: Any, what: str) -> None:
    """Raise if a segmenter of a fixed image size cannot take images of a size."""
    for expected, found in zip(segmenter.inputs[0].shape[1:3], size, strict=True):
        if None not in (expected, found) and expected != found:
            fixed = segmenter.inputs[0].shape[1:3]
            raise ValueError(
                f"The {what} are {size[0]} x {size[1]} pixels (height x width), but "
                f"the segmenter {segmenter.name!r} is fixed to {fixed[0]} x "
                f"{fixed[1]}: give images of that size, or build it with "
                "keras.Input((None, None, 3))."
            )


def _first_batch(model, x, y, of_domains=False):
    """The first batch, as arrays or their specification, and what to go on with."""
    if isinstance(x, keras.utils.PyDataset):
        check_classes(x, model.num_classes)
        if not isinstance(x, OWN):
            return (x[0] if x.num_batches != 0 else None), x
        if of_domains and not isinstance(x, FewShotDomainDataset):
            raise ValueError(
                f"fit takes batches of both domains, but {type(x).__name__} gives "
                "plain images: give a FewShotDomainDataset."
            )
        if of_domains and model.needs_target and not len(x.target):
            raise ValueError(
                f"{type(model).__name__} trains on labelled target images, but this "
                "data set was made with shots=0: expected shots of 1 or more."
            )
        if of_domains:
            check_unlabelled(model, x.unlabelled is not None)
        if x.image_size is not None:
            check_size(model.segmenter, x.image_size, "images of the data set")
        return None, x
    if isinstance(x, types.GeneratorType):
        first = next(x, None)
        if first is None:
            return None, x
        return first, (batch for batch in itertools.chain([first], x))
    if isinstance(x, tf.data.Dataset):
        first = x.element_spec
        images = keras.tree.flatten(keras.utils.unpack_x_y_sample_weight(first)[0])
        if not model.images_seen and any(spec.dtype.is_floating for spec in images):
            # Read once more, as Keras does to build a model.
            first = next(iter(x.take(1)), first)
        return first, x
    if y is not None or isinstance(x, dict | np.ndarray | tf.Tensor):
        return (x, y), x
    return None, x
