"""The history as a file that goes back with the state of a training."""

import csv

import keras
import numpy as np

from keras_pixda.callbacks import HistoryCSV


def fit(path, epochs, first=0, state=False):
    """Train with a history, which goes back to a state first unless that is `False`."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = HistoryCSV(path)
    history.set_model(model)
    if state is not False:
        history.set_state(state)
    model.fit(
        *(np.ones((4, 2)), np.ones((4, 1))),
        initial_epoch=first,
        epochs=epochs,
        callbacks=[history],
        verbose=0,
    )
    return history


def passes(path):
    with open(path, newline="") as file:
        return [row["epoch"] for row in csv.DictReader(file)]


def test_rows_are_added_to_what_the_file_holds(tmp_path):
    fit(tmp_path / "history.csv", epochs=2)
    fit(tmp_path / "history.csv", epochs=3, first=2)
    assert passes(tmp_path / "history.csv") == ["0", "1", "2"]


def test_passes_that_are_run_again_have_one_row(tmp_path):
    state = fit(tmp_path / "history.csv", epochs=1).get_state()
    fit(tmp_path / "history.csv", epochs=3, first=1)  # As if it had been killed.
    fit(tmp_path / "history.csv", epochs=3, first=1, state=state)
    assert passes(tmp_path / "history.csv") == ["0", "1", "2"]


def test_a_training_from_the_beginning_empties_the_file(tmp_path):
    fit(tmp_path / "history.csv", epochs=2)
    fit(tmp_path / "history.csv", epochs=1, state=None)
    assert passes(tmp_path / "history.csv") == ["0"]
