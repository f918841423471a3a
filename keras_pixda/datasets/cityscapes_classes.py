"""The 19 classes that Cityscapes is evaluated on; GTA5 and SYNTHIA share them."""

# Name, id in the label files of Cityscapes and GTA5, colour; the row is the train id.
_TABLE = (
    ("road", 7, (128, 64, 128)),
    ("sidewalk", 8, (244, 35, 232)),
    ("building", 11, (70, 70, 70)),
    ("wall", 12, (102, 102, 156)),
    ("fence", 13, (190, 153, 153)),
    ("pole", 17, (153, 153, 153)),
    ("traffic light", 19, (250, 170, 30)),
    ("traffic sign", 20, (220, 220, 0)),
    ("vegetation", 21, (107, 142, 35)),
    ("terrain", 22, (152, 251, 152)),
    ("sky", 23, (70, 130, 180)),
    ("person", 24, (220, 20, 60)),
    ("rider", 25, (255, 0, 0)),
    ("car", 26, (0, 0, 142)),
    ("truck", 27, (0, 0, 70)),
    ("bus", 28, (0, 60, 100)),
    ("train", 31, (0, 80, 100)),
    ("motorcycle", 32, (0, 0, 230)),
    ("bicycle", 33, (119, 11, 32)),
)

CITYSCAPES_CLASSES = tuple(name for name, _, _ in _TABLE)
CITYSCAPES_PALETTE = tuple(colour for _, _, colour in _TABLE)

# The licence plate has id -1, which 8-bit files hold as 255 and GTA5 as 34.
CITYSCAPES_ID_MAP = {
    **dict.fromkeys((*range(35), 255), 255),
    **{file_id: train_id for train_id, (_, file_id, _) in enumerate(_TABLE)},
}
