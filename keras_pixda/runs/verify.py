"""Look for changed bits in what this package has written."""

import pathlib

from keras_pixda.datasets.data_error import Finding
from keras_pixda.datasets.pair_cache import PairCache
from keras_pixda.runs.manifest import MANIFEST, files_of, findings_of
from keras_pixda.typing import FilePath


def verify(path: FilePath) -> tuple[int, list[Finding]]:
    """Read every file of a run, an export or a cache, and name those that changed.

    Example:

    ```python
    import pathlib
    import tempfile
    from keras_pixda.runs import verify
    from keras_pixda.runs.manifest import write_manifest

    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "result.json").write_text("{}")
        write_manifest(folder)  # As at the end of a run.
        files, findings = verify(folder)
    assert (files, findings) == (1, [])
    ```

    Args:
        path: Folder of a run or a comparison that has ended; the `.json` file beside
            an export; or the folder of a cache of pairs.

    Returns:
        The number of files, and a list of one `Finding` for each that is missing or
        not what was written.

    Raises:
        FileNotFoundError: If there is nothing at `path`.
        ValueError: If it is none of these.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder.")
    if path.is_file():
        return _verified(path, _files_of_export(path))
    if (path / MANIFEST).exists():
        return _verified(path / MANIFEST, files_of(path / MANIFEST))
    if any(path.glob("*.pair")):
        files, damaged = PairCache(path).damaged()
        problem, remedy = "is damaged", "It may be deleted: the pair is decoded again."
        return files, [Finding(str(path / name), problem, remedy) for name in damaged]
    raise ValueError(
        f"{path}: expected a run that has ended, which holds {MANIFEST}, the .json "
        "file beside an export, or a cache of pairs."
    )


def _verified(manifest, noted):
    return len(noted), findings_of(manifest, noted)


def _files_of_export(path):
    try:
        return files_of(path)
    except ValueError as error:
        raise ValueError(
            f"{path}: expected the .json file that `keras-pixda export` writes beside "
            f"an export, with the SHA-256 of its files ({error.__cause__!r})."
        ) from error
