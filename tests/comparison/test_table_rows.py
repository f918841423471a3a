from keras_pixda.comparison import Results
from keras_pixda.comparison.table_rows import table_rows


def test_rows_note_and_what_is_missing():
    cells = [
        {"method": "fda", "shots": 1, "seed": seed, "iou": {"mean_iou": 0.1 * seed}}
        for seed in (1, 3)
    ]
    cells[0]["iou"]["absent_share"] = 0.0123
    rows, note = table_rows(Results(cells), {"fda": "FDA", "naae": "NAAE"}, [1, 3])
    assert rows == [
        ["method", "1-shot", "3-shot"],
        ["FDA", "20.0 (± 10.0)", "–"],
        ["NAAE", "–", "–"],
    ]
    assert note == (
        "Given to classes that no mask holds, in % of the pixels: FDA 1.2 / –."
    )


def test_blocks_stand_below_their_heading_after_all_others():
    cells = [
        {"method": name, "shots": 1, "seed": 0, "iou": {"mean_iou": iou}}
        for name, iou in (("plus", 0.3), ("fda", 0.2), ("naae", 0.1))
    ]
    titles = {"plus": "Plus", "fda": "FDA", "naae": "NAAE"}
    rows, _ = table_rows(Results(cells), titles, [1], {"With more": ["plus"]})
    assert rows[1:] == [
        ["FDA", "20.0"],
        ["NAAE", "10.0"],
        ["With more", ""],
        ["Plus", "30.0"],
    ]
