"""The one error of the data room: a list of findings, each with a remedy."""

from collections.abc import Iterable
from typing import NamedTuple


class Finding(NamedTuple):
    """One problem of a data set: which file, what is wrong, what to do about it.

    Example:
    ```python
    from keras_pixda.datasets import Finding

    finding = Finding("a.png", "the file is empty", "Copy it again.")
    assert str(finding) == "a.png: the file is empty. Copy it again."
    ```

    Args:
        file: Path of the file.
        problem: What is wrong, without a full stop.
        remedy: What to do, a sentence.
    """

    file: str
    problem: str
    remedy: str

    def __str__(self):
        return f"{self.file}: {self.problem}. {self.remedy}"


class DataError(ValueError):
    """Files of a data set that cannot be used; `findings` holds every one of them.

    The message shows the first few, so that a data set with thousands of faults
    stays readable.

    Example:
    ```python
    from keras_pixda.datasets import DataError, Finding

    error = DataError([Finding("a.png", "the file is empty", "Copy it again.")])
    assert str(error) == "a.png: the file is empty. Copy it again."
    assert error.findings[0].file == "a.png"
    ```

    Args:
        findings: The problems, a sequence of `Finding`.
        headline: What they have in common. Defaults to `None`, their number.
    """

    shown = 5

    def __init__(self, findings: Iterable[Finding], headline: str | None = None):
        self.findings = tuple(findings)
        self.headline = headline
        lines = [str(finding) for finding in self.findings[: self.shown]]
        if len(self.findings) > 1 or headline:
            lines.insert(0, headline or f"{len(self.findings)} problems")
        if len(self.findings) > self.shown:
            lines.append(f"... and {len(self.findings) - self.shown} more")
        super().__init__("\n  ".join(lines))
