import pathlib

import numpy as np
import pytest

from keras_pixda.datasets import DataError, FewShotDomainDataset, SegmentationDataset
from keras_pixda.datasets.bad_files import BadFiles

SIZE = (24, 32)


def few_shot(record, target, on_bad_file="skip", **options):
    return FewShotDomainDataset(
        record, target, 2, 2, SIZE, on_bad_file=on_bad_file, **options
    )


def batches(dataset):
    return [dataset[index] for index in range(len(dataset))]


def equal(first, second):
    for one, other in zip(first, second, strict=True):
        for part in (0, 1):
            for key in ("source", "target"):
                np.testing.assert_array_equal(one[part][key], other[part][key])


def numbers(batch):
    return batch[0]["source"][:, 0, 0, 0].tolist()


def test_files_that_vanish_stop_the_training_or_others_stand_in(make_record, capsys):
    source, target = make_record(cities={"ulm": 6}), make_record("photos")
    plain, skipping = few_shot(source, target, "stop"), few_shot(source, target)
    before = batches(plain)
    equal(before, batches(skipping))
    pathlib.Path(source.pairs[3][1]).unlink()
    with pytest.raises(DataError, match=r"ulm_003\.png: cannot be opened .* Restore"):
        batches(plain)
    after = batches(skipping)
    for one, other in zip(before, after, strict=True):
        stand_in = [4 if number == 3 else number for number in numbers(one)]
        assert numbers(other) == stand_in
        np.testing.assert_array_equal(one[1]["target"], other[1]["target"])
    assert [f.file for f in skipping.left_out] == [source.pairs[3][1]]
    assert capsys.readouterr().err.count("left out: ") == 1
    # What is resumed, backwards too, sees the same.
    again = few_shot(source, target)
    equal(after, [again[index] for index in (2, 1, 0)][::-1])
    # Images alone, for the selection.
    pathlib.Path(source.pairs[5][0]).unlink()
    seen = skipping.selection_pass()
    first = np.concatenate([seen[i]["source"][:, 0, 0, 0] for i in range(len(seen))])
    assert first.tolist() == [0, 1, 2, 3, 4, 0]
    # Images that selection gave up do not come back.
    skipping.kept = [0, 1, 3]
    assert set(numbers(skipping[0])) <= {0, 1}
    for image, _ in source.pairs:
        pathlib.Path(image).unlink(missing_ok=True)
    with pytest.raises(DataError):
        skipping[0]


def test_a_shot_that_vanishes(make_record):
    source, target = make_record(), make_record("photos", {"ulm": 2})
    pathlib.Path(target.pairs[0][0]).unlink()
    dataset = few_shot(source, target)
    for images, _ in batches(dataset):
        assert images["target"][:, 0, 0, 0].tolist() == [1, 1]
    with pytest.raises(DataError):
        few_shot(source, target, "stop")[0]


@pytest.mark.parametrize("label_size", ["native", "image", (6, 8)])
def test_validation_counts_nothing_for_a_pair_that_vanished(make_record, label_size):
    record = make_record()
    options = {"batch_size": 2, "image_size": (12, 16), "label_size": label_size}
    plain = SegmentationDataset(record, **options)
    skipping = SegmentationDataset(record, on_bad_file="skip", **options)
    before = plain[0]
    pathlib.Path(record.pairs[1][1]).unlink()
    with pytest.raises(DataError):
        plain[0]
    images, labels = skipping[0]
    np.testing.assert_array_equal(images[0], before[0][0])
    np.testing.assert_array_equal(labels[0], before[1][0])
    assert (images[1] == 0).all()
    assert (labels[1] == 255).all()
    pathlib.Path(record.pairs[0][1]).unlink()
    images, labels = skipping[0]
    assert images.shape == (2, 12, 16, 3)
    assert (labels == 255).all()
    assert len(skipping.left_out) == 2


def test_unknown_answers():
    with pytest.raises(ValueError, match="on_bad_file must be 'stop' or 'skip'"):
        BadFiles("ignore")
