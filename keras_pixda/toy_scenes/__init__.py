"""Street-like toy scenes: the data that comes with the package.

A scene is a straight street in perspective, with houses, parks, side streets, cars,
people, trees, lamps and signs placed at random. It comes in two looks. *Rendered*
scenes are clean drawings in flat, saturated colours. *Photo* scenes come from cities
with a light, weather and palette of their own, through a lower, shakier camera with
texture, shadow, haze, blur, noise and compression. What a segmenter learns from the
one does not carry over to the other, and a few labelled photos help: the situation
that the methods of this package are made for.

The scenes are drawn from polygons, at any size, in milliseconds, always the same for
the same seed. They are toy data for demos and tests: no photograph went into them,
and scores on them say nothing about real streets or about published results.
"""

from typing import TYPE_CHECKING

from keras_pixda.lazy_room import LazyRoom

if TYPE_CHECKING:
    from keras_pixda.toy_scenes.draw_scene import draw_scene
    from keras_pixda.toy_scenes.toy_scenes import toy_scenes

__all__ = [
    "draw_scene",
    "toy_scenes",
]

LazyRoom.open(__name__)
