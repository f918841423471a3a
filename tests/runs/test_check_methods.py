import pytest

from keras_pixda.runs import check_methods


@pytest.mark.parametrize("name", ["naae", "fsda"])
def test_batches_in_parts_are_refused_by_who_looks_at_them_as_a_whole(change, name):
    runs = [change(method=method, accumulate=2) for method in ("pixda", "fda", name)]
    check_methods(runs[:2], 19)
    with pytest.raises(ValueError, match="as a whole: accumulate is 2, expected 1"):
        check_methods(runs, 19)


def test_a_file_of_weights_that_cannot_be_read_is_named(change, tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"broken.keras: cannot be read"):
        check_methods([change(weights=str(tmp_path / "broken.keras"))], 19)
