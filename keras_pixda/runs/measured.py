"""What was last measured in a run, so that it is not measured twice."""

import hashlib
from typing import Any

import keras
import numpy as np

from keras_pixda.typing import Size


class Measured:
    """The result of the network that was measured last, for as long as it is the same.

    After its last pass a phase is measured, and its network then saved. What a run
    loads from that file is the same network with the same weights: its IoU is known.

    Example:

    ```python
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs.measured import Measured

    measured = Measured((32, 48))
    segmenter = small_segmenter(2, filters=4)
    measured.note(segmenter, {"mean_iou": 0.5})
    assert measured.result(segmenter) == {"mean_iou": 0.5}
    segmenter.weights[0].assign_add(segmenter.weights[0])
    assert measured.result(segmenter) is None
    ```

    Args:
        image_size: `(height, width)` of the images that are measured on.
    """

    def __init__(self, image_size: Size):
        self.image_size = tuple(image_size)
        self._known = None, None

    def note(self, model: keras.Model, result: dict[str, float]) -> None:
        """Remember the result of a model, or of the `outcome` or `segmenter` in it."""
        network = getattr(model, "segmenter", model)
        network = getattr(model, "outcome", network)
        self._known = self._name(network), dict(result)

    def result(self, segmenter: keras.Model) -> dict[str, float] | None:
        """What was measured of this very network, or `None`.

        Args:
            segmenter: The plain segmenter.
        """
        name, result = self._known
        return result if name is not None and name == self._name(segmenter) else None

    def _name(self, network: Any) -> str | None:
        """The same for networks that answer the same; `None` if nothing tells."""
        try:
            # Smaller logits are resized in training once more than alone.
            shape = network.compute_output_shape((1, *self.image_size, 3))
            if tuple(shape[1:3]) != self.image_size:
                return None
            name = hashlib.sha256(network.to_json().encode())
        except Exception:  # Networks of one's own may lack any of it.
            return None
        for weight in network.weights:
            array = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
            name.update(f"{array.dtype} {array.shape}".encode())
            name.update(array.reshape(-1).view(np.uint8))
        return name.hexdigest()
