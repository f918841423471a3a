import keras
import numpy as np
import pytest

from keras_pixda.methods import METHODS, adapt
from keras_pixda.models.batch_normalization import batch_normalizations, trainability


class Steps(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.count = 0

    def on_train_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])
        self.count += 1


@pytest.fixture
def data(name, dataset, unlabelled_dataset):
    """What a method needs."""
    return unlabelled_dataset if METHODS[name].needs_unlabelled else dataset


@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_back_a_plain_trained_segmenter(name, start, data, change):
    steps, before = Steps(), start.get_weights()
    settings = change(method=name, source_steps=3, steps=2, distillation_steps=1)
    result = adapt(start, data, settings, [steps])
    assert steps.count == 3
    # It can be trained on.
    assert len(result.trainable_weights) == len(start.trainable_weights) > 0
    assert result.output_shape == (None, None, None, 19)
    assert [w.path for w in result.weights] == [w.path for w in start.weights]
    moved = [
        not np.array_equal(old, new)
        for old, new in zip(before, result.get_weights(), strict=True)
    ]
    assert all(moved)
    if name == "fsda":  # It trains a copy with a second head.
        for old, new in zip(before, start.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    else:
        assert result is start


def test_what_cannot_be_is_refused(start, dataset, change):
    with pytest.raises(ValueError, match="accumulate is 2, expected 1"):
        adapt(start, dataset, change(method="naae", accumulate=2))


def statistics(segmenter):
    layers = batch_normalizations(segmenter)
    return [np.array(w) for layer in layers for w in layer.weights]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config")
@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.has_shots])
def test_frozen_batch_normalization_stays_in_every_method(name, start, data, change):
    before, *others = statistics(start), start.get_weights()[0].copy()
    settings = change(
        method=name, steps=1, distillation_steps=1, batch_normalization="frozen"
    )
    result = adapt(start, data, settings)
    for value, expected in zip(statistics(result), before, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert not np.array_equal(result.get_weights()[0], others[0])
    assert trainability(result) == {}


def test_a_network_without_batch_normalization_is_refused(dataset, change):
    plain = keras.Sequential([keras.Input((32, 48, 3)), keras.layers.Conv2D(19, 1)])
    settings = change(method="fine_tuning", batch_normalization="target")
    with pytest.raises(ValueError, match="batch_normalization is 'target', expected"):
        adapt(plain, dataset, settings)
    METHODS["source_only"].check(plain, settings)  # It adapts nothing.
