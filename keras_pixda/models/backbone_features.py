"""The feature maps of a backbone by their strides."""

import math

import keras

from keras_pixda.plain_reason import plain_reason
from keras_pixda.private_keras import history_of, inputs_of
from keras_pixda.typing import Tensor

STRIDES = (4, 8, 16, 32)
# An image to measure strides with.
SIDE = 256


def backbone_features(backbone: keras.Model) -> dict[int, Tensor]:
    """The symbolic feature maps of a backbone at the strides 4, 8, 16 and 32.

    They are what it gives back, if it gives back several maps; its `pyramid_outputs`,
    if it comes from keras-hub and has them; otherwise, as for keras.applications, the
    last map of each size that nothing goes past.

    Args:
        backbone: A functional `keras.Model` of RGB images of any size.

    Returns:
        A dict from stride to symbolic tensor.

    Raises:
        ValueError: If the backbone has a fixed size, its channels first, or other
            outputs.
    """
    _check_images(backbone)
    candidates = getattr(backbone, "pyramid_outputs", None) or backbone.output
    several = isinstance(candidates, dict | list | tuple)
    candidates = keras.tree.flatten(candidates) if several else _maps_inside(backbone)
    found = _by_stride(backbone, candidates)
    missing = [stride for stride in STRIDES if stride not in found]
    if missing:
        raise ValueError(
            f"The backbone {backbone.name!r} has feature maps at the strides "
            f"{sorted(found)}, expected {', '.join(map(str, STRIDES))}."
        )
    return {stride: found[stride] for stride in STRIDES}


def _check_images(backbone):
    shapes = [images.shape for images in getattr(backbone, "inputs", None) or ()]
    remedy = "build it with the input shape (None, None, 3)"
    if not shapes:
        raise ValueError(
            f"The backbone {getattr(backbone, 'name', backbone)!r} is not a functional "
            "keras.Model, whose feature maps can be found."
        )
    if len(shapes) > 1 or len(shapes[0]) != 4 or shapes[0][-1] != 3:
        first = ", its channels first" if shapes[0][1:2] == (3,) else ""
        shapes = ", ".join(map(str, shapes))
        raise ValueError(
            f"The backbone {backbone.name!r} takes {shapes}{first}, expected RGB "
            f"images (batch, height, width, 3): {remedy}."
        )
    if shapes[0][1:3] != (None, None):
        height, width = shapes[0][1:3]
        raise ValueError(
            f"The backbone {backbone.name!r} takes images of {width} x {height} pixels "
            f"alone, expected any size: {remedy}."
        )


def _maps_inside(backbone):
    """The maps that all later ones are made of, in order; padding is no feature.

    What lies within a block, beside a shortcut or in one of several branches, is none.
    """
    order, steps = {}, []  # What was called, each after all that it needs.
    waiting = [(backbone.output, False)]
    while waiting:
        x, ready = waiting.pop()
        operation, call, _ = history_of(x)
        step = id(operation), call
        if step in order:
            continue
        inputs = inputs_of(operation, call)
        if ready:
            order[step] = len(steps)
            steps.append((x, operation, [_place(x, order) for x in inputs]))
        else:
            waiting += [(x, True), *((x, False) for x in inputs)]
    last_use = list(range(len(steps)))
    for number, (_, _, needed) in enumerate(steps):
        for place in needed:
            last_use[place] = number
    kinds = keras.layers.InputLayer | keras.layers.ZeroPadding2D
    maps, latest = [], 0
    for number, (x, operation, _) in enumerate(steps):
        # Nothing before this one is used after it.
        if latest <= number and not isinstance(operation, kinds) and len(x.shape) == 4:
            maps.append(x)
        latest = max(latest, last_use[number])
    return maps


def _place(x, order):
    operation, call, _ = history_of(x)
    return order[id(operation), call]


def _by_stride(backbone, maps):
    """The last map at each stride; some networks lose a row or two on the way."""
    probe = keras.Model(backbone.inputs, maps)
    try:
        shapes = probe.compute_output_shape((1, SIDE, SIDE, 3))
    except ValueError as error:
        raise ValueError(
            f"The backbone {backbone.name!r} takes no images of {SIDE} x {SIDE} "
            f"pixels, expected any size: {plain_reason(error)}."
        ) from error
    found = {}
    for x, shape in zip(maps, shapes, strict=True):
        if len(shape) == 4 and shape[1]:
            found[2 ** round(math.log2(SIDE / shape[1]))] = x
    return found
