"""The data sets that can be asked for by name."""

from keras_pixda.datasets.named_dataset import NamedDataset


def _folder(images, masks, classes):
    from keras_pixda.datasets.folder import folder
    from keras_pixda.datasets.lists import read_classes

    return folder(images, masks, read_classes(classes))


# A data set is added by its file and its declaration here; one from outside the package
# by `DATASETS["mine"] = NamedDataset(...)`.
DATASETS = {
    "gta5": NamedDataset("keras_pixda.datasets.gta5:gta5"),
    "synthia": NamedDataset("keras_pixda.datasets.synthia:synthia"),
    "cityscapes": NamedDataset(
        "keras_pixda.datasets.cityscapes:cityscapes",
        splits=("train", "val", "test"),
        training_split="train",
        evaluation_split="val",
    ),
    "camvid": NamedDataset(
        "keras_pixda.datasets.camvid:camvid",
        splits=("train", "val", "test"),
        training_split="train",
        evaluation_split="val",
    ),
    "idda": NamedDataset(
        "keras_pixda.datasets.idda:idda",
        splits=("train", "test_same_dom", "test_diff_dom"),
        training_split="train",
        evaluation_split="test_same_dom",
    ),
    "folder": NamedDataset(
        _folder, places=("IMAGES", "MASKS", "CLASSES.txt"), train_ids=False
    ),
}
