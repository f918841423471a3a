import pytest

from keras_pixda.datasets.data_spelling import DataSpelling


@pytest.mark.parametrize(
    ("data", "place", "cities", "part"),
    [
        ("camvid:a", "a", None, None),
        ("camvid:a?cities=18", "a", 18, None),
        ("camvid:a?part=tuning", "a", None, "tuning"),
        ("folder:a,b,c.txt?part=rest&cities=3", "a,b,c.txt", 3, "rest"),
        (r"camvid:C:\data\camvid?cities=2", r"C:\data\camvid", 2, None),
        (r"camvid:\\?\C:\data", r"\\?\C:\data", None, None),
        ("camvid:C:/a b?cities=2", "C:/a b", 2, None),
        ("camvid:why?", "why?", None, None),
        ("camvid:why?/a", "why?/a", None, None),
        ("camvid:who?me", "who?me", None, None),
        ("camvid:a?cities=1/", "a?cities=1/", None, None),
        ("camvid:a?b?cities=4", "a?b", 4, None),
        ("camvid", "", None, None),
    ],
)
def test_of(data, place, cities, part):
    assert DataSpelling.of(data) == DataSpelling(
        data.partition(":")[0], place, cities, part
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a:b?cities=0", "cities is '0', expected a whole number of at least 1"),
        ("a:b?cities=-2", "cities is '-2'"),
        ("a:b?cities=2.5", "cities is '2.5'"),
        ("a:b?cities=٣", "cities is"),
        ("a:b?cities=", r"cities is '', expected .*\?cities=18"),
        ("a:b?cities", "cities is ''"),
        ("a:b?part=third", "part is 'third', expected tuning or rest"),
        ("a:b?citys=3", "unknown option 'citys', .*did you mean 'cities'"),
        ("a:b?cities=3&cities=3", "cities stands there twice"),
    ],
)
def test_wrong_options(data, message):
    with pytest.raises(ValueError, match=message):
        DataSpelling.of(data)


@pytest.mark.parametrize(
    "data", ["a:b", "a:b?cities=3", "a:b?cities=3&part=rest", "a:b?c=d/", "a:b?"]
)
def test_text_and_back(data):
    spelling = DataSpelling.of(data)
    assert str(spelling) == data
    assert DataSpelling.of(str(spelling)) == spelling
    # What a resolved path no longer has is put there again.
    assert str(DataSpelling("a", "b?c=d")) == "a:b?c=d/"
