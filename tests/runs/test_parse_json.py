import json

import pytest

from keras_pixda.runs.parse_json import parse_json


def test_reads_what_the_standard_library_reads():
    values = {"a": [1, 2.5, None], "b": {"c": "ä\n"}, 'd"': True, "e": -1e-7}
    for text in (json.dumps(values), json.dumps(values, indent=3), " {\r\n} ", "{}"):
        found, lines = parse_json(text, "text")
        assert found == json.loads(text)
        assert [name for name in lines if "." not in name] == list(found)


def test_names_inside_are_called_with_those_around_them():
    text = """{"pixda": {"threshold": 1,
      "of": [[1, {"x": 2}],
             {"x": "\\": {\\"no\\": 1}", "y": 3}]},
      "fda":
        {"weight": 1}, "": {"z":
        1}, "s": "{"}"""
    assert parse_json(text, "text")[1] == {
        **{"pixda": 1, "pixda.threshold": 1, "pixda.of": 2, "pixda.of.x": 2},
        **{"pixda.of.y": 3, "fda": 4, "fda.weight": 5, "": 5, "z": 5, "s": 6},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{\n"a": {"b": 1,\n "c": 1,\n "b": 2}}',
            "line 4: 'b' stands here again, first in line 2",
        ),
        ('{"a": [{"b": 1}, {"b": 2}],\n"\\u0061": 1}', "line 2: 'a' stands here again"),
        # The rest need not be JSON.
        ('{"a": [{"b": 1,\n "b": 2}], x', "line 2: 'b' stands here again"),
        ('{"NaN": "NaN",\n"a": [1, NaN]}', "line 2: NaN is no number"),
        ('{"a":\n-Infinity}', "line 2: -Infinity is no number"),
        ('{"a":\nNaNaN}', "line 2: NaN is no number"),
        ('{"a": [\n' + "[\n" * 9_999, "line 10000: too deeply nested"),
        ('{"a": [\n' + "[" * 99_999 + "]" * 99_999 + "\n]}", "line 2: too deeply"),
        ('{"a": [\n-' + "9" * 9_999 + "]}", "line 2: Exceeds the limit"),
        ('{"a": 1}\n[]', "line 2: Extra data"),
    ],
)
def test_a_mistake_has_its_line(text, message):
    with pytest.raises(ValueError, match=f"^settings, {message}"):
        parse_json(text, "settings")


def test_names_twice_in_two_objects_are_no_mistake():
    assert parse_json('{"a": {"b": 1}, "b": [{"b": 2}, {"b": 3}]}', "text")[0] == {
        "a": {"b": 1},
        "b": [{"b": 2}, {"b": 3}],
    }


def test_lines_of_a_long_text_are_counted_once():
    names = [f"name {number}" for number in range(20_000)]
    text = json.dumps(dict.fromkeys(names, [1, 2, 3]), indent=1)
    assert parse_json(text, "text")[1][names[-1]] == 2 + 5 * 19_999
