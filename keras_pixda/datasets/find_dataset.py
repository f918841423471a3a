"""A data set's declaration by its spelling."""

from keras_pixda.datasets.data_spelling import DataSpelling
from keras_pixda.datasets.named_dataset import NamedDataset
from keras_pixda.datasets.registry import DATASETS
from keras_pixda.did_you_mean import did_you_mean

# What a name is followed by where masks hold train ids.
TRAIN_IDS = "-train-ids"


def find_dataset(data: str) -> NamedDataset:
    """The declaration of a data set named in one word.

    Example:

    ```python
    from keras_pixda.datasets import find_dataset

    assert find_dataset("camvid:data/camvid").evaluation_split == "val"
    assert find_dataset("gta5-train-ids:data/gta5").evaluation_split is None
    ```

    Args:
        data: Its name, a colon and its places, as `load` takes it.

    Raises:
        ValueError: If the name is not known, the places are not those it has or the
            options behind them have no such values.
    """
    spelling = DataSpelling.of(data)
    name, place = spelling.name, spelling.place
    spellings = ", ".join(named.spelling(key) for key, named in DATASETS.items())
    if not place:
        raise ValueError(f"{data!r}: expected one of {spellings}.")
    published = name.removesuffix(TRAIN_IDS)
    named = DATASETS.get(published)
    if named is None or (published != name and not named.train_ids):
        raise ValueError(
            f"{data!r}: unknown data set {name!r}, expected one of {spellings}"
            f"{did_you_mean(name, DATASETS)}"
        )
    # The path of a single place may hold commas.
    if len(named.places) > 1 and place.count(",") != len(named.places) - 1:
        raise ValueError(f"{data!r}: expected {named.spelling(name)}.")
    return named
