"""The folder that a run writes into."""

import json
import os
import pathlib
import shutil

CONFIG = "config.json"


class RunFolder:
    """The folder of one run: never two runs in one, every file whole or absent.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs import RunFolder, Settings

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder(f"{root}/run", settings)
        folder.write("note.txt", "done")
        folder.has("note.txt")  # True
    ```

    Args:
        path: The folder; it is made if it does not exist.
        settings: The `Settings` of the run, written as `config.json`.
        resume: Whether to go on with the run that the folder holds. Defaults to
            `False`.
        overwrite: Whether to delete the run that the folder holds. Defaults to `False`.

    Raises:
        FileExistsError: If the folder holds a run, or other files, and neither is
            allowed.
        ValueError: If a run is to be resumed with other settings.
    """

    def __init__(self, path, settings, resume=False, overwrite=False):
        self.path = pathlib.Path(path)
        self.settings = settings
        config = self.path / CONFIG
        if self.path.exists() and not self.path.is_dir():
            raise FileExistsError(f"{self.path} is a file, expected a folder.")
        if config.exists():
            if resume:
                self._expect_same_settings(config)
            elif overwrite:
                shutil.rmtree(self.path)
            else:
                raise FileExistsError(
                    f"{self.path} already holds a run: go on with it (--resume), "
                    "replace it (--overwrite) or choose another folder."
                )
        elif self.path.exists() and any(self.path.iterdir()):
            raise FileExistsError(
                f"{self.path} holds other files and no run: choose an empty folder."
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self.write(CONFIG, settings.to_json())

    def _expect_same_settings(self, config):
        earlier = type(self.settings).from_file(config)
        if earlier == self.settings:
            return
        different = [
            f"{name} was {before!r}, is {getattr(self.settings, name)!r}"
            for name, before in vars(earlier).items()
            if before != getattr(self.settings, name)
        ]
        raise ValueError(
            f"{self.path} holds a run with other settings ({'; '.join(different)}): "
            "resume it with the same ones."
        )

    def __truediv__(self, name):
        return self.path / name

    def has(self, name):
        """Whether a file of the run is there; it is whole then."""
        return (self.path / name).exists()

    def write(self, name, content):
        """Write text, JSON values, a picture or a Keras model, whole or not at all."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix stays at the end: savers choose the format by it.
        unfinished = path.with_name(f".unfinished-{path.name}")
        if isinstance(content, str):
            unfinished.write_text(content, "utf-8")
        elif isinstance(content, dict | list):
            unfinished.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
        else:
            content.save(unfinished)
        os.replace(unfinished, path)
        return path

    def read_json(self, name):
        """Read back what `write` wrote as JSON."""
        return json.loads((self.path / name).read_text("utf-8"))
