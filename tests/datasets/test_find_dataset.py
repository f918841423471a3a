import pytest

from keras_pixda.datasets import DATASETS, find_dataset


@pytest.mark.parametrize("name", DATASETS)
def test_by_spelling(name):
    spelling = DATASETS[name].spelling(name)
    assert find_dataset(spelling) is DATASETS[name]
    masks = spelling.replace(name, f"{name}-train-ids", 1)
    if DATASETS[name].train_ids:
        assert find_dataset(masks) is DATASETS[name]
    else:
        with pytest.raises(ValueError, match="unknown data set"):
            find_dataset(masks)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("gta5", r"^'gta5': expected one of gta5:ROOT, .*images:FOLDER\.$"),
        ("gta5:", "expected one of"),
        ("cityscape:a", r"unknown data set .*, did you mean 'cityscapes'\?$"),
        ("folder:a,b", r"expected folder:IMAGES,MASKS,CLASSES\.txt\.$"),
        ("folder:a,b,c,d", r"expected folder:IMAGES,MASKS,CLASSES\.txt\.$"),
    ],
)
def test_errors(data, message):
    with pytest.raises(ValueError, match=message):
        find_dataset(data)
