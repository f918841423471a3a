"""Callbacks on stock Keras hooks."""

from keras_pixda.callbacks.bad_numbers import BadNumbers
from keras_pixda.callbacks.exact_resume import ExactResume
from keras_pixda.callbacks.history_csv import HistoryCSV
from keras_pixda.callbacks.per_class_iou import PerClassIoU
from keras_pixda.callbacks.prediction_images import PredictionImages
from keras_pixda.callbacks.progress_line import ProgressLine
from keras_pixda.callbacks.sample_selection import SampleSelection
from keras_pixda.callbacks.selection_state import SelectionState
from keras_pixda.callbacks.state_folder import StateFolder
from keras_pixda.callbacks.stop_at_step import StopAtStep
from keras_pixda.preemption import Preempted, Preemption

__all__ = [
    "BadNumbers",
    "ExactResume",
    "HistoryCSV",
    "PerClassIoU",
    "PredictionImages",
    "Preempted",
    "Preemption",
    "ProgressLine",
    "SampleSelection",
    "SelectionState",
    "StateFolder",
    "StopAtStep",
]
