"""The name under which Keras logs a metric."""

import sys

import keras


def log_name(metric: keras.metrics.Metric) -> str:
    """The key that Keras gives a metric's result in its logs.

    Keras spreads a result that is a dictionary and drops its own key for it, which
    holds the name of the output and tells metrics of one name apart. A metric hears of
    that key nowhere else than in the loop that asks for its result. Called from
    anywhere else, or by another Keras, it is the metric's own name.

    Args:
        metric: The metric whose `result`, the caller of this, is being asked for.

    Returns:
        The key, such as `"class_iou"`, `"output_class_iou"` or `"class_iou_1"`.
    """
    # Private to Keras: the local names in `CompileMetrics.result`.
    names = sys._getframe(2).f_locals
    if names.get("m") is metric and isinstance(names.get("name"), str):
        return names["name"]
    return metric.name
