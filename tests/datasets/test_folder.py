import numpy as np
import pytest

from keras_pixda.datasets import DataError, folder, read_pair


def test_matches_by_stem_at_any_depth(write, tmp_path):
    for city in ("ulm", "bonn"):
        for number in range(3):
            write(f"in/{city}/{number}.jpg", np.zeros((24, 32, 3), np.uint8))
            write(f"out/{city}/{number}.png", number)
    record = folder(tmp_path / "in", tmp_path / "out", ["a", "b", "c"])
    assert record.classes == ("a", "b", "c")
    assert len(set(record.palette)) == 3
    assert set(record.cities) == {"folder"}
    assert read_pair(record, 5)[1].max() == 2
    by_city = folder(
        tmp_path / "in",
        tmp_path / "out",
        ("a",),
        id_map={0: 255, 1: 0, 2: 0},
        palette=[(1, 2, 3)],
        city=lambda path: path.split("/")[0],
    )
    assert by_city.cities == ("bonn",) * 3 + ("ulm",) * 3
    assert by_city.palette == ((1, 2, 3),)
    assert read_pair(by_city, 5)[1].max() == 0


def test_colours_of_many_classes_differ(write, tmp_path):
    write("in/a.png")
    write("out/a.png")
    record = folder(tmp_path / "in", tmp_path / "out", map(str, range(40)))
    assert len(set(record.palette)) == 40


def test_errors(write, tmp_path):
    write("in/a.png")
    with pytest.raises(FileNotFoundError, match="out does not exist"):
        folder(tmp_path / "in", tmp_path / "out", ("a",))
    write("out/b.png")
    with pytest.raises(DataError, match="1 images without a mask, 1 masks without"):
        folder(tmp_path / "in", tmp_path / "out", ("a",))


@pytest.mark.parametrize("ending", ["_mask", "-gt", "_leftImg8bit.seg", ".label"])
def test_masks_may_have_an_ending_of_their_own(write, tmp_path, ending):
    for key in ("a", "a_1", "ulm/b"):
        write(f"images/{key}.jpg", None)
        write(f"masks/{key}{ending}.png", None)
    pairs = folder(tmp_path / "images", tmp_path / "masks", ("road",)).pairs
    assert [mask.removeprefix(f"{tmp_path}/") for _, mask in pairs] == [
        f"masks/{key}{ending}.png" for key in ("a", "a_1", "ulm/b")
    ]


def test_an_ending_is_none_if_not_all_have_it(write, tmp_path):
    for key in ("a", "b"):
        write(f"images/{key}.jpg", None)
        write(f"masks/{key}_mask.png", None)
    write("masks/b_colour.png", None)
    folders = tmp_path / "images", tmp_path / "masks"
    with pytest.raises(DataError, match="2 images without a mask, 3 masks without"):
        folder(*folders, ("road",))
    record = folder(*folders, ("road",), mask_ending="_mask")
    assert [mask[-10:] for _, mask in record.pairs] == ["a_mask.png", "b_mask.png"]
    # Digits are no ending: 1 and 11 are two pictures.
    write("digits/1.jpg", None)
    write("digit masks/11.png", None)
    with pytest.raises(DataError, match="1 images without a mask, 1 masks without"):
        folder(tmp_path / "digits", tmp_path / "digit masks", ("road",))


def test_train_ids_of_a_converter_are_passed_over_or_chosen(write, tmp_path):
    write("images/a.jpg", None)
    write("masks/a.png", None)
    write("masks/a_labelTrainIds.png", None)
    folders = tmp_path / "images", tmp_path / "masks"
    assert folder(*folders, ("road",)).pairs[0][1].endswith("masks/a.png")
    record = folder(*folders, ("road",), mask_ending="_labelTrainIds")
    assert record.pairs[0][1].endswith("a_labelTrainIds.png")
    (tmp_path / "masks/a.png").unlink()
    assert folder(*folders, ("road",)).pairs == record.pairs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"classes": "classes.txt"},
            "a list of names, received the text 'classes.txt'; a fi",
        ),
        ({"classes": "road"}, "classes must be a list of names"),
        ({"classes": ["road", "car", "road"]}, "the class 'road' is listed twice"),
        ({"classes": range(3)}, "class 0 is 0, expected a name"),
        ({"classes": ["road", " "]}, "class 1 is ' ', expected a name"),
        ({"id_map": {"0": 0, "1": 1}}, r"key '0' is text, as in JSON.*int\(key\)"),
        ({"id_map": {0: "0"}}, "sends 0 to 0, expected"),
        ({"id_map": {0.5: 0}}, "id_map key 0.5: expected all keys"),
        ({"id_map": {}}, "id_map must map every id"),
        ({"id_map": [0, 1]}, "id_map must map every id"),
    ],
)
def test_facts_that_do_not_fit(write, tmp_path, arguments, message):
    write("images/a.jpg", None)
    write("masks/a.png", None)
    arguments = {"classes": ("road", "other"), **arguments}
    with pytest.raises(ValueError, match=f"^folder: .*{message}"):
        folder(tmp_path / "images", tmp_path / "masks", **arguments)
