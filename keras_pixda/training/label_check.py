"""Labels are looked at before a step trains on them."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_pixda.losses.label_assertion import (
    NAMED,
    assert_right,
    clear_label_errors,
    describe,
    error_of,
)
from keras_pixda.losses.label_kind import check_label_kind
from keras_pixda.losses.refuse_wrong_labels import (
    labels_seen,
    refuse_wrong_labels,
)
from keras_pixda.losses.wrong_labels import (
    wrong_labels,
)
from keras_pixda.replicas import all_replicas, number_of_replicas
from keras_pixda.training.compile_loss import ignored_by


class LabelCheck:
    """Part of a model: no step begins with a label that is no class.

    The labels of a batch are looked at once, before anything of the step runs, so that
    the weights stay bit for bit what they were; `fit`, `evaluate`, `train_on_batch` and
    `test_on_batch` raise the error that eager code would. XLA cannot stop in the middle
    (`jit_compile=True`): there the step is left out, and the error follows at its end.

    A model has it as a base before `keras.Model`, and `labels_are_right` around its
    steps. Its `num_classes` and `losses_on(domain)` say what labels may be.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods import JointModel
    from keras_pixda.models import small_segmenter

    model = JointModel(small_segmenter(num_classes=3, filters=4))
    model.compile("sgd")
    try:
        model.evaluate(np.zeros((1, 32, 32, 3)), np.full((1, 32, 32), 9), verbose=0)
    except ValueError as error:
        message = str(error)
    assert message.startswith("labels hold [9] in 1024 of 1024 pixels")
    ```
    """

    _left_out = None
    # What losses and metrics ignore, for `check_ignore_class`.
    agreed = None

    def losses_on(self, domain: str) -> Any:
        """The losses that look at the labels of a domain, or of an evaluation."""
        return [self.loss]

    def make_train_function(self, force: bool = False) -> None:
        """The step of Keras, with clear errors."""
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = self._with_clear_errors(self.train_function)

    def make_test_function(self, force: bool = False) -> None:
        """The step of Keras, with clear errors."""
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = self._with_clear_errors(self.test_function)

    def _with_clear_errors(self, function):
        def step(iterator):
            with clear_label_errors():
                logs = function(iterator)
            if self._left_out is not None:
                self._left_out.raise_if_any()
            return logs

        return step


def labels_are_right(step: Callable, model: keras.Model, data: Any) -> Any:
    """Run a step if the labels of its data are right.

    Args:
        step: Function of the model and the data.
        model: A `LabelCheck`.
        data: What Keras gives the step.

    Returns:
        The logs of the step.
    """
    checks = [
        (name, labels, ignored_by(losses))
        for name, labels, losses in _labels_of(model, data)
    ]
    classes = model.num_classes
    if classes is None or not checks:
        return step(model, data)
    if tf.executing_eagerly():
        for name, labels, ignored in checks:
            refuse_wrong_labels(labels, classes, ignored, name)
        return step(model, data)
    rules = [(classes, ignored, name) for name, _, ignored in checks]
    found = tf.stack(
        [
            describe(labels, wrong_labels(labels, classes, ignored))
            for _, labels, ignored in checks
        ]
    )
    if number_of_replicas() > 1:
        # All of them stop, also those whose own labels are right.
        found = all_replicas(found)
    elif model.jit_compile:
        return _or_left_out(step, model, data, found, rules)
    else:
        found = found[None]
    right = [assert_right(found[:, i], *rule) for i, rule in enumerate(rules)]
    with tf.control_dependencies(right), labels_seen():
        return step(model, data)


def _labels_of(model, data):
    """Name, integer labels and losses of every domain in a batch."""
    labels = keras.utils.unpack_x_y_sample_weight(data)[1]
    maps = {"": labels}
    if isinstance(labels, dict):
        maps = {name: labels.get(name) for name in ("source", "target")}
    for domain, labels in maps.items():
        if not hasattr(labels, "shape"):
            continue  # The step says what is missing.
        labels = tf.convert_to_tensor(labels)
        losses = model.losses_on(domain)
        if labels.shape.rank is not None:
            for loss in losses:
                check_label_kind(loss, labels)
        if labels.shape.rank != 4 or labels.shape[-1] == 1:
            yield f"{domain} labels".strip(), labels, losses


# === Under XLA ===


class _LeftOut:
    """What the labels of steps held that XLA has left out."""

    def __init__(self):
        self.found = {}

    def variable(self, rules):
        """Where steps with such labels leave a description of them."""
        rules = tuple(rules)
        if rules not in self.found:
            with tf.init_scope():
                zeros = tf.zeros((len(rules), NAMED + 2), "float64")
                self.found[rules] = tf.Variable(zeros, trainable=False)
        return self.found[rules]

    def raise_if_any(self):
        """Raise if there was such a step."""
        for rules, variable in self.found.items():
            for (count, pixels, *values), rule in zip(
                variable.numpy(), rules, strict=True
            ):
                if count:
                    variable.assign(tf.zeros_like(variable))
                    raise error_of(values, int(count), int(pixels), *rule)


def _or_left_out(step, model, data, found, rules):
    """The logs of the step, or zeros if it was left out."""
    if model._left_out is None:
        model._left_out = _LeftOut()
    variable = model._left_out.variable(rules)
    traced = []

    def train():
        with labels_seen():
            logs = step(model, data)
        traced.append(keras.tree.map_structure(tf.identity, logs))
        return traced[0]

    def leave_out():
        variable.assign(found)
        # TensorFlow traces the other one first.
        return keras.tree.map_structure(lambda x: tf.zeros(x.shape, x.dtype), traced[0])

    return tf.cond(tf.reduce_sum(found[:, 0]) == 0, train, leave_out)
