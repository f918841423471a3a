"""Metrics: pixel counts, the IoU of every class, and how to measure a segmenter."""

from keras_pixda.metrics.absent_share import absent_share
from keras_pixda.metrics.class_iou import ClassIoU
from keras_pixda.metrics.confusion_matrix import confusion_matrix
from keras_pixda.metrics.iou_from_confusion import iou_from_confusion
from keras_pixda.metrics.labels_from_logits import labels_from_logits
from keras_pixda.metrics.segmenter_evaluator import SegmenterEvaluator
from keras_pixda.metrics.well_represented import well_represented

__all__ = [
    "ClassIoU",
    "SegmenterEvaluator",
    "absent_share",
    "confusion_matrix",
    "iou_from_confusion",
    "labels_from_logits",
    "well_represented",
]
