"""One tiny finished run on toy scenes, made once, and one that tells colours."""

import json

import keras
import numpy as np
import pytest

from keras_pixda.datasets import cityscapes, read_pair
from keras_pixda.runs import class_facts, train


@pytest.fixture(scope="session")
def finished(settings, eager, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    with eager():
        return folder, train(settings, folder, verbose=False)


@pytest.fixture(scope="session")
def colour_run(scenes, tmp_path_factory):
    """A run whose segmenter knows the mean colour of every class, and no more."""
    folder = tmp_path_factory.mktemp("runs") / "colours"
    folder.mkdir()
    record = cityscapes(scenes / "cityscapes", "val")
    pairs = [read_pair(record, index) for index in range(len(record))]
    pixels = np.concatenate([image.reshape(-1, 3) for image, _ in pairs])
    labels = np.concatenate([label.ravel() for _, label in pairs])
    means = np.full((19, 3), 1e3)  # Too far from any colour, for absent classes.
    for label in set(labels) - {255}:
        means[label] = pixels[labels == label].mean(axis=0)
    images = keras.Input((None, None, 3))
    head = keras.layers.Conv2D(19, 1, name="head")
    segmenter = keras.Model(images, head(images))
    # The nearest mean has the largest 2 m x - m m.
    head.set_weights([2 * means.T[None, None], -(means**2).sum(axis=1)])
    segmenter.save(folder / "segmenter.keras")
    facts = class_facts(record, verbose=False) | {"image_size": [32, 48]}
    (folder / "classes.json").write_text(json.dumps(facts))
    return folder
