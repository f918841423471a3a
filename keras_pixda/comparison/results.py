"""What a comparison measured."""

import csv
import io
import json
import math
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np

from keras_pixda.comparison.rows import ROWS
from keras_pixda.nan_for_null import nan_for_null
from keras_pixda.typing import FilePath

_FACTS = {"method": str, "shots": int, "seed": int, "seconds": float}


class Results:
    """The cells of a comparison, and what they say over seeds.

    Tables, figures and pages ask it: it alone knows how seeds are averaged and which
    rows have no shots.

    Example:

    ```python
    from keras_pixda.comparison import Results

    results = Results([
        {"method": "pixda", "shots": 1, "seed": 0, "iou": {"mean_iou": 0.25}},
        {"method": "pixda", "shots": 1, "seed": 1, "iou": {"mean_iou": 0.75}},
        {"method": "source_only", "shots": 1, "seed": 0, "iou": {"mean_iou": 0.2}},
    ])
    assert results.over_seeds("pixda", 1, "mean_iou") == (0.5, 0.25)
    # Source Only has no shots: its cells count for every number of them.
    assert results.over_seeds("source_only", 5, "mean_iou")[0] == 0.2
    ```

    Args:
        cells: Dicts with `method` (name of a row), `shots`, `seed`, `iou` (fractions by
            name, NaN or `None` where a class does not occur) and maybe `seconds`.
        without_shots: Names of the rows that look at no labelled target image. Defaults
            to `None`, what the rows of `keras_pixda.comparison.rows` declare.
    """

    def __init__(
        self, cells: Iterable[dict], without_shots: Iterable[str] | None = None
    ):
        self.cells = list(cells)
        if without_shots is None:
            without_shots = [name for name, row in ROWS.items() if not row.has_shots]
        self.without_shots = frozenset(without_shots)

    @classmethod
    def of(cls, cells: "Results | Iterable[dict]") -> "Results":
        """These results, or those of a list of cells."""
        return cells if isinstance(cells, cls) else cls(cells)

    @classmethod
    def read(cls, path: str | pathlib.Path) -> "Results":
        """The results of a `results.json` or a `results.csv`, whichever it ends in."""
        text = pathlib.Path(path).read_text("utf-8")
        if not str(path).endswith(".csv"):
            return cls(nan_for_null(json.loads(text)))
        cells = []
        for row in csv.DictReader(io.StringIO(text)):
            facts = {
                name: kind(row.pop(name))
                for name, kind in _FACTS.items()
                if name in row
            }
            iou = {name: float(value) for name, value in row.items()}
            cells.append({**facts, "iou": iou})
        return cls(cells)

    def write(self, folder: FilePath) -> None:
        """Write `results.json` and `results.csv` into a `RunFolder`."""
        folder.write("results.json", self.cells)
        folder.write("results.csv", self.to_csv())

    def to_csv(self) -> str:
        """A line for each cell, NaN where it lacks a value."""
        file = io.StringIO()
        lines = csv.writer(file, lineterminator="\n")
        keys = self.keys
        lines.writerow([*_FACTS, *keys])
        for cell in self.cells:
            facts = [cell.get(name, math.nan) for name in _FACTS]
            lines.writerow([*facts, *(cell["iou"].get(key, math.nan) for key in keys)])
        return file.getvalue()

    def __iter__(self) -> Iterator[dict]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def keys(self) -> list[str]:
        """What the cells measured: means, shares and classes, in their order."""
        return list(dict.fromkeys(key for cell in self.cells for key in cell["iou"]))

    @property
    def methods(self) -> list[str]:
        """Names of the rows, in their order."""
        return list(dict.fromkeys(cell["method"] for cell in self.cells))

    @property
    def seeds(self) -> list[int]:
        """The seeds, in rising order."""
        return sorted({cell["seed"] for cell in self.cells})

    def has_shots(self, method: str) -> bool:
        """Whether a row looks at labelled target images."""
        return method not in self.without_shots

    def over_seeds(self, method: str, shots: int, key: str) -> tuple[float, float]:
        """Mean and spread of one value of a row.

        Args:
            method: Name of the row.
            shots: Number of target images from each city; all cells of a row without
                shots count, whatever it is.
            key: `"mean_iou"`, `"well_iou"`, `"under_iou"`, `"absent_share"`, a class,
                or `"seconds"`.

        Returns:
            Mean and standard deviation over the seeds that have the value. The mean is
            NaN without any; the deviation also with only one, which has no spread.
        """
        values = [
            cell.get("seconds") if key == "seconds" else cell["iou"].get(key)
            for cell in self.cells
            if cell["method"] == method
            and (cell["shots"] == shots or not self.has_shots(method))
        ]
        values = [
            value for value in values if value is not None and not math.isnan(value)
        ]
        mean = float(np.mean(values)) if values else math.nan
        spread = float(np.std(values)) if len(values) > 1 else math.nan
        return mean, spread
