"""The data sets that can be asked for by name."""

from keras_pixda.datasets.named_dataset import NamedDataset


def _folder(images, masks, classes, labelled=True):
    from keras_pixda.datasets.folder import folder
    from keras_pixda.datasets.images import images as pictures
    from keras_pixda.datasets.lists import read_classes

    if not labelled:
        return pictures(images, name="folder")
    return folder(images, masks, read_classes(classes))


# A data set is added by its file and its declaration here; one from outside the package
# by `DATASETS["mine"] = NamedDataset(...)`.
DATASETS = {
    "gta5": NamedDataset("keras_pixda.datasets.gta5:gta5", without_masks=True),
    "synthia": NamedDataset("keras_pixda.datasets.synthia:synthia", without_masks=True),
    "cityscapes": NamedDataset(
        "keras_pixda.datasets.cityscapes:cityscapes",
        splits=("train", "val", "test"),
        training_split="train",
        evaluation_split="val",
        without_masks=True,
    ),
    "camvid": NamedDataset(
        "keras_pixda.datasets.camvid:camvid",
        splits=("train", "val", "test"),
        training_split="train",
        evaluation_split="val",
        without_masks=True,
    ),
    "idda": NamedDataset(
        "keras_pixda.datasets.idda:idda",
        splits=("train", "test_same_dom", "test_diff_dom"),
        training_split="train",
        evaluation_split="test_same_dom",
        without_masks=True,
    ),
    "folder": NamedDataset(
        _folder,
        places=("IMAGES", "MASKS", "CLASSES.txt"),
        train_ids=False,
        without_masks=True,
    ),
    "images": NamedDataset(
        "keras_pixda.datasets.images:images",
        places=("FOLDER",),
        train_ids=False,
        labelled=False,
    ),
}
