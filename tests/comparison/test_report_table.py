import math

from keras_pixda.comparison.report_table import report_table

ROWS = [
    ("a", [(10.04, 0.5), (math.nan, math.nan), (0.0, 0.0)]),
    ("b", [(10.0, math.nan), (math.nan, math.nan), (0.0, 0.0)]),
]


def cells(rows, part, **options):
    table = report_table("caption", "xyz", rows, **options)
    return [[cell[part] for cell in row] for _, row in table["rows"]]


def test_what_reads_the_same_is_equally_good_and_zeros_or_nothing_never_best():
    assert cells(ROWS, "best") == [[True, False, False]] * 2
    assert cells(ROWS, "best", digits=2)[1] == [False] * 3
    assert cells(ROWS, "best", best=False) == [[False] * 3] * 2
    assert cells(ROWS[:1], "best") == [[False] * 3]


def test_values_and_spreads_as_text():
    assert cells(ROWS, "text") == [["10.0", "–", "0.0"]] * 2
    assert cells(ROWS, "spread") == [["± 0.5", "", "± 0.0"], ["", "", "± 0.0"]]
    assert cells(ROWS, "spread", digits=0)[0] == ["± 0", "", "± 0"]
