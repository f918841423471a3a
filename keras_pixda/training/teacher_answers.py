"""What a teacher says of the images that its student is to see next."""

import keras
import tensorflow as tf

from keras_pixda.training.few_shot_model import logits_of
from keras_pixda.typing import Tensor


def teacher_answers(teacher: keras.Model, images: Tensor) -> tuple[Tensor, Tensor]:
    """The logits of a teacher in inference mode, and the images once they are there.

    So the activations of teacher and student are never in memory together.

    Example:

    ```python
    import numpy as np
    from keras_pixda.models import small_segmenter
    from keras_pixda.training.teacher_answers import teacher_answers

    images = np.zeros((1, 32, 48, 3), "float32")
    logits, same = teacher_answers(small_segmenter(num_classes=3, filters=4), images)
    assert logits.shape == (1, 32, 48, 3) and np.array_equal(same, images)
    ```

    Args:
        teacher: A `keras.Model` from images to logits.
        images: Shape `(batch, height, width, 3)`, 0..255.
    """
    logits = logits_of(teacher, images, training=False)
    with tf.control_dependencies([logits]):
        return logits, tf.identity(images)
