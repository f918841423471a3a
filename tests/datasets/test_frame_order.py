from keras_pixda.datasets.frame_order import frame_order


def test_sequences_then_frames_whose_numbers_count(record_of):
    record = record_of([("b", "b_2.jpg"), ("a", "a_10.jpg"), ("a", "a_9.jpg")])
    assert frame_order(record) == [2, 1, 0]


def test_names_without_numbers_or_with_nothing_else(record_of):
    record = record_of([("a", name) for name in ("10", "x", "9", "x1")])
    assert frame_order(record) == [2, 0, 1, 3]
