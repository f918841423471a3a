import numpy as np
from PIL import Image

from keras_pixda.datasets import folder
from keras_pixda.runs import class_facts
from keras_pixda.runs.mask_warnings import mask_warnings


def two(root, ids):
    """A data set of two pairs whose masks hold ids."""
    for name in "ab":
        for kind in ("images", "masks"):
            (root / kind).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6)).save(root / f"images/{name}.png")
        mask = np.resize(np.array(ids, "uint8"), (6, 8))
        Image.fromarray(mask).save(root / f"masks/{name}.png")
    return folder(root / "images", root / "masks", ("wall", "crack"))


def test_masks_that_seem_misread_are_said_before_a_training(tmp_path):
    good, bad = two(tmp_path / "good", [0, 1, 255]), two(tmp_path / "bad", [0, 255])
    assert mask_warnings({"source": good, "target": good}, class_facts(good)) == []
    first, second = mask_warnings({"source": good, "target": bad}, class_facts(bad))
    assert first.startswith("Warning, target: the masks hold the ids 0 and 255 alone")
    assert "id_map={0: 0, 255: 1}" in " ".join(first.split())
    assert max(map(len, first.splitlines())) <= 79
    assert second == "No mask of the target has a pixel of crack."
    [warning] = mask_warnings({"source": bad, "target": good}, class_facts(good))
    assert warning.startswith("Warning, source: the masks hold")
