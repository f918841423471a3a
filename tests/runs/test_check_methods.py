import keras
import pytest

from keras_pixda.methods import METHODS, Method
from keras_pixda.runs import check_methods


@pytest.mark.parametrize("name", ["naae", "fsda"])
def test_batches_in_parts_are_refused_by_who_looks_at_them_as_a_whole(change, name):
    runs = [change(method=method, accumulate=2) for method in ("pixda", "fda", name)]
    check_methods(runs[:2], 19)
    with pytest.raises(ValueError, match="as a whole: accumulate is 2, expected 1"):
        check_methods(runs, 19)


def test_a_file_of_weights_that_cannot_be_read_is_named(change, tmp_path):
    (tmp_path / "broken.keras").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"broken.keras: cannot be read"):
        check_methods([change(weights=str(tmp_path / "broken.keras"))], 19)


def test_what_a_method_declares_is_asked_for(change, monkeypatch, tmp_path):
    images = keras.Input((None, None, 3))
    logits = keras.layers.Conv2D(19, 1)(images)
    keras.Model(images, logits).save(tmp_path / "shallow.keras")
    declared = {"name": "mine", "title": "Mine"}
    run = {"method": "mine", "weights": str(tmp_path / "shallow.keras")}
    for ability, message in (
        ({}, None),
        ({"needs_auxiliary_head": True}, "no inner feature map"),
        ({"reads_unlabelled": True}, None),
        ({"needs_unlabelled": True}, "Mine needs unlabelled target images"),
    ):
        method = type("Mine", (Method,), {**declared, **ability})()
        monkeypatch.setitem(METHODS, "mine", method)
        if message is None:
            check_methods([change(**run)], 19)
            continue
        with pytest.raises(ValueError, match=message):
            check_methods([change(**run)], 19)


def test_a_size_that_works_is_named(change, tmp_path):
    images = keras.Input((None, None, 3))
    half = keras.layers.Conv2D(2, 3, 2, padding="same")(images)
    quarter = keras.layers.Conv2D(2, 3, 2, padding="same")(half)
    both = [half, keras.layers.UpSampling2D()(quarter)]
    logits = keras.layers.Conv2D(19, 1)(keras.layers.Concatenate()(both))
    keras.Model(images, logits).save(tmp_path / "a.keras")
    runs = [change(segmenter=str(tmp_path / "a.keras"), image_size=(33, 47))]
    message = "height 33 and width 47: choose another --image-size, such as 64 64. It"
    with pytest.raises(ValueError, match=message) as caught:
        check_methods(runs, 19)
    assert "\n" not in str(caught.value)
