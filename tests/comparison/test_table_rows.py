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
