import numpy as np
import pytest
from PIL import Image

from keras_pixda.comparison import Results
from keras_pixda.comparison.write_comparison import write_comparison
from keras_pixda.runs import RunFolder


class Panels:
    """Notes the columns that it was given, and draws nothing of them."""

    def __init__(self, number):
        self.columns = {"image": [None] * number}

    def pictures(self, cell_width):
        return {"all.png": Image.new("RGB", (cell_width, 9))} if self.number else {}

    @property
    def number(self):
        return len(self.columns["image"])


@pytest.mark.parametrize("number", [0, 1])
def test_one_set_of_results_goes_into_every_file(number, change, tmp_path):
    cells = [
        {
            **{"method": method, "shots": shots, "seed": 0, "seconds": 1.0},
            "iou": {"mean_iou": value, "road": value},
        }
        for method, shots, value in [("source_only", 3, 0.2), ("fda", 3, 0.3)]
    ]
    titles = {"source_only": "Source Only", "fda": "FDA"}
    folder = RunFolder(tmp_path / "comparison", change())
    for method, colour in (("source_only", 1), ("fda", 2)):
        picture = Image.fromarray(np.full((2, 3), colour, "uint8"))
        folder.write(f"cells/{method}_3_0.png", picture)
    panels = Panels(number)
    table = write_comparison(
        folder, Results(cells), titles, [3], "A to B", {"Here": "`there`"}, panels
    )
    folder.close()
    assert table.startswith("mIoU in %\n\n| method |")
    assert table.endswith("| Source Only | 20.0 |\n| FDA | 30.0 |")
    assert (folder / "table.md").read_text() == table + "\n"
    for name in ("results.json", "results.csv"):
        assert [*Results.read(folder / name)] == cells
    assert "FDA" in (folder / "figure.svg").read_text()
    page = (folder / "report.html").read_text()
    assert "<td>20.0</td>" in page
    assert "<h1>A to B</h1>" in page
    assert "<code><span>there</span></code>" in page
    assert ("data:image/jpeg" in page) == bool(number)
    assert folder.has("panel.png") == bool(number)
    if number:
        assert [c[0].max() for c in list(panels.columns.values())[1:]] == [1, 2]
