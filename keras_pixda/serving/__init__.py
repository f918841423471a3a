"""Serving: exported files, and large images through a sliding window."""

from keras_pixda.serving.export_segmenter import export_segmenter
from keras_pixda.serving.plain_keras import plain_keras
from keras_pixda.serving.sliding_window import SlidingWindow, sliding_window

__all__ = ["SlidingWindow", "export_segmenter", "plain_keras", "sliding_window"]
