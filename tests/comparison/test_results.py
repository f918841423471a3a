import json
import math

import pytest

from keras_pixda.comparison import Results
from keras_pixda.strict_json import strict_json


def cell(method, shots, value, seed=0, **more):
    iou = {"mean_iou": value}
    return {"method": method, "shots": shots, "seed": seed, "iou": iou, **more}


CELLS = [
    cell("source_only", 1, 0.2, seconds=5.0),
    cell("fda", 1, 0.1, seconds=1.0),
    cell("fda", 1, 0.4, 1, seconds=3.0),
    cell("fda", 3, 0.7, seconds=9.0),
]
RESULTS = Results(CELLS)


class Folder(dict):
    def write(self, name, content):
        self[name] = content if isinstance(content, str) else strict_json(content)


def test_mean_and_spread_are_those_of_one_method_and_number_of_shots():
    assert RESULTS.over_seeds("fda", 1, "mean_iou") == pytest.approx((0.25, 0.15))
    assert RESULTS.over_seeds("fda", 1, "seconds") == pytest.approx((2.0, 1.0))


def test_one_value_has_no_spread_and_none_no_mean():
    mean, spread = RESULTS.over_seeds("fda", 3, "mean_iou")
    assert mean == 0.7
    assert math.isnan(spread)
    assert all(map(math.isnan, RESULTS.over_seeds("fda", 5, "mean_iou")))
    assert all(map(math.isnan, RESULTS.over_seeds("fda", 1, "train")))


def test_a_row_without_shots_counts_for_every_number_of_them():
    assert RESULTS.over_seeds("source_only", 5, "mean_iou")[0] == 0.2
    assert [RESULTS.has_shots(name) for name in RESULTS.methods] == [False, True]
    told = Results(CELLS, without_shots=["fda"])
    assert told.over_seeds("fda", 5, "mean_iou")[0] == pytest.approx(0.4)
    assert math.isnan(told.over_seeds("source_only", 5, "mean_iou")[0])


@pytest.mark.parametrize("missing", [None, math.nan])
def test_missing_values_are_left_out(missing):
    results = Results([*CELLS, cell("fda", 1, missing)])
    assert results.over_seeds("fda", 1, "mean_iou") == pytest.approx((0.25, 0.15))


def test_files_hold_every_cell_and_are_read_again(tmp_path):
    results = Results([*CELLS, cell("fda", 3, math.nan, 1, seconds=0.1)])
    results.cells[1]["iou"]["road"] = 1 / 3
    folder = Folder()
    results.write(folder)
    assert [*folder] == ["results.json", "results.csv"]
    assert folder["results.csv"].splitlines()[:3] == [
        "method,shots,seed,seconds,mean_iou,road",
        "source_only,1,0,5.0,0.2,nan",
        "fda,1,0,1.0,0.1,0.3333333333333333",
    ]
    for name, text in folder.items():
        path = tmp_path / name
        path.write_text(text, "utf-8")
        again = Results.read(path)
        assert again.methods == ["source_only", "fda"]
        assert again.seeds == [0, 1]
        for method, shots in (("source_only", 1), ("fda", 1), ("fda", 3)):
            for key in ("mean_iou", "road", "seconds"):
                assert again.over_seeds(method, shots, key) == pytest.approx(
                    results.over_seeds(method, shots, key), nan_ok=True
                )
    assert json.loads(folder["results.json"])[4]["iou"] == {"mean_iou": None}


def test_results_pass_as_they_are():
    assert Results.of(RESULTS) is RESULTS
    assert Results.of(CELLS).cells == CELLS == [*RESULTS]
    assert len(RESULTS) == 4
