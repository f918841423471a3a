"""The committed cells of `benchmarks/results` are averaged as the package does now."""

import csv
import math
import pathlib

import pytest

from keras_pixda.comparison import comparison_table
from keras_pixda.comparison.over_labelled import over_labelled
from keras_pixda.comparison.rows import ROWS

RESULTS = pathlib.Path(__file__).parents[2] / "benchmarks" / "results"
FACTS = ("method", "shots", "seed", "seconds")
CITY = ("road", "sidewalk", "building", "vegetation", "sky", "car")
CAMVID = ("sky", "building", "road", "pavement", "tree", "car")


@pytest.mark.parametrize(
    ("name", "well", "rare"),
    [
        ("toy", CITY, {"pole", "traffic sign", "person"}),
        ("parts", CITY, {"pole", "traffic sign", "person"}),
        ("camvid", CAMVID, {"pole", "sign", "fence", "pedestrian", "bicyclist"}),
    ],
)
def test_means_are_over_the_labelled_classes(name, well, rare):
    with (RESULTS / f"compare_{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    cells = []
    for row in rows:
        iou = {key: float(row[key]) for key in row if key not in FACTS}
        found = over_labelled(iou, {*well, *rare}, well)
        assert found == pytest.approx(iou, rel=1e-5, nan_ok=True)
        present = {key for key in found if not math.isnan(found[key])}
        assert present >= {*well, *rare}
        facts = {"method": row["method"], "shots": int(row["shots"])}
        cells.append({**facts, "seed": int(row["seed"]), "iou": found})
    names = dict.fromkeys(cell["method"] for cell in cells)
    shots = sorted({cell["shots"] for cell in cells})
    table = comparison_table(cells, {name: ROWS[name].title for name in names}, shots)
    assert table in (RESULTS / "compare.md").read_text()
