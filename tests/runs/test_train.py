import csv
import json
import math
import resource

import keras
import numpy as np
import pytest
from PIL import Image

from keras_pixda.callbacks import ProgressLine, SampleSelection
from keras_pixda.datasets import cityscapes, load
from keras_pixda.datasets.cityscapes_classes import CITYSCAPES_ID_MAP
from keras_pixda.methods import METHODS, PixDAModel
from keras_pixda.runs import RunFolder, Settings, evaluate, predict, train
from keras_pixda.training import SupervisedModel

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.filterwarnings("ignore:Even though the `tf.config"),
]


def weights(path):
    return keras.saving.load_model(path).get_weights()


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))


def assert_same_weights(one, other):
    for value, wanted in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_a_run_writes_what_it_promises(finished, settings):
    folder, result = finished
    assert names(folder) == [
        ".lock",
        "classes.json",
        "config.json",
        "history_adaptation.csv",
        "history_distillation.csv",
        "history_source_only.csv",
        "inputs.json",
        "manifest.json",
        "panels/01.png",
        "panels/02.png",
        "panels/all.png",
        "per_class_iou.csv",
        "per_class_iou_distillation.csv",
        "per_class_iou_source_only.csv",
        "pixda.keras",
        "result.json",
        "segmenter.keras",
        "source_only.keras",
        # To go on from if it is to be longer.
        "state/adaptation/00000002.state",
        "state/distillation/00000001.state",
        "state/source_only/00000002.state",
    ]
    assert Settings.from_file(folder / "config.json") == settings
    assert set(result["seconds"]) == {"source_only", "adaptation", "distillation"}
    for phase in ("source_only", "adapted"):
        assert 0 <= result[phase]["mean_iou"] <= 1
        assert {"well_iou", "under_iou", "road"} < set(result[phase])
    saved = json.loads((folder / "result.json").read_text())
    assert saved["adapted"]["road"] == result["adapted"]["road"]
    with (folder / "history_adaptation.csv").open() as file:
        rows = list(csv.DictReader(file))
    # Five steps are a pass of four and a begun one.
    assert [row["kept_source_images"] for row in rows] == ["8", "8"]
    assert set(PixDAModel.loss_terms) < set(rows[0])
    with Image.open(folder / "panels/all.png") as picture:
        assert picture.width > 4 * 320


def test_every_phase_moves_the_segmenter(finished):
    folder, _ = finished
    source_only = weights(folder / "source_only.keras")
    model = keras.saving.load_model(folder / "pixda.keras")
    adapted, distilled = (
        model.segmenter.get_weights(),
        weights(folder / "segmenter.keras"),
    )
    assert not np.array_equal(source_only[0], adapted[0])
    assert not np.array_equal(adapted[0], distilled[0])
    assert int(model.optimizer.iterations) == 5
    assert model.selection.passes == 2


def test_the_config_reproduces_the_run(finished, tmp_path):
    folder, _ = finished
    settings = Settings.from_file(folder / "config.json")
    train(settings, tmp_path / "again", verbose=False)
    for name in ("source_only.keras", "segmenter.keras"):
        assert_same_weights(folder / name, tmp_path / "again" / name)


def test_a_folder_with_a_run_is_refused_resumed_or_replaced(finished, change, tmp_path):
    folder, result = finished
    settings = change()
    with pytest.raises(FileExistsError, match="already holds a run.*--resume"):
        train(settings, folder, verbose=False)
    before = (folder / "segmenter.keras").read_bytes()
    again = train(settings, folder, resume=True, verbose=False)
    assert (folder / "segmenter.keras").read_bytes() == before
    assert again["adapted"]["mean_iou"] == result["adapted"]["mean_iou"]
    with pytest.raises(ValueError, match="other settings .gamma was 2.0, is 1.0"):
        train(change(gamma=1.0), folder, resume=True, verbose=False)

    (tmp_path / "photo.jpg").write_text("mine")
    with pytest.raises(FileExistsError, match="holds other files"):
        train(settings, tmp_path, overwrite=True, verbose=False)
    assert (tmp_path / "photo.jpg").read_text() == "mine"


