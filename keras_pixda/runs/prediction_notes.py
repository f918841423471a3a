"""What the results of a prediction were made with."""

import json
import pathlib
from typing import Any

from keras_pixda.runs.read_json import read_json
from keras_pixda.typing import FilePath
from keras_pixda.whole_file import whole_file

NAME = "prediction"


class PredictionNotes:
    """Notes beside results, so that only results of one kind are put together.

    Each share of the pictures has a note of its own: nothing is written twice at once.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs.prediction_notes import PredictionNotes

    with tempfile.TemporaryDirectory() as root:
        notes = PredictionNotes(root, {"flip": True})
        notes.write()
        notes.expect_same()
        try:
            PredictionNotes(root, {"flip": False}).expect_same()
        except ValueError as error:
            message = str(error)
    assert "made with flip True, expected False" in message
    ```

    Args:
        output: The folder of the results.
        facts: What they are made with, a dict of JSON values.
        shard: The share, `(number, count)`. Defaults to `None`, everything.
    """

    def __init__(
        self,
        output: FilePath,
        facts: dict[str, Any],
        shard: tuple[int, int] | None = None,
    ):
        self.output = pathlib.Path(output)
        self.facts = json.loads(json.dumps(facts))  # As it is read back.
        share = "" if shard is None else "_{}_of_{}".format(*shard)
        self.path = self.output / f"{NAME}{share}.json"

    def expect_same(self) -> None:
        """Raise unless the results that are there were made with the same.

        Raises:
            ValueError: If not, or if no note tells.
        """
        notes = sorted(self.output.glob(f"{NAME}*.json"))
        if not notes:
            raise ValueError(
                f"{self.output} holds results, and no note of what they were made "
                "with: choose another output folder, or replace them (--overwrite)."
            )
        for path in notes:
            found, _ = read_json(path)
            for name, value in self.facts.items():
                if found.get(name) != value:
                    raise ValueError(
                        f"{path}: the results were made with {name} "
                        f"{found.get(name)}, expected {value}: choose another output "
                        "folder, or replace them (--overwrite)."
                    )

    def write(self) -> None:
        """Write the note."""
        with whole_file(self.path) as unfinished:
            unfinished.write_text(json.dumps(self.facts, indent=1) + "\n", "utf-8")
