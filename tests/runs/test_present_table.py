from keras_pixda.runs import present_table

NAN = float("nan")


def test_absent_classes_are_named_below_the_table():
    iou = {"mean_iou": 0.5, "well_iou": 0.5, "under_iou": NAN, "road": 0.5}
    absent = {f"class {i}": NAN for i in range(18)}
    text = present_table({**iou, **absent}, iou, well=["road", "class 3"])
    assert "under_iou" not in text
    lines = text.splitlines()
    assert lines[2].split() == ["road", "*", "50.0", "+0.0"]
    assert not any(line.startswith("class 3") for line in lines[:-4])
    assert text.count("class") == 18 + 1  # The heading.
    assert max(map(len, lines)) <= 79


def test_nothing_is_called_under_represented_where_every_class_is_well():
    iou = {"mean_iou": 0.5, "well_iou": 0.5, "absent_share": 0.0, "road": 0.5}
    assert present_table(iou, None, ["road"]).splitlines()[1:] == [
        "-" * 15,
        "road *     50.0",
        "-" * 15,
        "mean       50.0",
        "well       50.0",
        "* well represented",
    ]


def test_pixels_given_to_absent_classes_stand_on_a_line_of_their_own():
    iou = {"mean_iou": 0.5, "absent_share": 0.0204, "road": 0.5, "bus": NAN}
    assert present_table(iou).splitlines()[-2:] == [
        "given to classes that no mask holds: 2 % of the pixels",
        "not in these data: bus",
    ]


def test_without_absent_classes_there_is_no_such_line():
    assert "not in these data" not in present_table({"mean_iou": 0.5, "road": 0.5})
