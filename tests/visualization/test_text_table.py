import re

import pytest
from rich.cells import cell_len

from keras_pixda.visualization.text_table import text_table

HEADINGS = ["class", "IoU %", "change"]
ROWS = [["road [b]", "90.0", "+1.0"], ["car", "5.0", "-0.5"], ["bus", "-", "+0.0"]]
FOOT = [["mean", "47.5", "-"]]


def test_names_stand_left_and_figures_right_between_rules():
    assert text_table(HEADINGS, ROWS, FOOT).splitlines() == [
        "class       IoU %  change",
        "-------------------------",
        "road [b]     90.0    +1.0",
        "car           5.0    -0.5",
        "bus             -    +0.0",
        "-------------------------",
        "mean         47.5       -",
    ]


@pytest.mark.parametrize("name", ["x" * 200, "道路" * 60])
def test_a_long_name_is_cut_and_never_a_figure(name):
    table = text_table(HEADINGS, [[name, "100.0", "+100.0"]])
    assert table.splitlines()[2].endswith("...   100.0  +100.0")
    assert len(table.splitlines()[0]) == 80
    assert cell_len(table.splitlines()[2]) == 80


def test_a_terminal_gets_the_same_words_in_colours():
    styled = text_table(HEADINGS, ROWS, FOOT, styled=True)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in styled.splitlines()]
    assert [line.rstrip() for line in plain] == text_table(
        HEADINGS, ROWS, FOOT
    ).splitlines()
    green, red, bold = "\x1b[32m", "\x1b[31m", "\x1b[1m"
    lines = styled.splitlines()
    assert [green in line for line in lines] == [False, False, True, *[False] * 4]
    assert [red in line for line in lines] == [*[False] * 3, True, *[False] * 3]
    assert [bold in line for line in lines] == [True, *[False] * 5, True]
