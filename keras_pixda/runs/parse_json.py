"""JSON text, read strictly: what is wrong is said with the line."""

import json
import re
import reprlib

# A name or text, a bracket, a number or word; the standard parser says what they mean.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*:)?|[][{}]|[-+.\w]+', re.DOTALL)


def parse_json(text: str, origin: object) -> tuple[dict, dict[str, int]]:
    r"""The object in JSON text and the line of each name; `origin` names it in errors.

    A name inside is called with those of the objects around it, `"pixda.threshold"`.

    Example:

    ```python
    from keras_pixda.runs.parse_json import parse_json

    values, lines = parse_json('{"pixda":\n {"threshold": 0.5}}', "settings")
    assert values == {"pixda": {"threshold": 0.5}}
    assert lines == {"pixda": 1, "pixda.threshold": 2}
    ```

    Args:
        text: The text.
        origin: What messages call it.

    Raises:
        ValueError: If it is no JSON object, names something twice in an object or holds
            a number that is none.
    """
    try:
        values = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_number,
            parse_int=_whole_number,
        )
        if isinstance(values, dict):
            return values, _lines(text)
        line, problem = 1, "expected an object, {...}"
    except json.JSONDecodeError as error:
        line, problem = error.lineno, error.msg
    except RecursionError:
        line, problem = _deepest(text), "too deeply nested"
    except _NoNumber as error:
        token, problem = error.args
        line = next(line for found, line in _tokens(text) if found.startswith(token))
    except _Twice:
        line, problem = _repeated(text)
    raise ValueError(f"{origin}, line {line}: {problem}.")


class _NoNumber(Exception):
    """What stands in the text, and what is wrong with it."""


class _Twice(Exception):
    """An object names something twice."""


def _unique(pairs):
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _Twice
    return values


def _no_number(token):
    raise _NoNumber(token, f"{token} is no number")


def _whole_number(token):
    try:
        return int(token)
    except ValueError as error:  # Python converts none of 5000 digits.
        raise _NoNumber(token, str(error)) from error


# Lines, for messages only: the parser, which is fast, does not tell them.


def _tokens(text):
    line, place = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", place, token.start())
        place = token.start()
        yield token[0], line


def _names(text):
    """Name, path, line, and the line of an earlier one in the same object."""
    name, open_ = "", []  # The name of each open bracket, and the names inside so far.
    for token, line in _tokens(text):
        if token in ("{", "["):
            open_.append((name, {}))
            name = ""
        elif token in ("}", "]"):
            open_.pop()
            name = ""
        elif token.endswith(":"):
            name, (_, seen) = json.loads(token[:-1]), open_[-1]
            path = [around for around, _ in open_ if around]
            yield name, ".".join([*path, name]), line, seen.get(name)
            seen[name] = line


def _lines(text):
    lines = {}
    for _, path, line, _ in _names(text):
        lines.setdefault(path, line)
    return lines


def _repeated(text):
    return next(
        (line, f"{reprlib.repr(name)} stands here again, first in line {first}")
        for name, _, line, first in _names(text)
        if first
    )


def _deepest(text):
    depth = deepest = where = 0
    for token, line in _tokens(text):
        depth += (token in ("{", "[")) - (token in ("}", "]"))
        if depth > deepest:
            deepest, where = depth, line
    return where
