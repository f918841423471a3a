import json

import pytest

from keras_pixda.runs.read_json import read_json


def test_names_have_their_lines_and_mistakes_the_file(tmp_path):
    values = {"a": [1, 2.5, None], "b": {"c": "ä\n"}, 'd"': True, "e": -1e-7}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(values, indent=1))
    lines = {"a": 2, "b": 7, "b.c": 8, 'd"': 10, "e": 11}
    assert read_json(path) == (values, lines)
    path.write_text('{"a":\n')
    with pytest.raises(ValueError, match=r"a\.json, line 2: Expecting value"):
        read_json(path)
