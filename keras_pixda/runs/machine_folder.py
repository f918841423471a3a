"""The folder of a run that several machines train, of which one writes."""

import contextlib
import io
import pathlib
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from keras_pixda.machines import bytes_of_chief, done_by_all
from keras_pixda.preemption import Preempted
from keras_pixda.replicas import is_chief, number_of_machines
from keras_pixda.runs.folder_lock import LOCK
from keras_pixda.runs.run_folder import RunFolder
from keras_pixda.runs.settings import Settings
from keras_pixda.typing import FilePath
from keras_pixda.whole_file import UNFINISHED

# Notes and tables, which say how far a run has come.
NOTES = (".json", ".csv", ".txt")
# What no phase begins with; states are told by `ExactResume`.
LEFT_OUT = {"state", "panels", "tensorboard"}
# What work in common ends with when a machine no longer answers.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)


class MachineFolder:
    """The folder of a run on one of the machines that train it.

    The first machine has the folder itself. The others write into one of their own,
    which begins with what the first one's holds and is thrown away in the end: all
    come to the same decisions, need no common disk, and never write at once.

    Example:

    ```python
    import tempfile

    import tensorflow as tf

    from keras_pixda.runs import Settings
    from keras_pixda.runs.machine_folder import MachineFolder

    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    strategy = tf.distribute.get_strategy()
    with tempfile.TemporaryDirectory() as root:
        with MachineFolder.of(strategy, f"{root}/run") as machine:
            folder = machine.open(settings)
            folder.close()
        assert folder.has("config.json") and machine.writes
    ```

    Args:
        strategy: The `tf.distribute.Strategy` of the run.
        path: The folder, or on other machines than the first one in its place.

    Attributes:
        writes: Whether this is the first machine.
    """

    def __init__(self, strategy: Any, path: FilePath):
        self.strategy = strategy
        self.path = pathlib.Path(path)
        self.writes = is_chief(strategy)

    @classmethod
    @contextlib.contextmanager
    def of(cls, strategy: Any, folder: FilePath) -> Iterator["MachineFolder"]:
        """The folder of this machine, as long as the context lasts.

        Raises:
            Preempted: If another machine is lost meanwhile. The run can be resumed.
        """
        with contextlib.ExitStack() as stack:
            if not is_chief(strategy):
                own = stack.enter_context(tempfile.TemporaryDirectory())
                folder = pathlib.Path(own, "run")
            machine = cls(strategy, folder)
            try:
                machine._share(NOTES)
                yield machine
            except Exception as error:
                if number_of_machines(strategy) > 1 and _is_of_lost_machine(error):
                    raise Preempted("another machine was lost") from error
                raise

    def together(self, work: Callable[[], Any]) -> Any:
        """What `work` gives here; if it fails on any machine, all of them raise."""
        return done_by_all(self.strategy, work)

    def open(
        self,
        settings: Settings,
        resume: bool = False,
        overwrite: bool = False,
        prolong: Callable | None = None,
    ) -> RunFolder:
        """The open `RunFolder`, of which all machines see the same.

        Args:
            settings: As for `RunFolder`, the same on every machine.
            resume: As for `RunFolder`.
            overwrite: As for `RunFolder`.
            prolong: As for `RunFolder`.

        Raises:
            ValueError: If a machine has other settings than the first.
        """
        if number_of_machines(self.strategy) == 1:
            return RunFolder(self.path, settings, resume, overwrite, prolong)
        told = bytes_of_chief(self.strategy, settings.to_json().encode).decode()
        self.together(lambda: _expect_same(told, settings))
        arguments = settings, resume, overwrite, prolong
        opened = self.together(lambda: self.writes and RunFolder(self.path, *arguments))
        self._share()
        return opened or RunFolder(self.path, settings, resume=True)

    def _share(self, suffixes=()):
        """Give the others what the first machine's folder holds."""
        if number_of_machines(self.strategy) == 1:
            return
        told = bytes_of_chief(self.strategy, lambda: _packed(self.path, suffixes))
        if not self.writes and told:
            self.path.mkdir(parents=True, exist_ok=True)
            with tarfile.open(fileobj=io.BytesIO(told)) as files:
                files.extractall(self.path, filter="data")


def _packed(folder, suffixes):
    if not folder.is_dir():
        return b""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as files:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            wanted = not suffixes or path.suffix in suffixes
            if path.name == LOCK or path.name.startswith(UNFINISHED):
                continue
            if path.is_file() and wanted and not LEFT_OUT & {*name.parts}:
                files.add(path, str(name))
    return packed.getvalue()


def _is_of_lost_machine(error):
    """Whether an error, or one that it came from, is that of a machine gone."""
    while error is not None and not isinstance(error, LOST):
        error = error.__cause__ or error.__context__
    return error is not None


def _expect_same(told, settings):
    before = Settings.from_json(told).by_name()
    different = [
        f"{name} is {value!r}, expected {before[name]!r}"
        for name, value in settings.by_name().items()
        if value != before[name]
    ]
    if different:
        raise ValueError(
            f"The first machine has other settings: {'; '.join(different)}. Give the "
            "same command on each."
        )
