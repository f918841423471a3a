import json

import pytest

from keras_pixda.runs import Settings

DATA = {"source": "gta5:a", "target": "cityscapes:b"}


def test_presets_differ_and_survive_json():
    published = Settings.preset("published", **DATA)
    assert (published.steps, published.decay_steps) == (30_000, 62_500)
    assert published.image_size == (512, 1024)
    small = Settings.preset("small", **DATA, shots=3, detach=False)
    assert Settings.from_json(small.to_json()) == small != published


def test_decay_follows_longer_runs():
    assert Settings.preset("small", **DATA, steps=5000).decay_steps >= 5000
    with pytest.raises(ValueError, match="decay_steps is 10, expected at least"):
        Settings.preset("small", **DATA, decay_steps=10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shots": 0}, "shots is 0, expected at least 1"),
        ({"image_size": (16, 64)}, r"image_size is \(16, 64\), expected"),
        ({"segmenter": "big"}, "segmenter is 'big', expected one of"),
        ({"dtype": "half"}, "dtype is 'half', expected one of"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, expected above 0"),
    ],
)
def test_bad_values_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        Settings.preset("small", **DATA, **changes)
    with pytest.raises(ValueError, match="Unknown preset 'tiny'"):
        Settings.preset("tiny", **DATA)


def test_bad_files_are_named_with_the_line(tmp_path):
    path = tmp_path / "config.json"
    values = json.loads(Settings.preset("small", **DATA).to_json())
    for content, message in (
        ('{\n"shots": 1,\n oops}', r"config.json, line 3"),
        ("[]", "expected an object"),
        (json.dumps({**values, "stpes": 3}), "unknown setting 'stpes', did you mean"),
        (json.dumps({"source": "a"}), "missing settings"),
        (json.dumps({**values, "shots": -1}), "config.json: shots is -1"),
    ):
        path.write_text(content)
        with pytest.raises(ValueError, match=message):
            Settings.from_file(path)
