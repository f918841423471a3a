"""Read exported files back, as somebody who serves them would."""

import importlib.util
from collections.abc import Callable

import keras
import numpy as np

from keras_pixda.layers import resize_logits
from keras_pixda.models.load_model import load_model
from keras_pixda.typing import FilePath

# What a format needs to be written, and what it needs to be run.
WRITERS = {"savedmodel": (), "keras": (), "onnx": ("tf2onnx",), "litert": ()}
RUNNERS = {
    "keras": (),
    "savedmodel": (),
    "onnx": ("onnxruntime",),
    "litert": ("ai_edge_litert",),
}


def require(format: str, verify: bool) -> None:
    """Raise unless the packages for a format are there."""
    needed = WRITERS[format] + (RUNNERS[format] if verify else ())
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"Export to {format} needs {' and '.join(missing)}: "
            'pip install "keras_pixda[export]".'
        )


def load_exported(
    path: FilePath, format: str, outputs: str
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from uint8 images to the answer of an exported file, both NumPy."""
    loaders = {
        "keras": _keras,
        "savedmodel": _savedmodel,
        "onnx": _onnx,
        "litert": _litert,
    }
    return loaders[format](str(path), outputs)


def _keras(path, outputs):
    model = load_model(path)

    def run(images):
        logits = model(images, training=False)
        return keras.ops.convert_to_numpy(resize_logits(logits, images.shape[1:3]))

    return run


def _savedmodel(path, outputs):
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return lambda images: loaded.serve(images)[outputs].numpy()


def _onnx(path, outputs):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run([outputs], {"images": images})[0]


def _litert(path, outputs):
    from ai_edge_litert.interpreter import Interpreter

    # Read whole, so that the file is free to be moved.
    with open(path, "rb") as file:
        interpreter = Interpreter(model_content=file.read())
    index = interpreter.get_input_details()[0]["index"]

    def run(images):
        interpreter.resize_tensor_input(index, images.shape)
        interpreter.allocate_tensors()
        return interpreter.get_signature_runner()(images=images)[outputs]

    return run
