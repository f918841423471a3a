"""Results of a comparison as Markdown."""

import numpy as np


def comparison_table(results, titles, shots):
    """Markdown in the shape of the published table, mean and spread over seeds.

    Example:

    ```python
    from keras_pixda.runs import comparison_table

    iou = {"mean_iou": 0.5, "well_iou": 0.6, "under_iou": 0.4}
    cell = {"method": "pixda", "shots": 1, "seed": 0, "iou": iou}
    print(comparison_table([cell], {"pixda": "PixDA"}, shots=[1]))
    ```

    Args:
        results: Cells as `results.json` holds them.
        titles: Dict from the name of a method to the title of its row.
        shots: The columns.

    Returns:
        The table: mIoU / well / under in %, and the spread of mIoU over seeds.
    """
    lines = [
        "| method | " + " | ".join(f"{k}-shot" for k in shots) + " |",
        "|---" * (len(shots) + 1) + "|",
    ]
    for name, title in titles.items():
        cells = []
        for k in shots:
            # Source Only has no shots: the same figures in every column.
            found = [
                cell["iou"]
                for cell in results
                if cell["method"] == name
                and (name == "source_only" or cell["shots"] == k)
            ]
            means = [
                100 * np.mean([iou[key] for iou in found])
                for key in ("mean_iou", "well_iou", "under_iou")
            ]
            spread = 100 * np.std([iou["mean_iou"] for iou in found])
            cells.append(" / ".join(f"{m:.1f}" for m in means) + f" (± {spread:.1f})")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
