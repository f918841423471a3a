"""Pixels are counted alike wherever they are: without what is ignored."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import (
    DataCheck,
    FewShotDomainDataset,
    class_pixels,
    folder,
)
from keras_pixda.runs import class_facts


@pytest.fixture
def hooded(tmp_path):
    """A record of two pairs, of road above and car below, where a hood is ignored."""
    mask = np.zeros((24, 32), np.uint8)
    mask[12:] = 1
    hood = np.where(mask == 1, 255, 0).astype(np.uint8)
    for name, pixels in (
        ("images/a", np.zeros((24, 32, 3), np.uint8)),
        ("images/b", np.zeros((24, 32, 3), np.uint8)),
        ("masks/a", mask),
        ("masks/b", mask),
        ("hood", hood),
    ):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
    record = folder(tmp_path / "images", tmp_path / "masks", ("road", "car"))
    return dataclasses.replace(record, ignore_masks=(str(tmp_path / "hood.png"),) * 2)


def test_the_hood_is_no_car(hooded, capsys):
    facts = class_facts(hooded)
    assert "class pixels" in capsys.readouterr().out
    assert facts["pixels"] == [2 * 384, 0]
    assert facts["well"] == ["road"]
    assert facts["classes"] == ["road", "car"]
    assert facts["ignore_class"] == 255
    assert class_pixels(hooded, verbose=False).tolist() == [[384, 0], [384, 0]]
    checked = DataCheck(hooded)
    assert (checked.pixels.tolist(), checked.ignored) == ([2 * 384, 0], 2 * 384)
    assert checked.shows.tolist() == [[True, False]] * 2


def test_nor_beside_an_image_that_cannot_be_read(hooded):
    with open(hooded.pairs[0][0], "wb"):
        pass
    checked = DataCheck(hooded)
    assert (checked.pixels.tolist(), checked.ignored) == ([2 * 384, 0], 2 * 384)
    assert [finding.file for finding in checked.by_pair[0]] == [hooded.pairs[0][0]]
    assert class_facts(hooded, verbose=False)["pixels"] == [2 * 384, 0]


def test_nor_where_rare_classes_are_preferred(hooded):
    dataset = FewShotDomainDataset(
        hooded, hooded, 1, 1, (24, 32), rare_class_sampling=0.01
    )
    sampling = dataset._rare_classes
    assert sampling.shares.tolist() == [1, 0]
    assert sampling.holds.tolist() == [[True, False]] * 2
