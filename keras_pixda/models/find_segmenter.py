"""A segmenter's declaration by its name; read without Keras."""

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.models.named_segmenter import NamedSegmenter
from keras_pixda.models.segmenters import SEGMENTERS


def find_segmenter(name: str) -> NamedSegmenter:
    """The declaration of the segmenter of this name.

    Example:

    ```python
    from keras_pixda.models import find_segmenter

    assert find_segmenter("small").auxiliary_head
    segmenter = find_segmenter("small").build(num_classes=11)
    assert segmenter.output_shape == (None, None, None, 11)
    ```

    Args:
        name: A key of `keras_pixda.models.SEGMENTERS`.

    Raises:
        ValueError: If there is none of this name; the message begins with
            `"segmenter is"` and names those that there are.
    """
    if name not in SEGMENTERS:
        raise ValueError(
            f"segmenter is {name!r}, expected one of {[*SEGMENTERS]}"
            f"{did_you_mean(name, SEGMENTERS)}"
        )
    return SEGMENTERS[name]
