from keras_pixda.runs import present_table

NAN = float("nan")


def test_absent_classes_are_named_below_the_table():
    iou = {"mean_iou": 0.5, "well_iou": 0.5, "under_iou": NAN, "road": 0.5}
    absent = {f"class {i}": NAN for i in range(18)}
    text = present_table({**iou, **absent}, iou, well=["road", "class 3"])
    lines = text.splitlines()
    assert lines[2].split() == ["road", "*", "50.0", "+0.0"]
    assert not any(line.startswith("class 3") for line in lines[:-4])
    assert text.count("class") == 18 + 2  # The heading and the note.
    assert max(map(len, lines)) <= 79


def test_without_absent_classes_there_is_no_such_line():
    assert "not in these data" not in present_table({"mean_iou": 0.5, "road": 0.5})
