import pytest

from keras_pixda.read_text import read_text
from keras_pixda.runs.read_json import read_json
from keras_pixda.runs.read_yaml import read_yaml


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_json_and_yaml_of_any_editor(tmp_path, encoding, end):
    path = tmp_path / "config.json"
    path.write_bytes(f'{{"a": 1,{end}{end}"Straße": 2}}{end}'.encode(encoding))
    assert read_json(path) == ({"a": 1, "Straße": 2}, {"a": 1, "Straße": 3})
    path.write_bytes(f"a: 1{end}{end}Straße: 2{end}".encode(encoding))
    assert read_yaml(path) == ({"a": 1, "Straße": 2}, {"a": 1, "Straße": 3})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a\nStraße".encode("latin-1"), "line 2: is not UTF-8 text .*Latin-1"),
        ("a\nb".encode("utf-16-le"), "line 1: is not UTF-8 text .*UTF-16"),
        (b"\xff\xfe\x00", "line 1: is not UTF-8 text"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(tmp_path, data, message):
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(ValueError, match=rf"a\.txt, {message}.* Save it as UTF-8\."):
        read_text(tmp_path / "a.txt")
