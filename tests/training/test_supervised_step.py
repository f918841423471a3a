import keras
import numpy as np
import pytest

from keras_pixda.losses import FocalLoss
from keras_pixda.models import small_segmenter
from keras_pixda.training import DistillationModel
from keras_pixda.training.fit_steps import fit_steps
from tests.training.test_batch_part import batch, frozen, sgd


class Batches(keras.utils.PyDataset):
    """Two batches of target images, every image with another share of labels."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        images, labels = batch(seed=index)
        return images["target"], labels["target"]


def trained(accumulate, distil):
    """The losses of two passes, and the weights after them."""
    keras.utils.set_random_seed(0)
    model = student = frozen(small_segmenter(3, filters=4))
    if distil:
        teacher = frozen(small_segmenter(3, filters=4))
        model = DistillationModel(student, teacher, accumulate=accumulate)
        accumulate = 1  # It does its parts itself.
    model.compile(sgd(), FocalLoss())
    history = keras.callbacks.History()
    fit_steps(model, Batches(), 4, [history], accumulate)
    return history.history, student.get_weights(), model


@pytest.mark.parametrize("distil", [False, True], ids=["plain", "distillation"])
def test_parts_train_like_the_whole(distil):
    history, weights, _ = trained(1, distil)
    history_of_parts, weights_of_parts, model = trained(3, distil)
    assert len(history["loss"]) == 2
    assert set(history_of_parts) == set(history)
    for name, values in history.items():
        if name != "distillation_loss":
            assert history_of_parts[name] == pytest.approx(values, rel=1e-4), name
    for value, wanted in zip(weights_of_parts, weights, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)
    assert model.optimizer.iterations == 4
    assert "train_step" not in vars(model)
