"""`deeplab_v2` as a PyTorch checkpoint."""

import math
import pathlib
import struct
import zipfile

import keras
import numpy as np

from keras_pixda.models.pytorch_names import pytorch_variables, to_pytorch
from keras_pixda.typing import FilePath
from keras_pixda.whole_file import whole_file

ROOT = "archive"
ORDERED_DICT = b"ccollections\nOrderedDict\n)R"


def save_pytorch(segmenter: keras.Model, path: FilePath) -> None:
    """Save a `deeplab_v2` as the state dict of the published PyTorch network.

    The file is read by `torch.load(path, weights_only=True)` and fits the released code
    with `load_state_dict`, `layer5` included if the segmenter has the auxiliary head.
    PyTorch is not needed. An existing file is replaced in one step: it is never half
    written.

    Example:

    ```python
    import tempfile
    import zipfile
    from keras_pixda.models import deeplab_v2
    from keras_pixda.weights import save_pytorch

    segmenter = deeplab_v2(num_classes=19, blocks=(1, 1, 1, 1), filters=2)
    with tempfile.TemporaryDirectory() as folder:
        save_pytorch(segmenter, f"{folder}/checkpoint.pth")
        with zipfile.ZipFile(f"{folder}/checkpoint.pth") as archive:
            assert "archive/data.pkl" in archive.namelist()
    ```

    Args:
        segmenter: A `deeplab_v2` of any size.
        path: File to write.

    Raises:
        ValueError: If `segmenter` is another network, or has weights that are not
            finite.
    """
    path = pathlib.Path(path)
    values = {}
    for name, variable in pytorch_variables(segmenter).items():
        value = keras.ops.convert_to_numpy(variable).astype("<f4")
        if not np.isfinite(value).all():
            raise ValueError(f"{path} is not written: {variable.path} is not finite.")
        values[name] = np.ascontiguousarray(to_pytorch(name, value))
    with whole_file(path) as unfinished, open(unfinished, "wb") as file:
        _write(file, values)


def _write(file, values):
    """The archive of `torch.save`: one pickle, and the numbers of each tensor."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:

        def add(name, content):
            # An entry without the time: equal weights give equal files.
            archive.writestr(zipfile.ZipInfo(f"{ROOT}/{name}"), content)

        add("data.pkl", _pickle({name: v.shape for name, v in values.items()}))
        add("byteorder", b"little")
        for key, value in enumerate(values.values()):
            add(f"data/{key}", value.tobytes())
        add("version", b"3\n")


def _pickle(shapes):
    """The pickle, protocol 2, of an ordered dict of tensors, in written-out codes."""
    items = [
        _text(name) + _tensor(key, shape)
        for key, (name, shape) in enumerate(shapes.items())
    ]
    return b"\x80\2" + ORDERED_DICT + b"(" + b"".join(items) + b"u."


def _tensor(key, shape):
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    storage = [
        _text("storage"),
        b"ctorch\nFloatStorage\n",
        _text(str(key)),
        _text("cpu"),
        _integer(math.prod(shape)),
    ]
    arguments = [
        _tuple(storage) + b"Q",
        _integer(0),
        _tuple(map(_integer, shape)),
        _tuple(map(_integer, strides)),
        b"\x89",  # False: requires no gradient.
        ORDERED_DICT,  # No hooks.
    ]
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + _tuple(arguments) + b"R"


def _text(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode("ascii")


def _integer(number):
    return b"J" + struct.pack("<i", number)


def _tuple(items):
    return b"(" + b"".join(items) + b"t"
