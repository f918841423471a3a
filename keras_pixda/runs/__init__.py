"""Whole runs: what the command line calls."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.runs.check_methods import check_methods
    from keras_pixda.runs.class_facts import class_facts
    from keras_pixda.runs.data_settings import DataSettings
    from keras_pixda.runs.demo import demo
    from keras_pixda.runs.evaluate import evaluate
    from keras_pixda.runs.export import export
    from keras_pixda.runs.few_shot_data import few_shot_data
    from keras_pixda.runs.folder_lock import FolderLock
    from keras_pixda.runs.guard import Guard
    from keras_pixda.runs.measure import measure
    from keras_pixda.runs.network_settings import NetworkSettings
    from keras_pixda.runs.panels import Panels
    from keras_pixda.runs.pipeline import Pipeline
    from keras_pixda.runs.planned_phase import PlannedPhase
    from keras_pixda.runs.predict import predict
    from keras_pixda.runs.present_table import present_table
    from keras_pixda.runs.run_folder import RunFolder
    from keras_pixda.runs.run_plan import run_plan
    from keras_pixda.runs.run_records import RunRecords
    from keras_pixda.runs.saved_facts import saved_facts
    from keras_pixda.runs.saved_run import saved_run
    from keras_pixda.runs.settings import Settings
    from keras_pixda.runs.starting_segmenter import starting_segmenter
    from keras_pixda.runs.train import train
    from keras_pixda.runs.training_settings import TrainingSettings
    from keras_pixda.runs.verify import verify
    from keras_pixda.runs.watch import Watch

__all__ = [
    "DataSettings",
    "FolderLock",
    "Guard",
    "NetworkSettings",
    "Panels",
    "Pipeline",
    "PlannedPhase",
    "RunFolder",
    "RunRecords",
    "Settings",
    "TrainingSettings",
    "Watch",
    "check_methods",
    "class_facts",
    "demo",
    "evaluate",
    "export",
    "few_shot_data",
    "measure",
    "predict",
    "present_table",
    "saved_facts",
    "run_plan",
    "saved_run",
    "starting_segmenter",
    "train",
    "verify",
]

# Where 0.1 had them.
MOVED = {
    "Row": "keras_pixda.comparison",
    "compare": "keras_pixda.comparison",
    "comparison_table": "keras_pixda.comparison",
    "report": "keras_pixda.comparison",
}

LazyRoom.open(__name__, MOVED)
