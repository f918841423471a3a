"""What a walk over a whole data set finds: faults, and the shares of its classes."""

import collections
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_pixda.datasets.conventions import conventions
from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.datasets.decode import decode_picture
from keras_pixda.datasets.look_at_pair import look_at_pair
from keras_pixda.datasets.segmentation_record import SegmentationRecord

# What Pillow calls pictures of one value a pixel.
MASK_MODES = ("1", "L", "P")


class DataCheck:
    """Read every pair of a record, count its pixels and note all faults.

    Of pictures without masks their sizes are counted in place of pixels, and it is a
    suspicion if any looks like a mask.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import DataCheck, folder

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road", "car"))
        checked = DataCheck(record)
    assert checked.pixels.tolist() == [768, 0]
    assert checked.findings[0].problem == "no mask has a pixel of car"
    assert "100.0 %" in checked.table()
    ```

    Args:
        record: the `SegmentationRecord` to walk.
        progress: called as `progress(done, total)` after each pair. Defaults to
            `None`.
        workers: number of threads that read. Defaults to `2`.

    Attributes:
        by_pair: for each pair a tuple of `Finding`.
        findings: every `Finding`, those of files and those of the whole.
        notes: the `Finding` of what is ordinary in a part of a benchmark.
        suspicions: those of `findings` that say how ids look as if they were misread.
        pixels: `int64` pixels of each class.
        ignored: number of pixels without a label.
        shows: bool `(pairs, classes)`, whether the mask of a pair shows a class.
        sizes: `Counter` of `(width, height)`, empty where there are masks.
    """

    def __init__(
        self,
        record: SegmentationRecord,
        progress: Callable[[int, int], object] | None = None,
        workers: int = 2,
    ):
        self.record = record
        self.by_pair = []
        self.pixels = np.zeros(len(record.classes), np.int64)
        self.ignored = 0
        self.sizes = collections.Counter()
        self.shows = np.zeros((len(record), len(record.classes)), bool)
        if not record.labelled:
            self._look_at_pictures(progress, workers)
            return
        ids = collections.Counter()
        with ThreadPoolExecutor(workers) as pool:
            walk = pool.map(
                lambda index: look_at_pair(record, index), range(len(record))
            )
            for index, (findings, labels, held) in enumerate(walk):
                self.by_pair.append(tuple(findings))
                self.pixels += labels[: len(self.pixels)]
                self.ignored += int(labels[record.ignore_class])
                self.shows[index] = labels[: len(self.pixels)] > 0
                ids.update(held)
                if progress:
                    progress(index + 1, len(record))
        self.findings = [finding for found in self.by_pair for finding in found]
        self.suspicions = conventions(record, ids)
        self.findings += self.suspicions
        self.notes = []
        # Where ids seem to be misread, a class is missing for that.
        expected = record.every_class or bool(self.suspicions)
        (self.findings if expected else self.notes).extend(self._absent(expected))

    def _look_at_pictures(self, progress, workers):
        """The walk over a record without masks."""
        record, like_masks = self.record, []
        with ThreadPoolExecutor(workers) as pool:
            walk = pool.map(_look_at_picture, (path for path, _ in record.pairs))
            for done, (findings, size, mode) in enumerate(walk, start=1):
                self.by_pair.append(tuple(findings))
                if size:
                    self.sizes[size] += 1
                if mode in MASK_MODES:
                    like_masks.append(record.pairs[done - 1][0])
                if progress:
                    progress(done, len(record))
        self.findings = [finding for found in self.by_pair for finding in found]
        self.suspicions, self.notes = masks_among_pictures(record, like_masks), []
        self.findings += self.suspicions

    def _absent(self, expected):
        """What is to be said of classes without a pixel."""
        names = [
            name
            for name, count in zip(self.record.classes, self.pixels, strict=True)
            if not count
        ]
        if not names or not self.pixels.sum() + self.ignored:
            return []
        remedy = "Ordinary in a part of the data; these masks cannot teach it."
        if expected:
            remedy = "Correct the classes or the ids, or add masks that show them."
        return [
            Finding(
                self.record.name, f"no mask has a pixel of {', '.join(names)}", remedy
            )
        ]

    def table(self) -> str:
        """A table of the classes, at most 80 columns wide; or of sizes of pictures."""
        if not self.record.labelled:
            lines = [f"{'width x height':<18}{'pictures':>12}"]
            for (width, height), count in self.sizes.most_common():
                lines.append(f"{f'{width} x {height}':<18}{count:>12,}")
            return "\n".join(lines)
        labelled = max(int(self.pixels.sum()), 1)
        whole = max(int(self.pixels.sum()) + self.ignored, 1)
        masks = self.shows.sum(axis=0)
        rows = [("class", "pixels", "of labelled", "masks")]
        for name, count, held in zip(
            self.record.classes, self.pixels, masks, strict=True
        ):
            rows.append((name, f"{count:,}", _share(count, labelled), f"{held:,}"))
        share = _share(self.ignored, whole)
        rows.append(("ignored, of all", f"{self.ignored:,}", share, ""))
        width = max(len(name) for name, *_ in rows)
        lines = []
        for name, *cells in rows:
            name = name if len(name) <= 36 else f"{name[:33]}..."
            cells = [
                cell.rjust(wide) for cell, wide in zip(cells, (17, 12, 9), strict=True)
            ]
            lines.append(f"{name:<{min(width, 36)}}  {''.join(cells)}".rstrip())
        return "\n".join(lines)

    def examples(self, count: int = 2) -> list[int]:
        """Positions of faultless pairs that show the most classes together."""
        usable = np.array([not findings for findings in self.by_pair], bool)
        seen, chosen = np.zeros(len(self.pixels), bool), []
        for _ in range(min(count, int(usable.sum()))):
            # Classes that none has shown yet come first.
            gain = (self.shows & ~seen).sum(axis=1) * 1000 + self.shows.sum(axis=1)
            gain = np.where(usable, gain, -1)
            chosen.append(int(gain.argmax()))
            usable[chosen[-1]] = False
            seen |= self.shows[chosen[-1]]
        return chosen


def masks_among_pictures(
    record: SegmentationRecord, like_masks: Sequence[str]
) -> list[Finding]:
    """The finding that pictures without masks look like masks themselves, if any do."""
    if not like_masks:
        return []
    problem = (
        f"{len(like_masks)} of {len(record)} pictures are gray or have a "
        f"palette, such as {like_masks[0]}: they look like masks"
    )
    remedy = "If they are, name a folder of the photos alone."
    return [Finding(record.name, problem, remedy)]


def _look_at_picture(path):
    """The findings of a picture alone, its size and its mode in Pillow."""
    try:
        picture = decode_picture(path)
    except DataError as error:
        return error.findings, None, None
    return (), picture.size, picture.info["mode"]


def _share(count, whole):
    return f"{100 * count / whole:.1f} %" if count else "-"
