import pytest

from keras_pixda.metrics import well_represented


def test_share_of_labelled_pixels():
    counts, classes = [900, 40, 39, 21], ("road", "car", "sign", "pole")
    assert well_represented(counts, classes) == ("road", "car")
    assert well_represented(counts, classes, threshold=0.5) == ("road",)


def test_bad_counts():
    with pytest.raises(ValueError, match="each of the 2 classes"):
        well_represented([1, 2, 3], ("road", "car"))
    with pytest.raises(ValueError, match="No labelled pixel"):
        well_represented([0, 0], ("road", "car"))
