"""What happens when a file cannot be used in the middle of a training."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from keras_pixda.datasets.data_error import DataError, Finding

STOP, SKIP = "stop", "skip"


class BadFiles:
    """Stop at files that cannot be used, or let others stand in for them.

    Which pair stands in depends on nothing but which can be read, so a run that is
    resumed goes on with the same ones.

    Example:
    ```python
    from keras_pixda.datasets.bad_files import BadFiles
    from keras_pixda.datasets.decode import fault

    def read(position):
        if position == 3:
            raise fault("3.png", "is gone", "Restore the file.")
        return position

    bad_files = BadFiles("skip")
    assert bad_files.read(read, [3, 4]) == 4
    assert [finding.file for finding in bad_files.left_out] == ["3.png"]
    ```

    Args:
        on_bad_file: `"stop"` or `"skip"`.

    Attributes:
        left_out: The `Finding` of every file that was left out, a list.

    Raises:
        ValueError: If `on_bad_file` is neither.
    """

    def __init__(self, on_bad_file: str):
        if on_bad_file not in (STOP, SKIP):
            raise ValueError(
                f"on_bad_file must be {STOP!r} or {SKIP!r}, received {on_bad_file!r}"
            )
        self.on_bad_file = on_bad_file
        self._findings = {}

    @property
    def left_out(self) -> list[Finding]:
        """Findings of the files that were left out."""
        return list(self._findings.values())

    def read(self, read: Callable[[Any], Any], positions: Iterable) -> Any:
        """`read(position)` of the first position where it succeeds.

        Args:
            read: Function of a position that may raise a `DataError`.
            positions: The position that is meant, and then those that may stand in.

        Raises:
            DataError: Of the first position if files are to stop the training, of
                the last if none can be read.
        """
        for position in positions:
            try:
                return read(position)
            except DataError as error:
                if self.on_bad_file == STOP:
                    raise
                self.leave_out(error.findings)
                last = error
        raise last

    def leave_out(self, findings: Iterable[Finding]) -> None:
        """Note files that are left out, each once, and say so."""
        for finding in findings:
            if finding.file not in self._findings:
                self._findings[finding.file] = finding
                print(f"\nleft out: {finding}", file=sys.stderr, flush=True)
