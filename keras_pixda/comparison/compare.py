"""All methods on one pair of data sets, over shots and seeds."""

import collections
import concurrent.futures
import contextlib
import dataclasses
import multiprocessing
import os
import sys
from collections.abc import Sequence

import tensorflow as tf

from keras_pixda.comparison.cells import Cells
from keras_pixda.comparison.comparison_plan import PLAN, ComparisonPlan
from keras_pixda.comparison.legend import legend
from keras_pixda.comparison.measured_how import measured_how
from keras_pixda.comparison.results import Results
from keras_pixda.comparison.rows import (
    ROWS,
    readers_of_unlabelled,
    unlabelled_block,
)
from keras_pixda.comparison.terminal_table import terminal_table
from keras_pixda.comparison.write_comparison import shown_shots, write_comparison
from keras_pixda.methods.registry import METHODS as REGISTERED
from keras_pixda.preemption import (
    Preempted,
    Preemption,
    end_with_parent,
    stop_reason,
)
from keras_pixda.progress import Progress
from keras_pixda.runs.check_methods import check_methods
from keras_pixda.runs.few_shot_data import few_shot_data
from keras_pixda.runs.machine_folder import MachineFolder
from keras_pixda.runs.run_folder import expect_same_data
from keras_pixda.runs.run_plan import START
from keras_pixda.runs.run_records import RunRecords
from keras_pixda.runs.settings import Settings
from keras_pixda.runs.training_strategy import training_strategy


def compare(
    settings: Settings,
    folder: str | os.PathLike,
    shots: Sequence[int] | None = None,
    seeds: int | None = None,
    names: Sequence[str] | None = None,
    processes: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    verbose: bool = True,
) -> str:
    """Run every method for every number of shots and every seed, and report.

    For a seed, all methods start from the same source-only weights, see the source in
    the same order and the same shots, and may look at the same number of target
    batches. A cell is what `keras_pixda.runs.train` does for its method, shots and
    seed. A finished one is not run again; one that was interrupted goes on from its
    last saved state. A finished comparison may be resumed with more methods, shots or
    seeds; those that are not given then are the folder's own.

    Example:

    ```python
    import tempfile
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.comparison import compare
    from keras_pixda.runs import Settings

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(f"{root}/data", source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/data/gta5",
            target=f"cityscapes:{root}/data/cityscapes", image_size=(32, 48),
            batch_size=2, source_steps=1, steps=1, distillation_steps=0, panels=1,
        )
        table = compare(
            settings, f"{root}/comparison", shots=[1], seeds=1,
            names=["source_only", "fine_tuning"], verbose=False,
        )
    assert "| Fine-Tuning |" in table
    ```

    Args:
        settings: The `Settings` of all runs; its `shots` and `seed` are the cells'.
        folder: Where to write: `report.html`, `table.md`, `figure.svg`, `panel.png`,
            `results.json`, `results.csv`, `comparison.json` and `cells/*.json`.
        shots: Numbers of target images from each city. Defaults to `None`, those of
            the comparison that is resumed, else `(1, 3, 5)`.
        seeds: Number of seeds, counted from the settings' one. Defaults to `None`, that
            of the comparison that is resumed, else 3.
        names: Rows to run, of `keras_pixda.comparison.rows.ROWS`. Defaults to `None`,
            those of the comparison that is resumed, else the registered methods and
            PixDA+.
        processes: Cells to run at a time, each in a process with its share of the
            cores. Defaults to 1.
        resume: Whether to go on with the comparison in the folder. Defaults to `False`.
        overwrite: Whether to replace it. Defaults to `False`.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        What `table.md` holds: the table as Markdown, below what its figures are.

    Raises:
        FileExistsError: If the folder holds a run and neither flag is given.
        BlockingIOError: If another process is at work in the folder.
        ValueError: If a method is unknown or cannot be trained so, there are fewer
            images than shots, or data or settings do not fit; nothing has been trained
            or written then.
    """
    if processes < 1:
        raise ValueError(f"processes is {processes}, expected at least 1.")
    strategy = training_strategy(settings)
    if processes > 1 and strategy.num_replicas_in_sync > 1:
        raise ValueError(
            f"processes is {processes}, expected 1: every cell trains on all of the "
            f"{strategy.num_replicas_in_sync} devices (--devices 1 for cells side by "
            "side)."
        )
    with MachineFolder.of(strategy, folder) as machine:
        verbose = verbose and machine.writes
        asked = names, shots, seeds
        plan, records = machine.together(
            lambda: _look_at_data(settings, machine.path, asked, resume, verbose)
        )
        opened = machine.open(settings, resume, overwrite)
        with contextlib.closing(opened) as folder:
            folder.write(PLAN, dataclasses.asdict(plan))
            cells = Cells(settings, folder, records, verbose, strategy)
            table = _compare(cells, plan, processes, verbose)
            machine.together(lambda: None)  # None leaves before the others have ended.
            return table


