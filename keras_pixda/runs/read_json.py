"""JSON files, read strictly: what is wrong is said with the file and the line."""

import json
import re
import reprlib
from json.decoder import scanstring

from keras_pixda.read_text import read_text

_SPACE = re.compile(r"[ \t\r\n]*")


def read_json(path):
    r"""The object in a JSON file and the line of each of its names.

    Example:

    ```python
    import pathlib
    import tempfile
    from keras_pixda.runs.read_json import read_json

    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, "config.json")
        path.write_text('{"shots": 3,\n "seed": 0}')
        values, lines = read_json(path)
    lines["seed"]  # 2
    ```

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no UTF-8 text or no JSON object, names something twice or
            holds a number that is none.
    """
    return parse_json(read_text(path), path)


def parse_json(text, origin):
    """The object in JSON text and the line of each name; `origin` names it in errors.

    Example:

    ```python
    from keras_pixda.runs.read_json import parse_json

    parse_json('{"shots": 3}', "settings")  # ({"shots": 3}, {"shots": 1})
    ```

    Args:
        text: The text.
        origin: What messages call it.

    Raises:
        ValueError: As for `read_json`.
    """
    line = 1
    try:
        values, lines = {}, {}
        place = _skip(text, 0)
        if text[place : place + 1] != "{":
            json.loads(text)  # Says what is wrong if it is no JSON at all.
            raise ValueError("expected an object, {...}")
        place = _skip(text, place + 1)
        more = text[place : place + 1] != "}"
        while more:
            line = _line(text, place)
            name, place = _name(text, place)
            if name in values:
                again = f"{reprlib.repr(name)} stands here again"
                raise ValueError(f"{again}, first in line {lines[name]}")
            place = _expect(text, place, ":")
            values[name], place = _DECODER.raw_decode(text, place)
            lines[name] = line
            place = _skip(text, place)
            more = text[place : place + 1] == ","
            if more:
                place = _skip(text, place + 1)
        place = _expect(text, place, "}")
        if place < len(text):
            raise json.JSONDecodeError("Nothing may follow the object", text, place)
    except json.JSONDecodeError as error:
        raise ValueError(f"{origin}, line {error.lineno}: {error.msg}.") from error
    except RecursionError as error:
        raise ValueError(f"{origin}, line {line}: too deeply nested.") from error
    except ValueError as error:
        raise ValueError(f"{origin}, line {line}: {error}.") from error
    return values, lines


def _unique(pairs):
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("an object names something twice")
    return values


def _no_number(text):
    raise ValueError(f"{text} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_number)


def _name(text, place):
    if text[place : place + 1] != '"':
        raise json.JSONDecodeError("Expected a name in double quotes", text, place)
    return scanstring(text, place + 1, True)


def _expect(text, place, character):
    place = _skip(text, place)
    if text[place : place + 1] != character:
        raise json.JSONDecodeError(f"Expected {character!r}", text, place)
    return _skip(text, place + 1)


def _skip(text, place):
    return _SPACE.match(text, place).end()


def _line(text, place):
    return text.count("\n", 0, place) + 1
