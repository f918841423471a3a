import numpy as np

from keras_pixda.datasets.batches_of_one_size import batches_of_one_size


def test_one_size_is_cut_as_ever():
    assert batches_of_one_size([2, 0, 1], ["a"] * 3, 2) == [[2, 0], [1]]
    assert batches_of_one_size([2, 0, 1], ["a"] * 3, 2, True) == [[2, 0]]


def test_every_position_once_and_no_batch_mixes_sizes():
    random = np.random.default_rng(0)
    sizes = random.integers(0, 5, 50).tolist()
    order = random.permutation(50).tolist()
    batches = batches_of_one_size(order, sizes, 4)
    assert sorted(sum(batches, [])) == [*range(50)]
    assert all(len({sizes[position] for position in batch}) == 1 for batch in batches)
    full = batches_of_one_size(order, sizes, 4, drop_remainder=True)
    assert full == [batch for batch in batches if len(batch) == 4]
