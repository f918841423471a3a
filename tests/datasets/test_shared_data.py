"""The loaders on real files, where they lie beside the repository."""

from pathlib import Path

import numpy as np
import pytest

from keras_pixda.datasets import (
    FewShotDomainDataset,
    camvid,
    cityscapes,
    idda,
    read_pair,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA, SPLITS = SHARED / "data", SHARED / "splits"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no {DATA}")
needs_splits = pytest.mark.skipif(not SPLITS.is_dir(), reason=f"no {SPLITS}")


@needs_data
def test_idda_to_camvid():
    source, target = idda(DATA / "idda"), camvid(DATA / "camvid")
    assert (len(source), len(target)) == (600, 367)
    assert len(camvid(DATA / "camvid", split="val")) == 101
    for shots in (1, 3, 5):
        dataset = FewShotDomainDataset(source, target, shots, 2, (176, 240))
        assert len(dataset.target) == 3 * shots
    images, labels = dataset[0]
    assert images["source"].shape == images["target"].shape == (2, 176, 240, 3)
    assert labels["source"].shape == (2, 176, 240)


@needs_data
@pytest.mark.parametrize("name", ["idda", "camvid"])
def test_street_scenes_look_like_streets(name):
    record = {"idda": idda, "camvid": camvid}[name](DATA / name)
    counts = np.zeros(256, np.int64)
    sky_rows, road_rows = [], []
    for index in range(0, len(record), len(record) // 12):
        image, labels = read_pair(record, index)
        assert image.shape[:2] == labels.shape == (360, 480)
        counts += np.bincount(labels.ravel(), minlength=256)
        sky_rows.append(np.nonzero(labels == 0)[0])
        road_rows.append(np.nonzero(labels == 3)[0])
    share = dict(zip(record.classes, counts[:11] / counts[:11].sum(), strict=True))
    assert share["road"] + share["building"] + share["sky"] > 0.5
    assert share["pole"] < 0.05
    # Without the hood, cars are rare in IDDA; with it they were a tenth.
    assert 0 < share["car"] < 0.08
    assert np.concatenate(sky_rows).mean() < 150
    assert np.concatenate(road_rows).mean() > 220


@needs_splits
@pytest.mark.parametrize("shots", [1, 2, 3, 4, 5])
def test_published_lists(shots, tmp_path):
    names = (SPLITS / f"cityscapes_train_{shots}shot.txt").read_text().split()
    assert len(names) == 18 * shots
    # Names only: no picture is read before the first batch.
    for name in [*names, "ulm/ulm_999999_999999_leftImg8bit.png"]:
        for folder, ending in (
            ("leftImg8bit", "leftImg8bit.png"),
            ("gtFine", "gtFine_labelIds.png"),
        ):
            path = tmp_path / folder / "train" / name.replace("leftImg8bit.png", ending)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    record = cityscapes(tmp_path)
    dataset = FewShotDomainDataset(
        record,
        record,
        shots=shots,
        batch_size=1,
        image_size=(8, 16),
        shots_file=SPLITS / f"cityscapes_train_{shots}shot.txt",
    )
    chosen = ["/".join(Path(image).parts[-2:]) for image, _ in dataset.target.pairs]
    # One name stands twice in the list of 5 shots and counts twice.
    assert chosen == sorted(names)
    assert len(set(dataset.target.cities)) == 18
