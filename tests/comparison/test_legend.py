import pytest

from keras_pixda.comparison import Results
from keras_pixda.comparison.legend import legend


@pytest.mark.parametrize(
    ("keys", "seeds", "text"),
    [
        (["mean_iou", "road"], 1, "mIoU in %"),
        (["under_iou", "mean_iou"], 1, "mIoU / under in %"),
        (
            ["mean_iou", "well_iou", "under_iou"],
            2,
            "mIoU / well / under in % (± spread of mIoU over seeds)",
        ),
    ],
)
def test_it_names_what_the_cells_of_the_table_show(keys, seeds, text):
    cells = [
        {"method": "fda", "shots": 1, "seed": s, "iou": dict.fromkeys(keys, 0.5)}
        for s in range(seeds)
    ]
    assert legend(Results(cells)) == text
