"""The halves of `benchmarks/what_selection_keeps.py`."""

import numpy as np

from benchmarks.what_selection_keeps import halves


def test_halves_are_of_one_size_and_best_and_worst_are_told_by_the_scores():
    scores = np.array([0.3, 0.9, 0.1, 0.7, 0.5])
    parts = halves(scores, seed=0)
    assert parts["all"].tolist() == [0, 1, 2, 3, 4]
    assert parts["best"].tolist() == [1, 3]
    assert parts["worst"].tolist() == [0, 2]
    for name in ("random", "random again"):
        assert len(set(parts[name].tolist())) == 2
        assert parts[name].tolist() == halves(scores, seed=0)[name].tolist()


def test_halves_drawn_differ_from_seed_to_seed():
    scores = np.zeros(50)
    drawn = [tuple(halves(scores, seed)["random"]) for seed in range(3)]
    drawn.append(tuple(halves(scores, 0)["random again"]))
    assert len(set(drawn)) == 4
