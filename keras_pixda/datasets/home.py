"""The home folder in paths that no shell has seen."""

import os
from pathlib import Path

from keras_pixda.typing import FilePath


def home(path: FilePath) -> Path:
    """A path whose `~` at the start is the home folder.

    A shell puts it in where `~` begins a word, and so not in `gta5:~/data`.

    Example:
    ```python
    from pathlib import Path

    from keras_pixda.datasets.home import home

    assert home("~/gta5") == Path.home() / "gta5"
    assert home("data/gta5") == Path("data/gta5")
    ```

    Args:
        path: Text or path.
    """
    return Path(os.path.expanduser(path))
