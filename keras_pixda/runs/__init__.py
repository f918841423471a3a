"""Whole runs: what the command line calls."""

from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.compare import compare
from keras_pixda.runs.demo import demo
from keras_pixda.runs.evaluate import evaluate
from keras_pixda.runs.panels import Panels
from keras_pixda.runs.predict import predict
from keras_pixda.runs.present_table import present_table
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.saved_run import saved_run
from keras_pixda.runs.settings import Settings
from keras_pixda.runs.train import train

__all__ = [
    "Panels",
    "RunFolder",
    "Settings",
    "class_facts",
    "compare",
    "demo",
    "evaluate",
    "predict",
    "present_table",
    "saved_run",
    "train",
]
