"""YAML files, read strictly: plain values only, mistakes with the file and the line."""

import re
import reprlib

import yaml

from keras_pixda.read_text import read_text
from keras_pixda.typing import FilePath


def read_yaml(path: FilePath) -> tuple[dict, dict]:
    r"""The mapping in a YAML file and the line of each of its names.

    A name in a mapping within it is `"outer.inner"`.

    What is a number, `true` or `null` is the same as in JSON, so that `no` or `010`
    stay text and 1e-3 is a number. No object of Python is ever made.

    Example:

    ```python
    import pathlib
    import tempfile
    from keras_pixda.runs.read_yaml import read_yaml

    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, "config.yaml")
        path.write_text("shots: 3\npixda:\n  threshold: 1e-3\n")
        values, lines = read_yaml(path)
    assert values == {"shots": 3, "pixda": {"threshold": 0.001}}
    assert lines == {"shots": 1, "pixda": 2, "pixda.threshold": 3}
    ```

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no UTF-8 text or no YAML mapping, names something twice or
            holds tags, anchors or aliases.
    """
    return parse_yaml(read_text(path), path)


def parse_yaml(text: str, origin: object) -> tuple[dict, dict]:
    """The mapping in YAML text and the line of each name; `origin` names it in errors.

    Example:

    ```python
    from keras_pixda.runs.read_yaml import parse_yaml

    assert parse_yaml("shots: 3", "settings") == ({"shots": 3}, {"shots": 1})
    ```

    Args:
        text: The text.
        origin: What messages call it.

    Raises:
        ValueError: As for `read_yaml`.
    """
    lines = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise ValueError(f"{origin}, line 1: expected a mapping, name: value.")
        return loader.mapping(node, lines), lines
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"character {ord(text[error.position])} is not allowed"
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        problem = error.problem or error.context
    except RecursionError:
        line, problem = max(lines.values(), default=1), "too deeply nested"
    raise ValueError(f"{origin}, line {line}: {problem}.")


class _Loader(yaml.SafeLoader):
    """Makes what JSON can say and nothing else."""

    yaml_implicit_resolvers = {}

    def compose_node(self, parent, index):
        event = self.peek_event()
        tagged = getattr(event, "tag", None)
        if event.anchor or tagged:
            # Anchors can grow without end, tags can make anything.
            what = "the tag " + tagged if tagged else "the anchor " + event.anchor
            raise _error(event, f"{what[:60]} is not allowed, expected plain values")
        return super().compose_node(parent, index)

    def mapping(self, node, lines, prefix=""):
        """The values of a mapping; notes the line of each name, as `"outer.inner"`."""
        values = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _error(key, "expected a name before the colon")
            name = key.value
            if name in values:
                again = f"{reprlib.repr(name)} stands here again"
                raise _error(key, f"{again}, first in line {lines[prefix + name]}")
            lines[prefix + name] = key.start_mark.line + 1
            values[name] = self._value(value, lines, f"{prefix}{name}.")
        return values

    def _value(self, node, lines, prefix):
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, lines, prefix)
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return [self._value(item, lines, f"{prefix}{i}.") for i, item in items]
        try:
            return self.construct_object(node)
        except ValueError as error:  # Python converts no number of 5000 digits.
            raise _error(node, str(error)) from error


# What is a value, by its first character; all else is text.
_FORMS = (
    ("bool", "true|false", ("t", "f")),
    ("null", "null|", ("n", "")),
    ("int", "-?(0|[1-9][0-9]*)", tuple("-0123456789")),
    ("float", "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?", tuple("-0123456789")),
)
for tag, form, first in _FORMS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^({form})$"), first
    )


def _error(place, problem):
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)
