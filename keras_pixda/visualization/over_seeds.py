"""What a method reached, over seeds."""

import math

import numpy as np


def over_seeds(results, method, shots, key):
    """Mean and spread of one value of a method over the seeds of a comparison.

    Source Only has no shots: its cells count for every number of them.

    Example:
    ```python
    from keras_pixda.visualization import over_seeds

    results = [
        {"method": "pixda", "shots": 1, "seed": 0, "iou": {"mean_iou": 0.40}},
        {"method": "pixda", "shots": 1, "seed": 1, "iou": {"mean_iou": 0.50}},
    ]
    mean, spread = over_seeds(results, "pixda", 1, "mean_iou")
    print(round(mean, 2), round(spread, 2))  # 0.45 0.05
    ```

    Args:
        results: Cells as the `results.json` of a comparison holds them.
        method: Name of the method.
        shots: Number of target images from each city.
        key: `"mean_iou"`, `"well_iou"`, `"under_iou"`, a class, or `"seconds"`.

    Returns:
        Mean and standard deviation over the seeds that have the value, NaN and `None`
        left out. The mean is NaN without any, the deviation also with only one.
    """
    values = [
        cell.get("seconds") if key == "seconds" else cell["iou"].get(key)
        for cell in results
        if cell["method"] == method
        and (method == "source_only" or cell["shots"] == shots)
    ]
    values = [value for value in values if value is not None and not math.isnan(value)]
    mean = float(np.mean(values)) if values else math.nan
    spread = float(np.std(values)) if len(values) > 1 else math.nan
    return mean, spread
