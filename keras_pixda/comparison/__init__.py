"""Many runs, one table."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.comparison.compare import compare
    from keras_pixda.comparison.comparison_table import comparison_table
    from keras_pixda.comparison.report import report
    from keras_pixda.comparison.results import Results
    from keras_pixda.comparison.rows import Row
    from keras_pixda.comparison.shots_figure import shots_figure

__all__ = [
    "Results",
    "Row",
    "compare",
    "comparison_table",
    "report",
    "shots_figure",
]

LazyRoom.open(__name__)
