import json

import pytest

from keras_pixda.runs.read_json import parse_json, read_json


def test_reads_what_the_standard_library_reads(tmp_path):
    values = {"a": [1, 2.5, None], "b": {"c": "ä\n"}, 'd"': True, "e": -1e-7}
    for text in (json.dumps(values), json.dumps(values, indent=3), " {\r\n} ", "{}"):
        found, lines = parse_json(text, "text")
        assert found == json.loads(text)
        assert list(lines) == list(found)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(values, indent=1))
    assert read_json(path)[1] == {"a": 2, "b": 7, 'd"': 10, "e": 11}


def test_names_inside_may_not_come_twice_either():
    with pytest.raises(ValueError, match="line 2: an object names something twice"):
        parse_json('{\n"a": {"b": 1, "b": 2}}', "text")
