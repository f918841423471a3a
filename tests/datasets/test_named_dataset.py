import pytest

from keras_pixda.datasets import NamedDataset

TRAIN, VAL = {"training_split": "train"}, {"evaluation_split": "val"}


def test_spelling():
    assert NamedDataset("a:b").spelling("mine") == "mine:ROOT"
    named = NamedDataset("a:b", places=("IMAGES", "MASKS"))
    assert named.spelling("mine") == "mine:IMAGES,MASKS"


def test_a_reader_is_a_function_or_its_place():
    def reader(*places, **options):
        return places, options

    assert NamedDataset(reader).record("a", split="b") == (("a",), {"split": "b"})
    home = NamedDataset("keras_pixda.datasets.home:home").record("a")
    assert home.as_posix() == "a"


@pytest.mark.parametrize(
    "options",
    [
        TRAIN,
        VAL,
        {"splits": ("train", "val"), **VAL},
        {"splits": ("train",), **TRAIN, **VAL},
    ],
)
def test_splits_fit_each_other(options):
    with pytest.raises(ValueError, match="expected some of"):
        NamedDataset("a:b", **options)
