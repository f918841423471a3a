"""Shares of the classes, classes without a pixel, and pairs worth looking at."""

import numpy as np

from keras_pixda.datasets import DataCheck, cityscapes, folder, idda


def make(write, tmp_path, masks, classes, **options):
    for name, mask in masks.items():
        write(f"images/{name}.png", np.zeros((*mask.shape, 3), np.uint8))
        write(f"masks/{name}.png", mask)
    return folder(tmp_path / "images", tmp_path / "masks", classes, **options)


def test_counts_and_table(write, tmp_path):
    random = np.random.default_rng(0)
    masks = {
        name: random.choice(np.array(ids, np.uint8), (24, 32))
        for name, ids in (("a", [0, 1, 255]), ("b", [0, 0, 0, 2]), ("c", [0, 255]))
    }
    names = ("road", "a class with a name that is longer than any table", "car", "sky")
    checked = DataCheck(make(write, tmp_path, masks, names))
    pixels = np.bincount(np.concatenate([*masks.values()]).ravel(), minlength=256)
    np.testing.assert_array_equal(checked.pixels, pixels[:4])
    assert checked.ignored == pixels[255]
    np.testing.assert_array_equal(
        checked.shows, [[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]]
    )
    [finding] = checked.findings
    assert finding.file == "folder"
    assert finding.problem == "no mask has a pixel of sky"
    assert checked.notes == []
    lines = checked.table().splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[-1] for line in lines] == ["masks", *"3110", "%"]
    assert lines[1].split()[1:3] == [
        f"{pixels[0]:,}",
        f"{100 * pixels[0] / pixels[:4].sum():.1f}",
    ]
    assert lines[-1].startswith("ignored, of all")
    assert lines[-1].endswith(f" {100 * pixels[255] / pixels.sum():.1f} %")
    assert checked.examples(2) == [0, 1]
    assert sorted(checked.examples(9)) == [0, 1, 2]


def test_pairs_with_faults_count_but_are_not_shown(write, tmp_path):
    mask = np.zeros((24, 32), np.uint8)
    record = make(write, tmp_path, {"a": mask, "b": mask + 1}, ("road", "car"))
    (tmp_path / "images/a.png").write_bytes(b"")
    checked = DataCheck(record)
    assert checked.pixels.tolist() == [768, 768]
    assert checked.examples() == [1]
    assert len(checked.findings) == 1
    (tmp_path / "masks/a.png").write_bytes(b"")
    checked = DataCheck(record)
    assert [f.problem[:30] for f in checked.findings] == [
        "the file is empty (0 bytes)",
        "the file is empty (0 bytes)",
        "no mask has a pixel of road",
    ]


def test_nothing_is_said_of_classes_where_no_mask_can_be_read(write, tmp_path):
    record = make(write, tmp_path, {"a": np.zeros((24, 32), np.uint8)}, ("road",))
    (tmp_path / "masks/a.png").write_bytes(b"")
    assert len(DataCheck(record).findings) == 1


def test_classes_missing_from_a_part_of_a_benchmark_are_a_note(write, tmp_path):
    image = "leftImg8bit/train/ulm/ulm_1_leftImg8bit.png"
    write(image, np.zeros((24, 32, 3), np.uint8))
    write("gtFine/train/ulm/ulm_1_gtFine_labelIds.png", 7)
    checked = DataCheck(cityscapes(tmp_path))
    assert checked.findings == []
    [note] = checked.notes
    assert note.problem.startswith("no mask has a pixel of sidewalk, building")


def test_the_record_s_crop_and_map_of_colours_hold(write, tmp_path):
    mask = np.full((24, 64), 7, np.uint8)
    mask[:, :4] = 20  # Sky, left of what a 4:3 crop keeps.
    write("images/1_T01_CN_A.jpg", np.zeros((24, 64, 3), np.uint8))
    write("masks/1_T01_CN_A.png", mask)
    (tmp_path / "train.txt").write_text("1_T01_CN_A")
    checked = DataCheck(idda(tmp_path, ignore_hood=False))
    assert checked.pixels.sum() == checked.pixels[3] == 24 * 32
    colours = np.zeros((24, 32, 3), np.uint8)
    colours[:, :8] = 255, 0, 0
    write("rgb/a.png", colours)
    write("photos/a.png", colours)
    id_map = {(0, 0, 0): 255, (255, 0, 0): 0}
    record = folder(tmp_path / "photos", tmp_path / "rgb", ("red",), id_map)
    checked = DataCheck(record)
    assert (checked.pixels.tolist(), checked.ignored) == ([192], 576)
    assert checked.findings == []
