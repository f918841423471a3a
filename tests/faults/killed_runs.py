"""Trains a run in child processes that are killed one after another.

`python killed_runs.py CONFIG FOLDER graph|eager|compare [POINT:COUNT ...]`: for each
point, a child resumes the run and is killed by SIGKILL at the COUNT-th time it comes
there, or after COUNT seconds (`seconds:3.5`); with `:stop` after it, it gets SIGTERM
and must save, stop and say so. The last child runs to the end. Every
finished state is noted in FOLDER.json as it is deleted, with what the run has left.
With `compare` it is a comparison with one cell of the method, as eager as `eager`.

The package is imported once and the children are forked before TensorFlow has begun to
work, which saves its import for each of them.
"""

import hashlib
import json
import os
import pathlib
import signal
import sys
import threading

import keras
import tensorflow as tf

from keras_pixda.callbacks import (
    HistoryCSV,
    PerClassIoU,
    ProgressLine,
    SampleSelection,
    StateFolder,
    state_folder,
)
from keras_pixda.comparison import compare
from keras_pixda.datasets.selection_pass import SelectionPass
from keras_pixda.preemption import EXIT_STATUS, Preempted, Preemption
from keras_pixda.runs import RunFolder, Settings, train


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def be_stopped():
    os.kill(os.getpid(), signal.SIGTERM)


def in_phase(title):
    return lambda line, *_, **__: line.title == title


def writes(name):
    return lambda folder, file, *_, **__: file == name


# A point: whose function, and of which calls; it is cut off before it or after it.
POINTS = {
    "source_only_step": (ProgressLine, "on_train_batch_end", in_phase("source only")),
    "adaptation_step": (ProgressLine, "on_train_batch_end", in_phase("adaptation")),
    "distillation_step": (ProgressLine, "on_train_batch_end", in_phase("distillation")),
    "pass_begins": (ProgressLine, "on_epoch_begin", None),
    "history_row": (HistoryCSV, "on_epoch_end", None),
    "evaluating": (PerClassIoU, "evaluate", None),
    "iou_rows": (PerClassIoU, "_write_csv", None),
    "selecting": (SelectionPass, "__getitem__", None),
    "selected": (SampleSelection, "on_epoch_end", None),
    "writing_state": (StateFolder, "write", None),
    "deleting_state": (StateFolder, "drop_finished", None),
    "writing_source_only": (RunFolder, "write", writes("source_only.keras")),
    "writing_adapted": (RunFolder, "write", writes("pixda.keras")),
    "writing_distilled": (RunFolder, "write", writes("segmenter.keras")),
    "writing_cell": (RunFolder, "write", writes("cells/fda_1_0.json")),
    "writing_result": (RunFolder, "write", writes("result.json")),
}


def set_trap(point):
    """Kill this process at the point."""
    name, count, *stop = point.split(":")
    end = be_stopped if stop else die
    if name == "seconds":
        threading.Timer(float(count), end).start()
        return
    left = [int(count)]

    def reached():
        left[0] -= 1
        if not left[0]:
            end()

    name, after = name.removesuffix("_after"), name.endswith("_after")
    if name == "half_a_state":
        real = state_folder._write

        def half(file, facts, arrays):
            real(file, facts, arrays[: len(arrays) // 2])
            file.flush()
            reached()
            file.seek(0)
            file.truncate()
            real(file, facts, arrays)

        state_folder._write = half
    elif name == "before_rename":
        real = os.replace

        def replace(source, target):
            if str(target).endswith((".state", ".keras")):
                reached()
            return real(source, target)

        os.replace = replace
    else:
        owner, function, condition = POINTS[name]
        real = getattr(owner, function)

        def trapped(*args, **kwargs):
            wanted = condition is None or condition(*args, **kwargs)
            if wanted and not after:
                reached()
            result = real(*args, **kwargs)
            if wanted and after:
                reached()
            return result

        setattr(owner, function, trapped)


def digest(values):
    found = hashlib.sha256()
    for value in values:
        found.update(f"{value.dtype}{value.shape}".encode())
        found.update(value.tobytes())
    return found.hexdigest()


def everything(model):
    optimizers = [
        value
        for _, value in sorted(vars(model).items(), key=lambda item: item[0])
        if isinstance(value, keras.optimizers.Optimizer)
    ]
    values = [*model.variables, *(v for o in optimizers for v in o.variables)]
    return digest(keras.ops.convert_to_numpy(value) for value in values)


def run(settings, folder, mode, point, notes=True):
    """In the child: train, to the end unless a point is given.

    Of several that are one job only one makes notes.
    """
    # Most children do a few steps only: compiling them would take far longer.
    tf.config.run_functions_eagerly(mode != "graph")
    tf.config.experimental.enable_op_determinism()
    makes_notes, notes = notes, folder.with_suffix(".json")
    if point:
        set_trap(point)
    drop, score = StateFolder.drop_finished, SampleSelection.score

    def spread(selection):
        # Those of untrained networks hardly differ: nothing or all would be kept.
        indices, scores = score(selection)
        return indices, scores + 0.1 * (indices % 4 - 1)

    def note_and_drop(states):
        found = states.newest()
        if found and found[0]["finished"]:
            noted = json.loads(notes.read_text()) if notes.exists() else {}
            # A phase that was killed while its state was deleted is noted again.
            key = f"state of {states.path.name}"
            noted.setdefault(key, []).append([found[0], digest(found[1])])
            notes.write_text(json.dumps(noted))
        drop(states)

    SampleSelection.score = spread
    StateFolder.drop_finished = note_and_drop
    if mode == "compare":
        names = ["source_only", settings.method]
        table = compare(settings, folder, [1], 1, names, resume=True, verbose=False)
        cells = json.loads((folder / "results.json").read_text())
        result = {"table": table, "cells": [cell["iou"] for cell in cells]}
    else:
        result = train(settings, folder, resume=True, verbose=False)
        result = {k: v for k, v in result.items() if k != "seconds"}
    if not makes_notes:
        return
    noted = json.loads(notes.read_text())
    noted["result"] = result
    # Those of a comparison have the seconds of each cell.
    for path in sorted(folder.rglob("[hp]*.csv")):
        noted[path.name] = path.read_bytes().decode()
    for path in sorted(folder.rglob("*.keras")):
        model = keras.saving.load_model(path)
        noted[path.stem] = everything(model)
        if path.stem == "pixda":
            kept = model.selection.kept.tolist()
            noted["selection"] = [kept, model.selection.threshold]
            noted["iterations"] = int(model.optimizer.iterations)
    notes.write_text(json.dumps(noted))


def main(config, folder, mode, *points):
    settings, folder = Settings.from_file(config), pathlib.Path(folder)
    for point in (*points, None):
        child = os.fork()
        if not child:
            try:
                with Preemption(grace=0.05):
                    run(settings, folder, mode, point)
                os._exit(0)
            except Preempted as stopped:
                os._exit(stopped.code)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        killed |= os.waitstatus_to_exitcode(status) == EXIT_STATUS
        print(point, "killed" if killed else os.waitstatus_to_exitcode(status))
        sys.stdout.flush()
        # Seconds may be more than the run takes.
        if not killed and (status or (point and not point.startswith("seconds"))):
            return f"{point} was not reached"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
