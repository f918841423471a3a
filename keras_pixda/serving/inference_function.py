"""A segmenter as a function that answers fast."""

from collections.abc import Callable

import keras

from keras_pixda.serving.folded import folded
from keras_pixda.typing import Tensor

# Sizes of images that are compiled for; it takes about a second each.
COMPILED_SIZES = 4


def inference_function(segmenter: keras.Model) -> Callable:
    """What a segmenter answers, its normalisations folded, compiled on TensorFlow.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.serving.inference_function import inference_function

    segmenter = small_segmenter(num_classes=5, filters=2)
    images = np.zeros((1, 32, 48, 3), "uint8")
    answer = inference_function(segmenter)(images, training=False)
    assert np.allclose(answer, segmenter(images), atol=1e-4)
    ```

    Args:
        segmenter: A `keras.Model` of images `(batch, height, width, 3)`, 0..255.

    Returns:
        A function of images and `training`, which must be `False`.
    """
    network = folded(segmenter)
    if keras.backend.backend() != "tensorflow":
        return network
    import tensorflow as tf

    compiled = {}

    def answer(images: Tensor, training: bool = False) -> Tensor:
        if training:
            raise ValueError(
                "A compiled segmenter is for inference, received training."
            )
        images = tf.convert_to_tensor(images)
        size = (images.dtype, *images.shape[1:])
        if size not in compiled and len(compiled) < COMPILED_SIZES:
            any_number = tf.TensorSpec((None, *images.shape[1:]), images.dtype)
            compiled[size] = tf.function(
                lambda images: network(images, training=False),
                input_signature=[any_number],
                autograph=False,
            )
        function = compiled.get(size)
        return function(images) if function else network(images, training=False)

    return answer
