"""What a person looks at: colours, panels, tables, TensorBoard."""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.visualization.colour_mask import colour_mask
    from keras_pixda.visualization.confusion_picture import confusion_picture
    from keras_pixda.visualization.iou_table import iou_table
    from keras_pixda.visualization.overlay import overlay
    from keras_pixda.visualization.panel import panel
    from keras_pixda.visualization.summary_writer import summary_writer

__all__ = [
    "colour_mask",
    "confusion_picture",
    "iou_table",
    "overlay",
    "panel",
    "summary_writer",
]

# Where 0.1 had it.
MOVED = {"shots_figure": "keras_pixda.comparison"}

LazyRoom.open(__name__, MOVED)
