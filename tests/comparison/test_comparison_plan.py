import json

import pytest

from keras_pixda.comparison.comparison_plan import PLAN, ComparisonPlan
from keras_pixda.comparison.rows import BEYOND, METHODS


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shots": []}, "shots are .*, expected one or more whole numbers"),
        ({"shots": [-1, 1]}, "shots are .*whole numbers, each once"),
        ({"shots": [3, 1, 3]}, "shots are .*whole numbers, each once"),
        ({"shots": [1.0]}, "shots are .*whole numbers, each once"),
        ({"seeds": 0}, "seeds is 0, expected a whole number of at least 1"),
        ({"seeds": -1}, "seeds is -1"),
        ({"methods": []}, "methods are .*, expected one or more, each once"),
        ({"methods": ["fda", "pixda", "fda"]}, "each once"),
        ({"methods": ["magic"]}, r"Unknown methods \['magic'\], expected some of"),
    ],
)
def test_what_cannot_be_compared_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ComparisonPlan.of(**given)


def test_what_is_given_goes_before_what_is_remembered_and_that_before_defaults(
    tmp_path,
):
    every = (*METHODS, *BEYOND)
    default = ComparisonPlan(
        tuple(name for name in every if name != "self_training"), (1, 3, 5), 3
    )
    assert ComparisonPlan.of(unlabelled=True).methods == every
    # Folders of earlier versions remember nothing.
    assert ComparisonPlan.of(tmp_path) == ComparisonPlan.of() == default
    values = {"methods": ["fda"], "shots": [2, 1], "seeds": 4}
    (tmp_path / PLAN).write_text(json.dumps(values))
    assert ComparisonPlan.of(tmp_path) == ComparisonPlan(("fda",), (2, 1), 4)
    longer = ComparisonPlan.of(tmp_path, ["fda", "naae"], seeds=5)
    assert longer == ComparisonPlan(("fda", "naae"), (2, 1), 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "line 1: expected an object"),
        ('{"methods": ["fda"]}', "give --methods, --shots and --seeds"),
        ('{"methods": 3, "shots": [1], "seeds": 1}', "give --methods, --shots"),
        ('{"methods": ["gone"], "shots": [1], "seeds": 1}', "Unknown methods"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, text, message):
    (tmp_path / PLAN).write_text(text)
    with pytest.raises(ValueError, match=f"{PLAN}.*{message}"):
        ComparisonPlan.of(tmp_path)
    assert ComparisonPlan.of(tmp_path, ["fda"], [1], 1).seeds == 1
