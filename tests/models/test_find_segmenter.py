import pytest

from keras_pixda.models import SEGMENTERS, find_segmenter


def test_by_name():
    for name, known in SEGMENTERS.items():
        assert find_segmenter(name) is known


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smal", r"^segmenter is 'smal', expected one of \['small', .*mean 'small'\?$"),
        ("u_net", r"^segmenter is 'u_net', expected one of .*'deeplab_v2'\]\.$"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, message):
    with pytest.raises(ValueError, match=message):
        find_segmenter(name)