def test_a_run_that_is_killed_anywhere_ends_the_same(
    finished, change, tmp_path, killed_at
):
    settings = change(save_every=1)

    def killed(*point):
        killed_at(*point, lambda: train(settings, folder, resume=True, verbose=False))

    whole, _ = finished
    folder = tmp_path / "killed"
    # A disk that is full when the first state is written.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"00000001.state: cannot be written"):
            train(settings, folder, verbose=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    killed(PixDAModel, "train_part", 1)
    assert (folder / "source_only.keras").exists()
    killed(SampleSelection, "score", 1)
    killed(SampleSelection, "score", 1)
    killed(RunFolder, "write", 4)  # Of the final model of adaptation.
    assert not (folder / "pixda.keras").exists()
    killed(SupervisedModel, "train_part", 1)
    killed(ProgressLine, "on_train_batch_end", 2)
    train(settings, folder, resume=True, verbose=False)
    found, wanted = (
        [name for name in names(place) if not name.startswith("state/")]
        for place in (folder, whole)
    )
    assert found == wanted
    for name in ("source_only.keras", "pixda.keras", "segmenter.keras"):
        assert_same_weights(whole / name, folder / name)
    for name in [n for n in names(whole) if n.endswith(".csv")]:
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_given_weights_take_the_place_of_source_only(finished, change, tmp_path):
    folder, _ = finished
    settings = change(weights=str(folder / "source_only.keras"), panels=0, steps=1)
    result = train(settings, tmp_path / "run", verbose=False)
    assert "source_only" not in result["seconds"]
    assert not (tmp_path / "run" / "history_source_only.csv").exists()
    assert_same_weights(
        folder / "source_only.keras", tmp_path / "run" / "source_only.keras"
    )
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"not a model")
    with pytest.raises(ValueError, match=r"broken.keras: cannot be read"):
        train(change(weights=str(broken)), tmp_path / "other", verbose=False)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "pixda"])
def test_every_method_is_trained_resumed_and_prolonged(
    finished, change, tmp_path, killed_at, name
):
    def run(folder, resume=False, **more):
        start = str(finished[0] / "source_only.keras")
        if METHODS[name].reads_unlabelled:
            more["unlabelled"] = change().data.target
        if name == "source_only":
            chosen = change(source_steps=more["steps"] + 1, panels=1, method=name)
        else:
            chosen = change(weights=start, panels=1, method=name, save_every=1, **more)
        return train(chosen, tmp_path / folder, resume=resume, verbose=False)

    whole = run("whole", steps=2, distillation_steps=1)
    killed_at(
        ProgressLine,
        "on_train_batch_end",
        2,
        lambda: run("killed", steps=1, distillation_steps=1),
    )
    resumed = run("killed", resume=True, steps=2, distillation_steps=1)
    for result in (whole, resumed):
        assert {"source_only", "adapted", "seconds", "batches"} == set(result)
        del result["seconds"]
    np.testing.assert_equal(resumed, whole)
    assert_same_weights(
        tmp_path / "killed/segmenter.keras", tmp_path / "whole/segmenter.keras"
    )
    tables = {path.name for path in (tmp_path / "whole").glob("*.csv")}
    assert tables == {
        "source_only": {"history_source_only.csv", "per_class_iou_source_only.csv"}
    }.get(name, {"history_adaptation.csv", "per_class_iou.csv"})
    for table in tables:
        found, wanted = (
            (tmp_path / run / table).read_text() for run in ("killed", "whole")
        )
        assert found == wanted
    with Image.open(tmp_path / "whole/panels/all.png") as picture:
        assert picture.width > (3 if name == "source_only" else 4) * 320 // 2
    # Ended: nothing is trained again, or built.
    before = (tmp_path / "whole/segmenter.keras").read_bytes()
    run("whole", resume=True, steps=2, distillation_steps=1)
    assert (tmp_path / "whole/segmenter.keras").read_bytes() == before


def test_fsda_adapts_a_network_that_is_not_of_this_package(change, tmp_path):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    backbone = keras.Model(inputs, keras.layers.Conv2D(6, 3, padding="same")(x))
    images = keras.Input((None, None, 3))
    x = backbone(keras.layers.Rescaling(1 / 255)(images))
    keras.Model(images, keras.layers.Conv2D(19, 1)(x)).save(tmp_path / "mine.keras")
    settings = change(
        weights=str(tmp_path / "mine.keras"),
        **{"method": "fsda", "steps": 1, "distillation_steps": 0, "panels": 0},
    )
    result = train(settings, tmp_path / "run", verbose=False)
    assert 0 <= result["adapted"]["mean_iou"] <= 1
    before, after = (
        weights(tmp_path / "run" / f"{name}.keras")
        for name in ("source_only", "segmenter")
    )
    assert [w.shape for w in before] == [w.shape for w in after]
    assert not any(map(np.array_equal, before, after))


