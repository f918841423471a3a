"""Time and memory of long input lists, up to the first batch and of a whole check.

    python benchmarks/long_lists.py --source idda:IDDA --target camvid:CAMVID \
        --pairs 25000 3000 --folder /tmp/long

Makes data sets of that many pairs in a folder, from those of a few hundred, by hard
links (to files of the same disk), and does what a run does before its first step: finds
the files, notes them, chooses shots, counts classes. What is kept between runs is
counted twice, at first and again. `decoding` is a loop over the pairs of the source
that only decodes them, with as many threads as `check` has: its lower limit; both
take turns. Prints a table: seconds, pairs a second, and MiB of the process after each.
"""

import argparse
import functools
import itertools
import os
import pathlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import workers

from keras_pixda.datasets import DataCheck, FewShotDomainDataset, load
from keras_pixda.datasets.data_spelling import DataSpelling
from keras_pixda.datasets.decode import decode_mask, decode_picture
from keras_pixda.datasets.header_check import HeaderCheck
from keras_pixda.datasets.kept_counts import VARIABLE
from keras_pixda.runs.class_facts import class_facts
from keras_pixda.runs.inputs import inputs

SIZE = 128, 176


def multiply(data, place, pairs):
    """Link the files of a data set many times below a folder; its new spelling.

    Copies are told apart by figures before their names; lists name them all.
    """
    spelling = DataSpelling.of(data)
    root, place = pathlib.Path(spelling.place), pathlib.Path(place)
    new = f"{spelling.name}:{place}"
    if place.exists():
        return new
    record = load(data)
    many = {path for pair in record.pairs for path in pair}
    copies = -(-pairs // len(record))
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        inside = place / path.relative_to(root)
        inside.parent.mkdir(parents=True, exist_ok=True)
        if str(path) in many:
            for number in range(copies):
                os.link(path, inside.with_name(f"{number:03d}{path.name}"))
        elif path.suffix == ".txt":
            names = [name for name in path.read_text().split() if name]
            inside.write_text(
                "".join(
                    f"{number:03d}{name}\n"
                    for number, name in itertools.product(range(copies), names)
                )
            )
        else:
            os.link(path, inside)
    return new


def decode_all(record):
    def decode(pair):
        image, mask = pair
        decode_picture(image)
        decode_mask(mask, record)

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(decode, record.pairs):
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--pairs", nargs=2, type=int, default=(25_000, 3_000))
    parser.add_argument("--folder", required=True)
    parser.add_argument(
        "--every", type=int, default=1, help="check every so many source pairs alone"
    )
    options = parser.parse_args()
    folder = pathlib.Path(options.folder)
    source, target = (
        multiply(data, folder / name, pairs)
        for data, name, pairs in zip(
            (options.source, options.target),
            ("source", "target"),
            options.pairs,
            strict=True,
        )
    )
    print(f"{'':<28}{'seconds':>9}{'pairs/s':>9}{'MiB':>7}", flush=True)

    def timed(title, work, pairs):
        started = time.monotonic()
        result = work()
        seconds = time.monotonic() - started
        memory = workers.memory("VmRSS") / 2**20
        print(
            f"{title:<28}{seconds:>9.2f}{pairs / seconds:>9.0f}{memory:>7.0f}",
            flush=True,
        )
        return result

    def dataset(**more):
        return FewShotDomainDataset(sources, targets, 1, 4, SIZE, **more)

    sources = timed("find the source", lambda: load(source), options.pairs[0])
    targets = timed("find the target", lambda: load(target), options.pairs[1])
    both = len(sources) + len(targets)
    records = {"source": sources, "target": targets}
    timed("inputs", lambda: inputs(records), both)
    few = timed("FewShotDomainDataset", dataset, both)
    timed("its first batch", lambda: few[0], 8)
    timed("100 batches' orders", lambda: [few.batch_names(i) for i in range(100)], 800)
    timed("a batch to select from", lambda: few.selection_pass()[0], 4)
    timed("unlabelled", lambda: dataset(unlabelled=targets), both)
    os.environ[VARIABLE] = str(folder / "counts")
    shutil.rmtree(folder / "counts", ignore_errors=True)
    for when in ("", ", again"):
        facts = functools.partial(class_facts, targets, verbose=False)
        timed(f"class facts{when}", facts, len(targets))
        rare = functools.partial(dataset, rare_class_sampling=0.01)
        timed(f"rare classes{when}", rare, len(sources))
    timed("check --fast", lambda: HeaderCheck(sources), len(sources))
    part = sources.select(range(0, len(sources), options.every))
    for when in ("", ", again"):
        timed(f"decoding{when}", lambda: decode_all(part), len(part))
        timed(f"check{when}", lambda: DataCheck(part), len(part))


if __name__ == "__main__":
    main()
