"""Two thousand steps with all that a run does: nothing piles up."""

import os
import pathlib

import keras
import pytest

from keras_pixda import FewShotDomainDataset, PixDAModel
from keras_pixda.callbacks import (
    ExactResume,
    HistoryCSV,
    PerClassIoU,
    ProgressLine,
    SampleSelection,
)
from keras_pixda.datasets import SegmentationDataset, cityscapes, gta5
from keras_pixda.models import small_segmenter
from keras_pixda.training.fit_steps import fit_steps

STEPS, BETWEEN = 2000, 100


class Usage(keras.callbacks.Callback):
    """Resident MiB and open file descriptors every hundred steps."""

    def __init__(self):
        super().__init__()
        self.steps = 0
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps % BETWEEN == 0:
            pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
            memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
            self.seen.append((memory, len(os.listdir("/proc/self/fd"))))


@pytest.mark.faults
def test_memory_and_file_descriptors_stay_flat(scenes, tmp_path):
    record = cityscapes(scenes / "cityscapes", "val")
    dataset = FewShotDomainDataset(
        gta5(scenes / "gta5"),
        cityscapes(scenes / "cityscapes"),
        shots=1,
        batch_size=1,
        image_size=(32, 48),
        cache="memory",
        unlabelled=record,
    )
    model = PixDAModel(small_segmenter(num_classes=19, filters=2))
    model.compile("sgd", "adam")
    usage = Usage()
    callbacks = [
        PerClassIoU(
            SegmentationDataset(record, image_size=(32, 48)),
            record.classes,
            every=5,
            csv=tmp_path / "iou.csv",
            print_table=False,
        ),
        SampleSelection(dataset, threshold=-1e6, growth=0.0, every=10, verbose=0),
        HistoryCSV(tmp_path / "history.csv"),
        ProgressLine("soak", STEPS, verbose=False),
        ExactResume(tmp_path / "state"),
        usage,
    ]
    fit_steps(model, dataset, STEPS, callbacks)
    print([f"{memory:.0f} MiB, {files} files" for memory, files in usage.seen])
    assert len(usage.seen) == STEPS // BETWEEN
    memory, files = zip(*usage.seen[4:], strict=True)
    assert max(files) - min(files) <= 2  # A pass more or less is being read.
    # The last quarter against the first of the time after the start.
    assert sum(memory[-4:]) / 4 - sum(memory[:4]) / 4 < 8
