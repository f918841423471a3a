"""JSON files, read strictly: what is wrong is said with the file and the line."""

from keras_pixda.read_text import read_text
from keras_pixda.runs.parse_json import parse_json
from keras_pixda.typing import FilePath


def read_json(path: FilePath) -> tuple[dict, dict[str, int]]:
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
    assert lines["seed"] == 2
    ```

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is no UTF-8 text or no JSON object, names something twice or
            holds a number that is none.
    """
    return parse_json(read_text(path), path)
