import json

import pytest

from keras_pixda.runs import saved_facts

FACTS = {
    "classes": ["road"],
    "palette": [[1, 2, 3]],
    "ignore_class": 255,
    "well": [],
    "image_size": [32, 48],
}


@pytest.fixture
def write(tmp_path):
    (tmp_path / "segmenter.keras").touch()

    def write(facts):
        (tmp_path / "classes.json").write_text(json.dumps(facts))
        return tmp_path

    return write


def test_facts_are_read_without_the_model(write):
    assert saved_facts(write(FACTS)) == FACTS


@pytest.mark.parametrize("missing", ["segmenter.keras", "classes.json", "other.keras"])
def test_a_folder_without_a_run_is_named(write, missing):
    folder = write(FACTS)
    (folder / missing).unlink(missing_ok=True)
    model = missing if missing.endswith(".keras") else "segmenter.keras"
    with pytest.raises(FileNotFoundError, match=f"holds no {missing}: expected a fol"):
        saved_facts(folder, model)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": "road"}, "line 1: 'classes' is not a list of names"),
        ({"classes": []}, "'classes' is not a list of names"),
        ({"palette": [[1, 2, 300]]}, "'palette' is not a list of"),
        ({"palette": []}, "'palette' is not a list of"),
        ({"ignore_class": None}, "'ignore_class' is not a whole number"),
        ({"well": [1]}, "'well' is not a list of names"),
        ({"image_size": [32]}, r"'image_size' is not \[height, width\]"),
    ],
)
def test_facts_that_do_not_fit_are_named(write, changes, message):
    with pytest.raises(ValueError, match=rf"classes\.json.*{message}"):
        saved_facts(write(FACTS | changes))


@pytest.mark.parametrize("name", FACTS)
def test_missing_facts_are_named(write, name):
    rest = {key: value for key, value in FACTS.items() if key != name}
    with pytest.raises(ValueError, match=rf"classes\.json: '{name}' is missing"):
        saved_facts(write(rest))
