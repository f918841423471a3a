"""PixDA on one GPU, on all of a machine, or on several machines: one script.

As it stands, on drawn scenes:
    python examples/train_distributed.py
On GTA5 and Cityscapes, a batch of 2 + 2 a GPU:
    python examples/train_distributed.py GTA5 CITYSCAPES adapted.keras
On several machines the same on each, with its TF_CONFIG: see docs/scaling.md.
"""

import os
import pathlib
import sys
import tempfile

import keras
import tensorflow as tf

from keras_pixda import FewShotDomainDataset, PixDAModel, SegmentationDataset
from keras_pixda.callbacks import PerClassIoU, SampleSelection
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.models import deeplab_v2, small_segmenter
from keras_pixda.optimizers import published_optimizers
from keras_pixda.replicas import is_chief
from keras_pixda.toy_scenes import toy_scenes


def choose_strategy():
    """TF_CONFIG stands for several machines, more than one GPU for all of them."""
    if "TF_CONFIG" in os.environ:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_physical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def main(source, target, output, network, image_size, epochs, strategy=None):
    """Train on all replicas and save the segmenter once."""
    # Before anything else: the machines find each other here.
    strategy = strategy or choose_strategy()
    replicas = strategy.num_replicas_in_sync
    dataset = FewShotDomainDataset(
        gta5(source), cityscapes(target), 1, 2 * replicas, image_size
    )
    validation = SegmentationDataset(cityscapes(target, split="val"), 1, image_size)
    keras.utils.set_random_seed(0)  # The same first weights on all machines.
    with strategy.scope():
        segmenter = network(len(dataset.source.classes))
        for layer in segmenter.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                # Statistics of the whole batch, as on one device.
                layer.synchronized = replicas > 1
        model = PixDAModel(segmenter)
        model.compile(**published_optimizers())
    model.fit(
        dataset,
        epochs=epochs,
        verbose=2 if is_chief(strategy) else 0,
        callbacks=[
            PerClassIoU(validation, dataset.source.classes),
            SampleSelection(dataset, every=2),
        ],
    )
    # All machines take part in reading weights, and one keeps the file.
    with tempfile.TemporaryDirectory() as elsewhere:
        keep = is_chief(strategy)
        model.segmenter.save(output if keep else f"{elsewhere}/segmenter.keras")
    return model


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(*sys.argv[1:], deeplab_v2, image_size=(512, 1024), epochs=10)
    else:
        with tempfile.TemporaryDirectory() as root:
            toy_scenes(root, source_images=16, validation_images=4, image_size=(64, 96))
            main(
                pathlib.Path(root, "gta5"),
                pathlib.Path(root, "cityscapes"),
                pathlib.Path(root, "segmenter.keras"),
                small_segmenter,
                image_size=(64, 96),
                epochs=2,
            )
