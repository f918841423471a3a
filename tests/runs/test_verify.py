"""One changed bit in anything that was written is found and named."""

import json
import shutil

import numpy as np
import pytest

from keras_pixda.cli import main
from keras_pixda.datasets import PairCache, cityscapes
from keras_pixda.runs import RunFolder, evaluate, export, saved_run, train, verify
from keras_pixda.runs.inputs import changes_since
from keras_pixda.runs.manifest import MANIFEST, changed_files, file_sum, files_of


@pytest.fixture
def run(finished, tmp_path):
    """A copy of a finished run."""
    return shutil.copytree(finished[0], tmp_path / "run")


def flip(path, at=None):
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    path.write_bytes(data)


def test_the_manifest_lists_all_that_a_run_leaves(run):
    noted = files_of(run / MANIFEST)
    left = {
        path.relative_to(run).as_posix()
        for path in run.rglob("*")
        if path.is_file() and path.relative_to(run).parts[0] not in ("state", ".lock")
    }
    assert set(noted) == left - {MANIFEST}
    assert {"segmenter.keras", "result.json", "config.json"} <= set(noted)
    assert noted["segmenter.keras"] == file_sum(run / "segmenter.keras")
    assert verify(run) == (len(noted), [])


def test_a_flipped_bit_in_any_file_is_named(run, capsys):
    for name in files_of(run / MANIFEST):
        flip(run / name)
        [finding] = changed_files(run)
        assert finding.file == str(run / name)
        flip(run / name)
    (run / "result.json").unlink()
    assert main(["verify", str(run)]) == 1
    shown = capsys.readouterr().out
    assert "result.json: is missing" in shown
    assert "1 not as they were written" in shown


def test_what_is_read_is_checked_first(run, scenes):
    flip(run / "segmenter.keras")
    record = cityscapes(scenes / "cityscapes", "val")
    for read in (
        lambda: saved_run(run),
        lambda: evaluate(run, record, verbose=False),
        lambda: export(run, run.parent / "segmenter.keras", "keras"),
    ):
        with pytest.raises(ValueError, match=r"segmenter.keras: is not what was writt"):
            read()
    # Whoever changed it on purpose says so.
    flip(run / "segmenter.keras")
    facts = json.loads((run / "classes.json").read_text())
    (run / "classes.json").write_text(json.dumps(facts | {"image_size": [16, 24]}))
    with pytest.raises(ValueError, match=r"changed it yourself, delete .*manifest"):
        saved_run(run)
    (run / MANIFEST).unlink()
    assert saved_run(run)[1]["image_size"] == [16, 24]


def test_a_run_is_not_gone_on_with_from_changed_files(run, settings):
    flip(run / "source_only.keras")
    with pytest.raises(ValueError, match=r"source_only.keras: is not what was written"):
        RunFolder(run, settings, resume=True)
    flip(run / "source_only.keras")
    folder = RunFolder(run, settings, resume=True)
    # Files may change now; a run that is killed here is none that has ended.
    assert not folder.has(MANIFEST)
    folder.close()
    with pytest.raises(ValueError, match=r"expected a run that has ended"):
        verify(run)


def test_a_damaged_manifest_says_so(run):
    (run / MANIFEST).write_text("{")
    with pytest.raises(ValueError, match=r"manifest.json: does not list the files"):
        saved_run(run)


@pytest.mark.parametrize("name", ["served.keras", "served"])
def test_an_export_is_checked_by_the_file_beside_it(run, name):
    output = run.parent / name
    export(run, output, "keras" if name.endswith("keras") else "savedmodel")
    beside = run.parent / "served.json"
    files, findings = verify(beside)
    assert findings == []
    assert files == (1 if output.is_file() else len([*output.rglob("*.*")]))
    file = output if output.is_file() else output / "saved_model.pb"
    flip(file)
    [finding] = verify(beside)[1]
    assert finding.file == str(file)
    with pytest.raises(ValueError, match="beside an export"):
        verify(run / "classes.json")


def test_cached_pairs_are_checked(scenes, tmp_path):
    record = cityscapes(scenes / "cityscapes", "val")
    cache = PairCache(tmp_path / "cache")
    expected = [cache.read(record, index) for index in range(2)]
    assert verify(tmp_path / "cache") == (2, [])
    file = sorted((tmp_path / "cache").glob("*.pair"))[0]
    flip(file)
    files, [finding] = verify(tmp_path / "cache")
    assert (files, finding.file) == (2, str(file))
    # No harm is done: the pair is decoded again, and written anew.
    for index in range(2):
        np.testing.assert_array_equal(cache.read(record, index)[0], expected[index][0])
    assert verify(tmp_path / "cache") == (2, [])


def test_what_is_nothing_to_verify_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        verify(tmp_path / "nothing")
    with pytest.raises(ValueError, match="expected a run that has ended"):
        verify(tmp_path)


def test_data_that_changed_is_said(run, settings, scenes, tmp_path):
    moved = shutil.copytree(scenes, tmp_path / "scenes")
    places = {
        name: getattr(settings.data, name).replace(str(scenes), str(moved))
        for name in ("source", "target")
    }
    elsewhere = settings.change(**places)
    config = run / "config.json"
    config.write_text(config.read_text().replace(str(scenes), str(moved)))
    # Moved as a whole, it is the same.
    noted = json.loads((run / "inputs.json").read_text())
    assert {"source", "target", "validation", "shots"} <= set(noted)
    mask = sorted((moved / "gta5" / "labels").iterdir())[0]
    mask.write_bytes(mask.read_bytes() + b"\0")
    with pytest.raises(
        ValueError, match=r"(?s)run was trained on \(source: 1 file has"
    ):
        train(elsewhere, run, resume=True, verbose=False)
    assert (run / MANIFEST).exists()
    shot, found = next(iter(noted["shots"].items()))
    [path] = scenes.rglob(shot.rpartition("/")[2])
    assert found == file_sum(path)
    # A run that repeats its settings says so and goes on.
    assert changes_since(run, noted | {"source": {}})[0].startswith("source: ")
