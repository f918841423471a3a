"""The training step of Keras on labelled images, in parts."""

import contextlib
import functools

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.losses.as_loss import FunctionLoss, as_loss
from keras_pixda.replicas import number_of_replicas
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.updates import Updates


def supervised_step(model, data, accumulate):
    """One step of a compiled model on `(images, labels)`, like Keras's but in parts.

    Example:

    ```python
    import numpy as np
    from keras_pixda.losses import FocalLoss
    from keras_pixda.models import small_segmenter
    from keras_pixda.training.supervised_step import supervised_step

    segmenter = small_segmenter(3, filters=4)
    segmenter.compile("sgd", FocalLoss())
    batch = np.zeros((4, 32, 48, 3), "float32"), np.zeros((4, 32, 48), "uint8")
    supervised_step(segmenter, batch, accumulate=4)
    ```

    Args:
        model: A compiled `keras.Model` with one output; what its
            `further_loss(images, logits)` returns, if it has one, is added.
        data: The batch.
        accumulate: Number of parts.

    Returns:
        The logs of the step.
    """
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    further = getattr(model, "further_loss", None)
    compute_loss = model.compute_loss
    if further:  # Which is in the model's own.
        compute_loss = functools.partial(keras.Model.compute_loss, model)
    loss_object = as_loss(model.loss)
    updates, total = Updates(), 0.0
    for part in BatchPart.split({"target": images}, {"target": labels}, accumulate):
        part = part.after(updates)
        x, y = part.images["target"], part.labels["target"]
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss = compute_loss(x, y, logits)
            if isinstance(loss_object, FunctionLoss):
                loss_object(y, logits)  # Sees which pixels the function leaves out.
            # What layers add has another share than what Keras adds it to.
            added = sum(model.losses) / number_of_replicas()
            loss = part.scaled(loss - added, loss_object) + part.share() * added
            if further:
                loss += part.share() * further(x, logits)
        updates.add(tape, loss, model.optimizer, model)
        total += loss
        model.compute_metrics(x, y, logits)
    updates.apply()
    [tracker] = [m for m in model.metrics if m.name == "loss"]
    size = ops.shape(images)[0]
    tracker.update_state(total * number_of_replicas(), sample_weight=size)
    return model.get_metrics_result()


@contextlib.contextmanager
def in_parts(model, accumulate):
    """A plain model whose `fit` does every batch in parts meanwhile.

    Example:

    ```python
    from keras_pixda.training.supervised_step import in_parts

    def main(segmenter, dataset):
        with in_parts(segmenter, 4):
            segmenter.fit(dataset)
    ```

    Args:
        model: As in `supervised_step`.
        accumulate: Number of parts; 1 leaves the model as it is.
    """
    if accumulate == 1:
        yield
        return
    step = functools.partial(supervised_step, model, accumulate=accumulate)
    model.train_step = step
    try:
        yield
    finally:
        del model.train_step
