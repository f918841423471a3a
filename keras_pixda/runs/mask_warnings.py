"""What a run says of masks that can be read but may mean something else."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_pixda.datasets import DataCheck
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.wrapped import wrapped

# Enough to see what ids mean; `check` reads all.
LOOKED_AT = 8


def mask_warnings(
    records: Mapping[str, SegmentationRecord], facts: dict[str, Any]
) -> list[str]:
    """Lines about masks that seem to be misread, and about classes without a pixel.

    Example:

    ```python
    import tempfile
    from keras_pixda.datasets import cityscapes
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.runs import class_facts
    from keras_pixda.runs.mask_warnings import mask_warnings

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=1, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        target = cityscapes(f"{root}/cityscapes")
        facts = class_facts(target, verbose=False)
        [line] = mask_warnings({"target": target}, facts)
    assert line.startswith("No mask of the target has a pixel of")
    ```

    Args:
        records: Dict from `"source"`, `"target"` ... to its `SegmentationRecord`, of
            which a few pairs are read.
        facts: What `class_facts` returned for the target.

    Returns:
        A list of texts, each of lines of at most 79 columns.
    """
    texts = []
    for name, record in records.items():
        few = np.linspace(0, len(record) - 1, min(len(record), LOOKED_AT)).astype(int)
        checked = DataCheck(record.select(few))
        texts += [
            f"Warning, {name}: {finding.problem}. {finding.remedy}"
            for finding in checked.suspicions
        ]
    pixels = zip(facts["classes"], facts["pixels"], strict=True)
    absent = [name for name, count in pixels if not count]
    if absent:
        where = "target" if records["target"].labelled else "data to evaluate on"
        texts.append(f"No mask of the {where} has a pixel of {', '.join(absent)}.")
    return [wrapped(text) for text in texts]
