import pytest

from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.runs import few_shot_data


@pytest.mark.parametrize(
    ("option", "domain"), [("augment", "target"), ("source_augment", "source")]
)
def test_options_augment_one_domain(scenes, settings, change, option, domain):
    records = gta5(scenes / "gta5"), cityscapes(scenes / "cityscapes")
    plain = few_shot_data(settings, *records)[0]
    augmented = few_shot_data(change(**{option: True}), *records)[0]
    for before, after in zip(plain, augmented, strict=True):
        assert {name for name in before if (before[name] != after[name]).any()} == {
            domain
        }
