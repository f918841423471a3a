import keras
import numpy as np
import pytest

from keras_pixda.methods.pixda.end_on_disagreement import EndOnDisagreement
from keras_pixda.training import SupervisedModel
from keras_pixda.training.fit_steps import fit_steps


@pytest.fixture
def model():
    """One that is at odds with its teacher, a copy, the faster the more it learns."""
    inputs = keras.Input((None, None, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    segmenter = keras.Model(inputs, keras.layers.Conv2D(19, 1)(scaled))
    segmenter.layers[-1].set_weights([np.zeros((1, 1, 3, 19)), np.eye(19)[5]])
    teacher = keras.models.clone_model(segmenter)
    teacher.set_weights(segmenter.get_weights())
    model = SupervisedModel(segmenter, teacher)
    model.compile(keras.optimizers.SGD(1.0))
    return model


def fit(model, dataset, agreement, steps=12):
    callback = EndOnDisagreement(dataset, agreement, every=2)
    fit_steps(model, dataset.target_dataset(steps=steps), steps, [callback])
    return callback, int(model.optimizer.iterations)


def test_ends_where_the_share_falls_below(model, dataset):
    callback, steps = fit(model, dataset, 0.99)
    assert 0 < steps < 12
    assert steps % 2 == 0
    # By hand, over all shots.
    same = [
        np.equal(
            *(
                np.argmax(network(image[None].astype("float32")), axis=-1)
                for network in (model.teacher, model.segmenter)
            )
        )
        for image in (dataset.read_shot(i)[0] for i in range(len(dataset.target)))
    ]
    assert callback.share() == pytest.approx(np.mean(same), abs=1e-6)
    assert np.mean(same) < 0.99
    # What was restored at its end does no step more.
    assert fit(model, dataset, 0.99)[1] == steps


def test_goes_on_while_both_agree(model, dataset):
    model.optimizer.learning_rate = 0.0
    assert fit(model, dataset, 1.0, steps=5)[1] == 5
