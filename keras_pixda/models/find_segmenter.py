"""A segmenter's declaration by its name; read without Keras."""

import os
import re

from keras_pixda.did_you_mean import did_you_mean
from keras_pixda.models.named_segmenter import NamedSegmenter
from keras_pixda.models.segmenters import FAMILIES, SEGMENTERS

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def find_segmenter(name: str) -> NamedSegmenter:
    """The declaration of the segmenter of this name.

    Example:

    ```python
    from keras_pixda.models import find_segmenter

    assert find_segmenter("small").auxiliary_head
    segmenter = find_segmenter("small").build(num_classes=11)
    assert segmenter.output_shape == (None, None, None, 11)
    assert find_segmenter("applications:MobileNetV2").title == "MobileNetV2"
    ```

    Args:
        name: A key of `keras_pixda.models.SEGMENTERS`; `"applications:NAME"` for a
            backbone of keras.applications under a `pyramid_segmenter`; `"hub:PRESET"`
            for one of keras-hub; the path of a saved `"FILE.keras"`, whose weights are
            the pretrained ones; or `"package.module:function"`, a function of the
            number of classes.

    Raises:
        ValueError: If there is none of this name; the message begins with
            `"segmenter is"` and names those that there are.
    """
    if name in SEGMENTERS:
        return SEGMENTERS[name]
    if name.endswith(".keras"):
        return NamedSegmenter(
            title=os.path.basename(name),
            about="a saved model",
            builder="keras_pixda.models.saved_segmenter:saved_segmenter",
            arguments={"path": name},
            pretrained={"weights": True},
        )
    family, _, member = name.partition(":")
    if family in FAMILIES and member:
        return FAMILIES[family](member)
    if _FUNCTION.fullmatch(name):
        return NamedSegmenter(
            title=name,
            about="a function of one's own",
            builder="keras_pixda.models.own_segmenter:own_segmenter",
            arguments={"place": name},
        )
    known = [*SEGMENTERS, *(f"{family}:NAME" for family in FAMILIES)]
    hint = did_you_mean(name, known)
    if name.endswith((".h5", ".hdf5")):
        hint = ". A whole model of HDF5 is saved anew, model.save('NAME.keras'); "
        hint += "weights alone are --weights, beside the name of their network."
    elif hint == "." and name.isidentifier():
        hint = f". A network of keras.applications is applications:{name}, a preset of "
        hint += f"keras-hub hub:{name}."
    raise ValueError(
        f"segmenter is {name!r}, expected one of {known}, FILE.keras or "
        f"package.module:function{hint}"
    )
