from keras_pixda.comparison.published import PUBLISHED
from keras_pixda.comparison.rows import ROWS


def test_every_figure_belongs_to_a_row_and_a_number_of_shots():
    assert {*PUBLISHED.figures} <= {*ROWS}
    assert len(PUBLISHED.figures) == 7
    assert {len(figures) for figures in PUBLISHED.figures.values()} == {3}
    assert PUBLISHED.over_shots("naae", 3, "well_iou") == 49.3
    assert PUBLISHED.over_shots("fsda", 5, "under_iou") == 38.2