def _look_at_data(settings, folder, asked, resume, verbose):
    """The plan and the records, once data and methods have been found to fit."""
    earlier = folder if resume else None
    plan = ComparisonPlan.of(earlier, *asked, settings.data.has_unlabelled)
    # What does not fit is said before anything is written.
    if resume:
        expect_same_data(folder, settings)
    records = RunRecords(settings, earlier, verbose)
    if resume:
        records.expect_inputs(records.inputs(), folder)
    most = settings.change(shots=max(plan.shots))
    runs = [ROWS[name].apply(most) for name in plan.methods]
    check_methods(runs, len(records.source.classes))
    shots = _check_data(settings, plan, records)
    records.check_heads(shots)
    if verbose and (overlap := records.overlap(shots)):
        print(overlap)
    return plan, records


def _check_data(settings, plan, records):
    """Raise what the data of any cell would end it with; returns what may be shots."""
    target, most = records.target, max(plan.shots)
    if settings.data.shots_file is None:
        images = collections.Counter(target.cities)
        city, fewest = min(images.items(), key=lambda item: item[1])
        if most > fewest:
            raise ValueError(
                f"shots are {[*plan.shots]}, expected numbers up to {fewest}, the "
                f"images of city {city} in {target.name}."
            )
    elif len(plan.shots) > 1:
        raise ValueError(
            f"shots are {[*plan.shots]}, expected a single number: the images are "
            f"always those that {settings.data.shots_file} lists."
        )
    last = settings.training.seed + plan.seeds - 1
    # The classes of all masks need not be counted for this.
    cell = settings.change(seed=last, rare_class_sampling=0.0)
    readers = readers_of_unlabelled(plan.methods) or [START]
    for k in {min(plan.shots), most}:
        cell = cell.change(shots=k, method=ROWS[readers[0]].method)
        data = few_shot_data(
            cell, records.source, target, unlabelled=records.unlabelled
        )
    return data.target if settings.data.shots_file else target


def _compare(comparison, plan, processes, verbose):
    settings, folder = comparison.settings, comparison.folder
    names, shots, first = plan.methods, plan.shots, settings.training.seed
    every_seed = range(first, first + plan.seeds)
    # Source Only has no shots: one cell a seed, and first, for all others start there.
    alone = shown_shots(shots)
    starts = [(START, alone, seed) for seed in every_seed]
    cells = [
        (name, k, seed)
        for seed in every_seed
        for k in shots
        for name in names
        if name != START
        and (ROWS[name].runs_with(k) if ROWS[name].has_shots else k == alone)
    ]
    progress = Progress("comparison", len(starts) + len(cells), verbose)
    results = {}
    for stage in (starts, cells):
        for cell, result in _run(stage, comparison, processes):
            results[cell] = result
            name, k, seed = cell
            note = f"{name}, {k} shot{'s' * (k > 1)}, seed {seed}"
            progress(len(results), note=note)
    done = [results[cell] for cell in (*starts, *cells) if cell[0] in names]
    results, titles = Results(done), {name: ROWS[name].title for name in names}
    # Nobody is to compare apples with pears.
    blocks = unlabelled_block(comparison.records.unlabelled, names)
    table = write_comparison(
        folder,
        results,
        titles,
        shots,
        title=f"{comparison.source.name} to {comparison.target.name}",
        facts=measured_how(
            settings, comparison.records, comparison.facts["well"], names, results
        ),
        panels=comparison.panels,
        blocks=blocks,
    )
    left_out = comparison.records.write_report(folder, comparison.validation)
    folder.seal()
    if verbose:
        styled = sys.stdout.isatty()
        shown = terminal_table(results, titles, shots, styled, blocks)
        print(f"\n{legend(results)}\n\n{shown}\n")
        print(f"Report: {folder / 'report.html'}\n{left_out}")
    return table


def _run(cells, comparison, processes):
    """Cells and their results, as they are finished."""
    if processes == 1:
        for cell in cells:
            yield cell, comparison.result(*cell)
        return
    threads = max(1, (os.cpu_count() or 1) // processes)
    pool = concurrent.futures.ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),  # TensorFlow does not survive a fork.
        initializer=_prepare,
        initargs=(dict(REGISTERED), comparison.settings, comparison.folder, threads),
    )
    try:
        coming = {pool.submit(_cell, cell): cell for cell in cells}
        for future in concurrent.futures.as_completed(coming):
            yield coming[future], future.result()
    except concurrent.futures.process.BrokenProcessPool as error:
        if reason := stop_reason():
            raise Preempted(reason) from None
        raise ChildProcessError(
            "A process of the comparison was killed, perhaps for memory: resume it, "
            "with fewer processes if it happens again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(methods, settings, folder, threads):
    """Ready a process: its share of the cores, methods from outside, and the data."""
    global _cells
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    REGISTERED.update(methods)
    _cells = Cells(settings, folder, verbose=False)
    Preemption().__enter__()  # To the end of the process.
    end_with_parent()


def _cell(cell):
    return _cells.result(*cell)
