"""What an exported file computes."""

from typing import Any

import keras
from keras import ops

from keras_pixda.layers import resize_logits
from keras_pixda.typing import Tensor


class ServingModel(keras.Model):
    """From plain uint8 images to logits or classes as large as the images.

    Args:
        segmenter: Keras model from images to logits, in float32.
        outputs: `"logits"` or `"classes"`.
    """

    def __init__(self, segmenter: keras.Model, outputs: str):
        super().__init__(dtype="float32")
        self.segmenter = segmenter
        self.outputs_name = outputs

    def build(self, input_shape: Any) -> None:
        """Nothing to build: the segmenter is built."""
        self.built = True

    def logits(self, images: Tensor) -> Tensor:
        """Logits as large as the images, float32."""
        logits = self.segmenter(ops.cast(images, "float32"), training=False)
        return resize_logits(logits, ops.shape(images)[1:3])

    def call(self, images: Tensor, training: bool = False) -> dict[str, Tensor]:
        """A dictionary, so that the output has a name in the file."""
        logits = self.logits(images)
        if self.outputs_name == "classes":
            # Not argmax: Keras's goes through bits, which ONNX has no operation for.
            _, classes = ops.top_k(logits, k=1)
            return {"classes": ops.cast(classes[..., 0], "uint8")}
        return {"logits": logits}
