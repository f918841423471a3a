import os
import pickle
import resource

import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.runs import RunFolder
from keras_pixda.runs.folder_lock import LOCK
from keras_pixda.runs.read_json import read_json


def names(folder):
    return sorted(p.name for p in folder.path.iterdir())


def test_every_kind_of_content_is_written(settings, tmp_path):
    folder = RunFolder(tmp_path / "run", settings)
    segmenter = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    folder.write("sub/note.txt", "text")
    folder.write("facts.json", {"a": [1]})
    folder.write("grey.png", Image.new("L", (2, 2)))
    folder.write("model.keras", segmenter)
    assert folder.read_json("facts.json") == {"a": [1]}
    assert (folder / "sub/note.txt").read_text() == "text"
    again = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_array_equal(again.get_weights()[0], segmenter.get_weights()[0])
    assert names(folder) == sorted(
        [LOCK, "config.json", "facts.json", "grey.png", "model.keras", "sub"]
    )
    folder.close()


def test_json_files_hold_json_and_nan_comes_back(settings, tmp_path):
    folder = RunFolder(tmp_path / "run", settings)
    folder.write("result.json", {"mean_iou": 0.5, "rider": float("nan")})
    assert read_json(folder / "result.json")[0] == {"mean_iou": 0.5, "rider": None}
    assert np.isnan(folder.read_json("result.json")["rider"])
    # As earlier versions wrote it.
    folder.write("old.json", '{"rider": NaN, "bus": [Infinity]}')
    old = folder.read_json("old.json")
    assert np.isnan(old["rider"])
    assert old["bus"] == [float("inf")]
    folder.close()


def test_no_name_leads_out_of_the_folder(settings, tmp_path):
    folder = RunFolder(tmp_path / "run", settings)
    (tmp_path / "run" / "link").symlink_to(tmp_path)
    for name in (
        "../x",
        "a/../../x",
        "/tmp/x",
        str(tmp_path / "x"),
        "..",
        "a/..",
        "link/x",
        "link/new/x",
    ):
        for access in (lambda n: folder.write(n, "x"), folder.read_json):
            with pytest.raises(ValueError, match="outside the folder|not the name"):
                access(name)
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    folder.close()


def test_a_second_run_is_refused_even_to_overwrite(settings, tmp_path):
    first = RunFolder(tmp_path, settings)
    first.write("note.txt", "mine")
    for how in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(BlockingIOError, match="in use by another run"):
            RunFolder(tmp_path, settings, **how)
    assert (tmp_path / "note.txt").read_text() == "mine"
    first.close()
    RunFolder(tmp_path, settings, overwrite=True).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [LOCK, "config.json"]


def test_a_refused_folder_is_not_locked(settings, tmp_path):
    RunFolder(tmp_path / "run", settings).close()
    for _ in range(2):
        with pytest.raises(FileExistsError, match="already holds a run"):
            RunFolder(tmp_path / "run", settings)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_text("")
    for how in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(FileExistsError, match="other files and no run"):
            RunFolder(tmp_path / "mine", settings, **how)
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["photo.jpg"]


def test_a_worker_writes_under_the_lock_of_its_sender(settings, tmp_path):
    folder = RunFolder(tmp_path, settings)
    worker = pickle.loads(pickle.dumps(folder))
    worker.write("note.txt", "from the worker")
    del worker
    with pytest.raises(BlockingIOError):
        RunFolder(tmp_path, settings, resume=True)
    folder.close()


def test_overwriting_that_was_interrupted_is_not_resumed(
    settings, tmp_path, monkeypatch
):
    folder = RunFolder(tmp_path, settings)
    folder.write("segmenter.keras", "old")
    folder.close()
    deleted = []
    unlink = os.unlink

    def killed(path, *args, **kwargs):
        if deleted:
            raise KeyboardInterrupt
        deleted.append(path)
        unlink(path, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            RunFolder(tmp_path, settings, overwrite=True)
    assert (tmp_path / "segmenter.keras").exists()
    with pytest.raises(FileExistsError, match="left of a run"):
        RunFolder(tmp_path, settings, resume=True)
    RunFolder(tmp_path, settings, overwrite=True).close()
    assert not (tmp_path / "segmenter.keras").exists()


def test_what_a_killed_process_had_begun_is_cleared_away(settings, tmp_path):
    RunFolder(tmp_path, settings).close()
    (tmp_path / "panels").mkdir()
    (tmp_path / "panels" / ".unfinished-01.png").write_bytes(b"half")
    (tmp_path / ".unfinished-pixda.keras").write_bytes(b"half")
    folder = RunFolder(tmp_path, settings, resume=True)
    assert names(folder) == [LOCK, "config.json", "panels"]
    assert not list((tmp_path / "panels").iterdir())
    folder.close()


def test_a_full_disk_or_broken_weights_leave_what_was_there(settings, tmp_path):
    folder = RunFolder(tmp_path, settings)
    segmenter = keras.Sequential([keras.Input((200,)), keras.layers.Dense(200)])
    before = segmenter.get_weights()
    folder.write("model.keras", segmenter)
    segmenter.set_weights([value + 1 for value in before])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"model.keras: cannot be written .*space"):
            folder.write("model.keras", segmenter)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    segmenter.layers[0].bias.assign(np.full(200, np.inf))
    with pytest.raises(ValueError, match=r"model.keras is not written: .*bias"):
        folder.write("model.keras", segmenter)
    kept = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(kept.get_weights()[0], before[0])
    assert names(folder) == [LOCK, "config.json", "model.keras"]
    folder.close()


@pytest.mark.parametrize("content", [b"", b'{"a": [1', b"\xff"])
def test_damaged_json_is_named(settings, tmp_path, content):
    folder = RunFolder(tmp_path / "run", settings)
    folder.write("facts.json", {"a": [1]}).write_bytes(content)
    with pytest.raises(ValueError, match=r"facts\.json: is damaged \(.*\)\. Restore"):
        folder.read_json("facts.json")
    folder.close()
