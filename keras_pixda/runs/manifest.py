"""What the finished files of a run are, so that a changed bit is found."""

import hashlib
import json
import pathlib

from keras_pixda.datasets.data_error import DataError, Finding
from keras_pixda.runs.folder_lock import LOCK
from keras_pixda.strict_json import strict_json
from keras_pixda.typing import FilePath
from keras_pixda.whole_file import UNFINISHED, whole_file

MANIFEST = "manifest.json"
# States have checksums of their own, and may be deleted when a run has ended.
_NOT_NOTED = ("state", MANIFEST, LOCK)


def write_manifest(folder: FilePath) -> pathlib.Path:
    """Note the SHA-256 of every file of a run that has ended.

    Example:

    ```python
    import pathlib
    import tempfile
    from keras_pixda.runs.manifest import changed_files, write_manifest

    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "result.json").write_text("{}")
        write_manifest(folder)
        assert changed_files(folder) == []
        pathlib.Path(folder, "result.json").write_text("[]")
        [finding] = changed_files(folder)
    assert finding.file.endswith("result.json")
    ```

    Args:
        folder: Folder of the run; those in it are noted as well.

    Returns:
        The path of its `manifest.json`.
    """
    folder = pathlib.Path(folder)
    files = {
        path.relative_to(folder).as_posix(): file_sum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_left_out(path.relative_to(folder))
    }
    with whole_file(folder / MANIFEST) as unfinished:
        text = strict_json({"sha256": files}, indent=1)
        unfinished.write_text(text + "\n", "utf-8")
    return folder / MANIFEST


def changed_files(folder: FilePath, *names: str) -> list[Finding]:
    """The files that are not what the manifest of their run says.

    Args:
        folder: Folder of a run; without a manifest nothing is found.
        *names: The files to look at. Defaults to all that are noted.

    Returns:
        A list of one `Finding` a file.

    Raises:
        ValueError: If the manifest itself is damaged.
    """
    path = pathlib.Path(folder, MANIFEST)
    if not path.exists():
        return []
    noted = files_of(path)
    return findings_of(path, {n: noted[n] for n in noted if not names or n in names})


def findings_of(manifest: pathlib.Path, noted: dict[str, str]) -> list[Finding]:
    """The files beside a manifest that are not what is noted of them.

    Args:
        manifest: What the remedy names; files are noted by their place beside it.
        noted: The SHA-256 of each.
    """
    folder, findings = manifest.parent, []
    for name, expected in noted.items():
        found = file_sum(folder / name) if (folder / name).is_file() else None
        if found != expected:
            problem = "is missing" if found is None else "is not what was written"
            findings.append(
                Finding(
                    str(folder / name),
                    f"{problem} (SHA-256 {(found or 'none')[:12]}, expected "
                    f"{expected[:12]})",
                    f"Restore it; if you changed it yourself, delete {manifest}.",
                )
            )
    return findings


def files_of(manifest: FilePath) -> dict[str, str]:
    """The files that a manifest notes, and the SHA-256 of each."""
    path = pathlib.Path(manifest)
    try:
        noted = json.loads(path.read_text("utf-8"))["sha256"]
        return {name: str(expected) for name, expected in noted.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: does not list the files of a run ({error!r}). Restore it, or "
            "delete it to go on without."
        ) from error


def refuse_changed_files(folder: FilePath, *names: str) -> None:
    """Raise a `DataError` if files are not what the manifest of their run says.

    Whoever reads a file that is missing says so better.
    """
    found = changed_files(folder, *names)
    if changed := [finding for finding in found if pathlib.Path(finding.file).exists()]:
        raise DataError(changed)


def file_sum(path: FilePath) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_left_out(path):
    return path.parts[0] in _NOT_NOTED or path.name.startswith(UNFINISHED)
