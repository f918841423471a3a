"""The committed cells of `benchmarks/results` are averaged as the package does now."""

import json
import math
import pathlib

import pytest

from keras_pixda.comparison import Results, comparison_table, shots_figure
from keras_pixda.comparison.over_labelled import over_labelled
from keras_pixda.comparison.rows import ROWS, readers_of_unlabelled

RESULTS = pathlib.Path(__file__).parents[2] / "benchmarks" / "results"
CITY = ("road", "sidewalk", "building", "vegetation", "sky", "car")
CAMVID = ("sky", "building", "road", "pavement", "tree", "car")
CAMVID_RARE = {"pole", "sign", "fence", "pedestrian", "bicyclist"}
UNLABELLED = {
    "real_3": 364,
    "real_3_tuned": 364,
    "real_3_180x240": 364,
    "real_9": 358,
    "real_15": 352,
    "real_18": 349,
    "real_18_180x240": 349,
    "real_54": 313,
    "real_90": 277,
}


@pytest.mark.parametrize(
    ("name", "well", "rare"),
    [
        ("toy", CITY, {"pole", "traffic sign", "person"}),
        ("parts", CITY, {"pole", "traffic sign", "person"}),
        ("camvid", CAMVID, CAMVID_RARE),
        *((name, CAMVID, CAMVID_RARE) for name in UNLABELLED),
    ],
)
def test_means_are_over_the_labelled_classes(name, well, rare):
    results = Results.read(RESULTS / f"compare_{name}.csv")
    for cell in results:
        iou = cell["iou"]
        cell["iou"] = over_labelled(iou, {*well, *rare}, well)
        assert cell["iou"] == pytest.approx(iou, rel=1e-5, nan_ok=True)
        present = {key for key in iou if not math.isnan(iou[key])}
        assert present >= {*well, *rare}
    titles = {name: ROWS[name].title for name in results.methods}
    blocks = {}
    if name in UNLABELLED:
        heading = f"With {UNLABELLED[name]} unlabelled images"
        blocks = {heading: readers_of_unlabelled(titles)}
    shots = sorted({cell["shots"] for cell in results})
    table = comparison_table(results, titles, shots, blocks)
    assert table in (RESULTS / "compare.md").read_text()
    if name == "toy":
        drawn = (RESULTS / "compare_toy.svg").read_text()
        assert shots_figure(results, titles, [1, 3, 5]) == drawn


def test_the_curve_is_what_was_measured():
    curves = {}
    for text in (RESULTS / "curve.jsonl").read_text().splitlines():
        line = json.loads(text)
        if line["step"] != "half":
            curves.setdefault(line["method"], []).append(line)
    page = (RESULTS / "compare.md").read_text()
    assert set(curves) == {"pixda+", "joint_training", "fine_tuning"}
    for method, lines in curves.items():
        title = ROWS[method].title
        for row, kind in ((title, "evaluation"), (f"{title}, on the photos", "shots")):
            values = [f"{line[kind]:.1f}" for line in lines]
            assert f"| {row} | {' | '.join(values)} |" in page
