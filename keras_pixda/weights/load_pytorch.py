"""Published PyTorch weights into `deeplab_v2`."""

import warnings

import keras
import numpy as np

from keras_pixda.models.deeplab_v2 import deeplab_v2
from keras_pixda.models.pytorch_names import (
    AUXILIARY_HEAD,
    HEAD,
    HEAD_CONVOLUTIONS,
    architecture,
    network_shapes,
    pytorch_shapes,
    pytorch_variables,
    to_keras,
)
from keras_pixda.typing import FilePath
from keras_pixda.weights.checkpoint import Checkpoint
from keras_pixda.weights.fit_problems import fit_problems, listed


def load_pytorch(
    path: FilePath,
    segmenter: keras.Model | None = None,
    heads: bool = True,
    head_convolutions: int | None = None,
) -> keras.Model:
    """Load a published PyTorch checkpoint into `deeplab_v2`.

    Reads what the authors of PixDA and AdaptSegNet publish: the state dict of a
    ResNet-101 DeepLabV2, bare or under `model_state` or `state_dict`, with or without a
    `module.` prefix, in both file forms of `torch.save`. PyTorch is not needed, and
    nothing in the file is run. Half and double precision become float32, counters
    (`num_batches_tracked`) are ignored, and so is the auxiliary head `layer5` of a
    checkpoint if the segmenter has none.

    The segmenter takes plain RGB images; the mean that the published networks expect to
    be subtracted, and their order of colours, are inside.

    Example:

    ```python
    import tempfile
    from keras_pixda.models import deeplab_v2
    from keras_pixda.weights import load_pytorch, save_pytorch

    # A toy; for a published file, segmenter = load_pytorch("checkpoint.pth").
    toy = deeplab_v2(num_classes=19, blocks=(1, 1, 1, 1), filters=2)
    with tempfile.TemporaryDirectory() as folder:
        save_pytorch(toy, f"{folder}/checkpoint.pth")
        segmenter = load_pytorch(f"{folder}/checkpoint.pth")
    assert segmenter.output_shape == (None, None, None, 19)
    ```

    Args:
        path: File of `torch.save`.
        segmenter: The `deeplab_v2` to fill. Defaults to `None`: one without auxiliary
            head, of the classes, depth and width that the file has.
        heads: Whether to load the heads, too; without them the segmenter's stay as they
            are, for other classes. Defaults to `True`.
        head_convolutions: How many of a head's four convolutions the network of the
            checkpoint adds up: 4, or 2 for AdaptSegNet, whose released code leaves the
            last two out. Those not added are set to zero. Defaults to `None`: 2, with a
            warning, if the last two of `layer6` are still the random numbers that
            networks start with and the first two are not, otherwise 4.

    Returns:
        The segmenter.

    Raises:
        ValueError: If the file is damaged or asks for anything but tensors, or if its
            weights do not fit; missing, surplus and misshapen ones are listed.

    Reference:
        Tsai et al., [Learning to Adapt Structured Output Space for Semantic
        Segmentation](https://arxiv.org/abs/1802.10349), CVPR 2018.
    """
    if segmenter is None and not heads:
        raise ValueError("heads=False needs the segmenter whose heads are to stay.")
    if head_convolutions not in (None, *range(1, HEAD_CONVOLUTIONS + 1)):
        raise ValueError(
            f"head_convolutions must be 1..{HEAD_CONVOLUTIONS} or None, received "
            f"{head_convolutions!r}."
        )
    with open(path, "rb") as file:
        checkpoint = Checkpoint(file, path)
        if segmenter is None:
            found = {name: t.shape for name, t in checkpoint.tensors.items()}
            arguments = {**architecture(found), "auxiliary_head": False}
            _check_fit(path, checkpoint.tensors, network_shapes(**arguments), heads)
            segmenter = deeplab_v2(**arguments)
        variables = pytorch_variables(segmenter)
        if not heads:
            variables = {k: v for k, v in variables.items() if not _of_heads(k)}
        _check_fit(path, checkpoint.tensors, pytorch_shapes(variables), heads)
        values = {name: checkpoint.read(name) for name in variables}
    if broken := [name for name in values if not np.isfinite(values[name]).all()]:
        raise ValueError(f"{path} holds numbers that are not finite: {listed(broken)}.")
    if heads:
        _silence_unused(path, values, head_convolutions)
    # Only now: an error leaves the segmenter as it was.
    for name, variable in variables.items():
        variable.assign(to_keras(name, values[name]))
    return segmenter


def _of_heads(name):
    return name.startswith((f"{AUXILIARY_HEAD}.", f"{HEAD}."))


def _check_fit(path, tensors, expected, heads):
    """Raise one error that lists every weight that does not fit."""
    unused = ()
    if not heads:
        unused = (AUXILIARY_HEAD, HEAD)
    elif not any(name.startswith(AUXILIARY_HEAD) for name in expected):
        unused = (AUXILIARY_HEAD,)
    problems = fit_problems(tensors, expected, unused)
    if not problems:
        return
    head = f"{HEAD}.0.weight"
    if head in expected and head in tensors:
        classes, wanted = tensors[head].shape[:1], expected[head][:1]
        if classes != wanted:
            problems.append(
                f"The heads of the file have {classes[0]} classes, the segmenter's "
                f"{wanted[0]}: heads=False loads everything else."
            )
    lines = "\n  ".join(problems)
    raise ValueError(f"{path} does not fit the segmenter:\n  {lines}")


def _silence_unused(path, values, head_convolutions):
    """Zero the convolutions of the heads that the network of the file leaves out."""
    if head_convolutions is None:
        random = [
            _as_drawn(values[f"{HEAD}.{i}.weight"]) for i in range(HEAD_CONVOLUTIONS)
        ]
        head_convolutions = HEAD_CONVOLUTIONS
        if random == [False, False, True, True]:
            head_convolutions = 2
            warnings.warn(
                f"{path}: the last two convolutions of the heads were never trained, "
                "as AdaptSegNet's released code leaves them out of the sum: set to "
                "zero. Pass head_convolutions=2 to confirm, 4 to use them.",
                stacklevel=3,
            )
    for name in values:
        if _of_heads(name) and int(name.split(".")[2]) >= head_convolutions:
            values[name] = np.zeros_like(values[name])


def _as_drawn(weights, deviation=0.01, tolerance=5.0):
    """Whether weights are what networks start with: normal, 0 and 0.01.

    Mean, deviation and fourth moment within five standard errors.
    """
    scaled = weights.astype("float64") / deviation
    errors = (
        scaled.mean(),
        (scaled.std() - 1) * np.sqrt(2),
        ((scaled**4).mean() - 3) / np.sqrt(96),
    )
    return bool(np.abs(errors).max() * np.sqrt(scaled.size) < tolerance)
