import keras
import numpy as np

from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.runs.saved_phase import SavedPhase


def make():
    keras.utils.set_random_seed(1)
    images = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, padding="same")(x))
    logits = keras.layers.Conv2D(3, 1)(keras.layers.Dropout(0.5)(x))
    model = PixDAModel(
        keras.Model(images, logits),
        pixel_discriminator(3, 2),
        image_discriminator(3, 2),
    )
    model.compile("adam", "adam", run_eagerly=True)
    return model


def state(model):
    optimizers = [value for value in vars(model).values() if hasattr(value, "apply")]
    variables = [*model.variables, *(v for o in optimizers for v in o.variables)]
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def test_a_model_is_brought_back_in_place_whatever_it_has_done(tmp_path):
    random = np.random.default_rng(0)
    domains = ("source", "target")
    images = {d: random.integers(0, 256, (2, 32, 48, 3)) for d in domains}
    labels = {d: random.integers(0, 3, (2, 32, 48)) for d in domains}
    model = make()
    saved = SavedPhase(model)
    model.train_on_batch(images, labels)
    model.selection.threshold, model.selection.passes = 0.7, 1
    model.selection.kept = np.arange(3)
    model.save(tmp_path / "model.keras")
    optimizer, segmenter = model.optimizer, model.segmenter
    model.train_on_batch(images, labels)
    saved.restore(tmp_path / "model.keras")
    again = make()
    SavedPhase(again).restore(tmp_path / "model.keras")
    for value, expected in zip(state(model), state(again), strict=True):
        np.testing.assert_array_equal(value, expected)
    assert int(model.optimizer.iterations) == 1
    assert again.selection.threshold == model.selection.threshold == 0.7
    assert model.optimizer is optimizer
    assert model.segmenter is segmenter
