import numpy as np
import pytest

from keras_pixda.datasets import DataError, check, folder


def test_nothing_to_find(make_record):
    steps = []
    assert check(make_record(), progress=lambda *step: steps.append(step)) == []
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_finds_every_fault(make_record, write, tmp_path):
    record = make_record(cities={"ulm": 7})
    images, masks = tmp_path / "street/images/ulm", tmp_path / "street/masks/ulm"
    (images / "ulm_000.png").write_bytes(b"")
    whole = (images / "ulm_001.png").read_bytes()
    (images / "ulm_001.png").write_bytes(whole[:200])
    (masks / "ulm_001.png").write_bytes(b"rubbish")
    write("street/masks/ulm/ulm_002.png", np.zeros((12, 16), np.uint8))
    write("street/masks/ulm/ulm_003.png", 77)
    write("street/masks/ulm/ulm_004.png", 255)
    (masks / "ulm_006.png").unlink()
    findings = check(record)
    assert [(f.file.split("street/")[1], f.problem[:12]) for f in findings] == [
        ("images/ulm/ulm_000.png", "the file is "),
        ("images/ulm/ulm_001.png", "is no readab"),
        ("masks/ulm/ulm_001.png", "is no readab"),
        ("masks/ulm/ulm_002.png", "is 16x12 pix"),
        ("masks/ulm/ulm_003.png", "holds ids th"),
        ("masks/ulm/ulm_004.png", "every pixel "),
        ("masks/ulm/ulm_006.png", "cannot be op"),
    ]
    assert all(finding.remedy for finding in findings)
    # A missing mask is found when the record is made, with the same kind of list.
    with pytest.raises(DataError) as error:
        folder(tmp_path / "street/images", tmp_path / "street/masks", ("road", "other"))
    assert len(error.value.findings) == 1