def test_what_a_method_cannot_do_is_said_before_anything_is_written(change, tmp_path):
    with pytest.raises(ValueError, match=r"NAAE .* accumulate is 2, expected 1"):
        train(change(method="naae", accumulate=2), tmp_path / "run", verbose=False)
    assert not (tmp_path / "run").exists()


def test_a_run_of_version_0_1_is_left_alone(settings, tmp_path):
    config = tmp_path / "run" / "config.json"
    config.parent.mkdir()
    values = {k: v for k, v in settings.by_name().items() if "." not in k}
    config.write_text(json.dumps(values | {"threshold": 0.4}))
    before = config.read_bytes()
    with pytest.raises(ValueError, match=r"keras_pixda 0.1, .*--config .*config.json"):
        train(settings, config.parent, resume=True, verbose=False)
    assert config.read_bytes() == before


def test_an_empty_selection_ends_adaptation_and_distillation_goes_on(
    change, tmp_path, capsys
):
    settings = change(threshold=99.0, steps=50, panels=0, decay_steps=1000)
    result = train(settings, tmp_path / "run", verbose=True)
    model = keras.saving.load_model(tmp_path / "run" / "pixda.keras")
    assert int(model.optimizer.iterations) == 4  # One pass.
    assert len(model.selection.kept) == 0
    assert "distillation" in result["seconds"]
    shown = capsys.readouterr().out
    assert "adaptation ends here" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_bad_data_is_said_before_anything_is_written(change, tmp_path, scenes):
    folder = tmp_path / "run"
    for changes, message in (
        ({"source": f"gta5:{tmp_path}"}, "Expected layout"),
        ({"shots": 9}, "brickholm"),
        ({"target": f"camvid:{scenes}"}, "Expected layout"),
    ):
        with pytest.raises((ValueError, OSError), match=message):
            train(change(**changes), folder, verbose=False)
        assert not folder.exists()


def test_evaluate_and_predict_use_the_saved_run(finished, scenes, tmp_path):
    folder, result = finished
    iou = evaluate(folder, cityscapes(scenes / "cityscapes", "val"), verbose=False)
    for name, value in result["adapted"].items():
        same = math.isnan(value) and math.isnan(iou[name])
        assert same or iou[name] == pytest.approx(value, abs=1e-6)
    source = scenes / "gta5" / "images"
    picture, out = tmp_path / "odd size.jpg", tmp_path / "out"
    Image.new("RGB", (90, 50), "gray").save(picture)
    written = predict(folder, picture, out, verbose=False)
    # All classes are of Cityscapes: the official ids, which its evaluation reads.
    assert written == [out / "labels" / "odd size_labelIds.png"]
    with Image.open(written[0]) as labels:
        assert (labels.mode, labels.size) == ("L", (90, 50))
        assert set(np.unique(labels)) <= set(CITYSCAPES_ID_MAP)
    for kind in ("colours/odd size_colours", "overlays/odd size_overlay"):
        with Image.open(out / f"{kind}.png") as picture:
            assert (picture.mode, picture.size) == ("RGB", (90, 50))
    assert len(predict(folder, source, tmp_path / "more", verbose=False)) == 8


def test_evaluate_and_predict_name_what_is_missing(finished, scenes, tmp_path):
    folder, _ = finished
    with pytest.raises(FileNotFoundError, match=r"holds no segmenter.keras"):
        predict(tmp_path, tmp_path, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="no picture in it"):
        predict(folder, tmp_path, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        predict(folder, tmp_path / "nowhere", tmp_path / "out")
    for suffix in ("png", "jpg"):
        Image.new("RGB", (32, 32)).save(tmp_path / f"twice.{suffix}")
    with pytest.raises(ValueError, match=r"twice.png: has the same name as twice.jpg"):
        predict(folder, tmp_path, tmp_path / "out")
    (tmp_path / "classes.txt").write_text("road\nrest\n")
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    Image.new("RGB", (32, 32)).save(tmp_path / "images" / "a.png")
    Image.new("L", (32, 32)).save(tmp_path / "masks" / "a.png")
    other = load(
        f"folder:{tmp_path / 'images'},{tmp_path / 'masks'},{tmp_path / 'classes.txt'}"
    )
    with pytest.raises(ValueError, match="was trained on"):
        evaluate(folder, other)
