import keras
import numpy as np
import pytest

from keras_pixda import FewShotDomainDataset, PixDAModel
from keras_pixda.callbacks import BadNumbers
from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.models import small_segmenter
from keras_pixda.training.fit_steps import fit_steps


class Batches(keras.utils.PyDataset):
    """Ones, except where a batch is broken."""

    def __init__(self, broken=(), value=np.nan):
        super().__init__()
        self.broken = broken
        self.value = value

    def __len__(self):
        return 8

    def __getitem__(self, index):
        value = self.value if index in self.broken else 1.0
        return np.full((2, 3), value, "float32"), np.ones((2, 1), "float32")

    def batch_names(self, index):
        return {"source": [f"image {index}.png"], "target": ["shot.png"]}


@keras.saving.register_keras_serializable("tests")
def root(labels, outputs):
    """Finite at 0, where its gradient is not."""
    return keras.ops.sqrt(keras.ops.abs(outputs))


def linear(loss="mse", scaled=False, **layer):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, **layer)])
    optimizer = keras.optimizers.SGD(0.01)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8)
    model.compile(optimizer, loss)
    return model


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_training_stops_at_the_batch_and_names_its_files(value):
    model, data = linear(), Batches(broken=[2], value=value)
    match = r"In batch 3 of pass 1, loss is (nan|inf). Its files: image 2.png, shot.png"
    with pytest.raises(ValueError, match=match):
        fit_steps(model, data, 20)


def test_finite_weights_with_an_infinite_sum_are_let_pass():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", lambda labels, outputs: 0 * outputs)
    model.layers[0].kernel.assign(np.full((3, 2), 1e38))
    fit_steps(model, Batches(), 2)


def test_a_model_that_its_first_step_builds_is_looked_at():
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", root)
    with pytest.raises(ValueError, match="gradients broke .*kernel"):
        model.fit(Batches(), callbacks=[BadNumbers()], verbose=0)


def test_gradients_that_break_a_weight_are_named_in_the_same_step():
    model = linear(root, kernel_initializer="zeros")
    match = r"batch 1 of .* gradients broke .*kernel. Its files: image 0.png"
    with pytest.raises(ValueError, match=match):
        fit_steps(model, Batches(), 20)


def test_a_scaled_step_is_skipped_and_reported(capsys):
    model, data = linear(scaled=True), Batches(broken=[2])
    fit_steps(model, data, 6)
    assert int(model.optimizer.iterations) == 5
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    shown = capsys.readouterr().out
    assert "Skipped a step: In batch 3 of pass 1, loss is nan" in shown
    assert "image 2.png" in shown
    assert shown.count("Skipped") == 1  # The mean of the pass begins anew.


def test_a_metric_may_be_nan():
    def absent(labels, outputs):
        return keras.ops.zeros(()) / 0.0

    model = linear()
    model.compile("sgd", "mse", metrics=[absent])
    fit_steps(model, Batches(), 3)
    assert int(model.optimizer.iterations) == 3


def test_many_skipped_steps_in_a_row_stop():
    model, data = linear(scaled=True), Batches(broken=range(2, 8))
    with pytest.raises(ValueError, match=r"batch 6 of .* 4 steps in a row were skip"):
        model.fit(
            data, callbacks=[BadNumbers(data, patience=4)], shuffle=False, verbose=0
        )


@pytest.fixture
def pixda(scenes):
    dataset = FewShotDomainDataset(
        gta5(scenes / "gta5"),
        cityscapes(scenes / "cityscapes"),
        shots=1,
        batch_size=2,
        image_size=(32, 48),
    )
    model = PixDAModel(small_segmenter(num_classes=19, filters=2))
    model.compile("sgd", keras.optimizers.SGD(0.0))
    return model, dataset


def test_the_term_that_broke_is_named(pixda):
    model, dataset = pixda
    real = model.adversarial_loss
    model.adversarial_loss = lambda labels, outputs: real(labels, outputs) * np.inf
    names = dataset.batch_names(0)["source"][0]
    with pytest.raises(ValueError, match="adversarial_loss is inf") as error:
        fit_steps(model, dataset, 2)
    assert str(names) in str(error.value)
    # The total and what has not broken are left out.
    assert "loss is inf, " not in str(error.value)
    assert "source_loss" not in str(error.value)


def test_accuracies_are_those_of_the_signs(pixda):
    model, dataset = pixda
    images, _ = dataset[0]
    for bias, accuracy in ((50.0, 0.5), (-50.0, 0.5)):
        model.discriminator.layers[-1].bias.assign([bias])
        found = model.discriminator_accuracies(images)
        assert found["discriminator"] == accuracy  # It says one domain of all.
    assert 0 <= found["image discriminator"] <= 1


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_a_collapsed_discriminator_is_reported_once(pixda, accuracy, capsys):
    model, dataset = pixda
    seen = iter([accuracy, 0.5, accuracy, accuracy, accuracy, accuracy])
    model.discriminator_accuracies = lambda images: {"discriminator": next(seen)}
    fit_steps(model, dataset, 6, [BadNumbers(dataset, every=1)])
    shown = capsys.readouterr().out
    assert shown.count("The discriminator has collapsed") == 1
    assert f"accuracy was {accuracy:.3f}" in shown
