"""What selection has decided, in a weights store."""

import numpy as np

from keras_pixda.callbacks import SelectionState


def test_it_is_read_back_as_it_was_written():
    store = {}
    SelectionState(np.array([1, 4]), threshold=0.8, passes=2).save(store)
    state = SelectionState.load(store)
    assert state.kept.tolist() == [1, 4]
    assert state.kept.dtype == "int64"
    assert (state.threshold, state.passes) == (0.8, 2)


def test_nothing_is_written_before_the_first_selection():
    store = {}
    SelectionState().save(store)
    assert store == {}
    assert SelectionState.load(store) == SelectionState()


def test_an_empty_list_is_not_taken_for_none():
    store = {}
    SelectionState(np.array([], "int64"), threshold=0.8, passes=1).save(store)
    assert SelectionState.load(store).kept.tolist() == []
