import pytest

from keras_pixda.runs import Settings
from keras_pixda.runs.read_yaml import parse_yaml, read_yaml

DATA = {"source": "gta5:a", "target": "cityscapes:b"}


def test_values_are_those_of_json():
    text = """\
# A comment.
source: gta5:/data/GTA 5
validation: null
weights:
detach: true
learning_rate: 1e-3
gamma: 2.50
seed: -7
image_size: [128, 192]
country: no
number: 010
time: 1:30
day: 2001-01-01
quoted: "3"
inner: {a: [1, b]}
"""
    values, lines = parse_yaml(text, "text")
    assert values == {
        "source": "gta5:/data/GTA 5",
        "validation": None,
        "weights": None,
        "detach": True,
        "learning_rate": 0.001,
        "gamma": 2.5,
        "seed": -7,
        "image_size": [128, 192],
        "country": "no",
        "number": "010",
        "time": "1:30",
        "day": "2001-01-01",
        "quoted": "3",
        "inner": {"a": [1, "b"]},
    }
    assert type(values["seed"]) is int
    expected = {name: line for line, name in enumerate(values, 2)}
    assert lines == expected | {"inner.a": expected["inner"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected a mapping"),
        ("[1, 2]", "line 1: expected a mapping"),
        ("a: 1\nb: 2\na: 3", "line 3: 'a' stands here again, first in line 1"),
        ("a: 1\nb: {c: 1, c: 2}", "line 2: 'c' stands here again, first in line 2"),
        ("a: 1\nb: !!python/name:os.system x", "line 2: the tag tag:yaml.*not allowed"),
        ("a: 1\nb: !!int x", "line 2: the tag"),
        ("a: &x [1]\nb: [*x, *x]", "line 1: the anchor x is not allowed"),
        ("a: 1\nb: *x", "line 2: the anchor x"),
        ("a: 1\n<<: {b: 1}\n<<: {}", "line 3: '<<' stands here again"),
        ("a: 1\n? [b]\n: 2", "line 2: expected a name before the colon"),
        ("a: 1\nb: [1,\n", "line 3: expected the node content"),
        ("a: 1\n\tb: 2", "line 2: found character"),
        ("a: 1\nb: \x07", "line 2: character 7 is not allowed"),
        ("a: 1\n---\nb: 2", "line 2: but found another document"),
        ("a: 1\nb: " + "[" * 9_999, "line 1: too deeply nested"),
        ("a: 1\nb: " + "9" * 9_999, "line 2: Exceeds the limit"),
    ],
)
def test_mistakes_are_named_with_the_line(text, message):
    with pytest.raises(ValueError, match=f"^text, {message}"):
        parse_yaml(text, "text")


def test_settings_of_a_file(tmp_path):
    path = tmp_path / "config.yaml"
    small = Settings.preset("small", **DATA, shots=3, detach=False)
    rows = [
        f"{name}: {'null' if value is None else str(value).lower()}"
        for name, value in small.by_name().items()
        if name != "image_size"
    ]
    whole = "\n".join([*rows, "image_size:", "  - 128", "  - 192"])
    path.write_text(whole)
    assert Settings.from_file(path) == small
    path.rename(path.with_suffix(".yml"))
    assert Settings.from_file(path.with_suffix(".yml")) == small
    for before, after, message in (
        ("shots: 3", "shots: -1", "shots is -1, expected at least 0"),
        ("shots: 3", "shots: three", "shots is 'three', expected a whole number"),
        (
            "pixda.detach: false",
            "detach: no",
            "pixda.detach is 'no', expected true or false",
        ),
        ("shots: 3", "shot: 3", "unknown setting 'shot', did you mean 'shots'"),
    ):
        line = 1 + rows.index(before)
        path.write_text(whole.replace(before, after))
        with pytest.raises(ValueError, match=rf"config\.yaml, line {line}: {message}"):
            Settings.from_file(path)
    path.write_bytes(b"a: 1\nb: \xff")
    with pytest.raises(ValueError, match=r"config\.yaml, line 2: is not UTF-8"):
        read_yaml(path)
