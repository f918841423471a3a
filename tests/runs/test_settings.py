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


def test_given_weights_need_no_rate_for_the_source_only_phase():
    steps = {"steps": 8, "distillation_steps": 2, "decay_steps": 10}
    assert (
        Settings.preset("small", **DATA, **steps, weights="a.keras").decay_steps == 10
    )


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
    whole = Settings.preset("small", **DATA).to_json()
    lines = whole.splitlines()
    place = next(i for i, line in enumerate(lines) if '"selection_every"' in line)
    here = f"line {place + 1}"

    def changed(line):
        return "\n".join([*lines[:place], line, *lines[place + 1 :]])

    for content, message in (
        ('{\n"shots": 1,\n oops}', "line 3: Expecting property name"),
        ('{\n"shots": 1\n "seed": 1}', "line 3: Expecting ',' delimiter"),
        ('{\n"shots": 1,\n "seed": }', "line 3: Expecting value"),
        ('{\n"shots": 1,\n "seed": "a', "line 3: Unterminated string"),
        ('{\n"shots": ' + "[" * 99_999, "line 2: too deeply nested"),
        ('{\n"shots": ' + "9" * 9_999, "line 2: Exceeds the limit"),
        ("[]", "line 1: expected an object"),
        ("", "line 1: Expecting value"),
        (whole + "{}", f"line {len(lines) + 1}: Extra data"),
        (changed('"stpes": 3,'), f"{here}: unknown setting 'stpes', did you mean 'st"),
        (
            changed('"selection_every": 1, "seed": 7,'),
            f"'seed' stands here again, first in {here}",
        ),
        ('{"source": "a"}', "missing settings"),
        (changed('"selection_every": 0,'), f"{here}: selection_every is 0, expected"),
        (changed('"selection_every": true,'), f"{here}: selection_every is True, ex"),
        (changed('"selection_every": 1.5,'), "is 1.5, expected a whole number"),
        (changed('"selection_every": "4",'), "is '4', expected a whole number"),
        (changed('"selection_every": null,'), "is None, expected a whole number"),
        (changed('"selection_every": NaN,'), f"{here}: NaN is no number"),
        (whole.replace("0.02", "1e999"), "learning_rate is inf, expected a number"),
        (whole.replace('"float32"', "[]"), r"dtype is \[\], expected text"),
        (whole.replace("128,", '"128",'), "image_size is .*expected two whole numbers"),
    ):
        path.write_text(content)
        with pytest.raises(ValueError, match=rf"config\.json.*{message}"):
            Settings.from_file(path)
    path.write_bytes(b'{\n"source": "\xff"}')
    with pytest.raises(ValueError, match=r"config\.json, line 2: is not UTF-8"):
        Settings.from_file(path)
    path.write_text("\ufeff" + whole, "utf-8")
    assert Settings.from_file(path) == Settings.preset("small", **DATA)
