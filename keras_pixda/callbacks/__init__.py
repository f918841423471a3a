"""Callbacks on stock Keras hooks."""

from keras_pixda.callbacks.per_class_iou import PerClassIoU
from keras_pixda.callbacks.prediction_images import PredictionImages
from keras_pixda.callbacks.progress_line import ProgressLine
from keras_pixda.callbacks.sample_selection import SampleSelection
from keras_pixda.callbacks.stop_at_step import StopAtStep

__all__ = [
    "PerClassIoU",
    "PredictionImages",
    "ProgressLine",
    "SampleSelection",
    "StopAtStep",
]
