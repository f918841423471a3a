import inspect

import keras
import numpy as np
import pytest

from keras_pixda.callbacks import BadNumbers
from keras_pixda.methods import JointModel
from keras_pixda.training import SupervisedModel
from keras_pixda.training.few_shot_model import FewShotModel

IMAGES = np.full((2, 32, 48, 3), 100.0)
LABELS = np.zeros((2, 32, 48), "uint8")
DOMAINS = ("source", "target")
BATCH = dict.fromkeys(DOMAINS, IMAGES), dict.fromkeys(DOMAINS, LABELS)


def segmenter():
    return keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(2, 1)])


class Exploding(keras.losses.Loss):
    def call(self, labels, logits):
        return keras.ops.mean(logits, axis=-1) * float("inf")


class Kept(BadNumbers):
    """Of which all that were there are known."""

    seen = []

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        Kept.seen.append(self)


def joint(loss=None):
    model = JointModel(segmenter())
    model.compile("sgd", loss)
    return model


def test_training_stops_at_bad_numbers():
    with pytest.raises(ValueError, match=r"In batch 1 of pass 1, source_loss is "):
        joint(Exploding()).fit(*BATCH, verbose=0)
    model = SupervisedModel(segmenter(), segmenter())
    model.compile("sgd", Exploding())
    with pytest.raises(ValueError, match=r"In batch 1 of pass 1, loss is "):
        model.fit(IMAGES, LABELS, verbose=0)


def test_it_can_be_left_out():
    history = joint(Exploding()).fit(*BATCH, verbose=0, bad_numbers=False).history
    assert not np.isfinite(history["loss"][0])


@pytest.mark.parametrize("several", [False, True])
def test_the_users_own_is_used(several, monkeypatch):
    monkeypatch.setattr(Kept, "seen", [])
    own, others = Kept(patience=3), keras.callbacks.History()
    joint().fit(*BATCH, verbose=0, callbacks=[others, own] if several else own)
    assert Kept.seen == [own]


def test_the_signature_of_fit_shows_it():
    for kind in (FewShotModel, SupervisedModel):
        parameters = inspect.signature(kind.fit).parameters
        assert parameters["bad_numbers"].default is True
        assert {"x", "epochs", "callbacks"} <= set(parameters)


def test_the_guard_of_keras_takes_its_place():
    guard = keras.callbacks.TerminateOnNaN()
    model = joint(Exploding())
    history = model.fit(*BATCH, verbose=0, epochs=3, callbacks=[guard]).history
    assert len(history["loss"]) == 1
