import io
import json
import warnings
import zipfile

import h5py
import keras
import pytest

from keras_pixda.models import small_segmenter
from keras_pixda.models.load_model import load_model, load_weights


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    small_segmenter(3, filters=4).save(path)
    return path.read_bytes()


def with_config(data, change):
    """Return a model file whose `config.json` is changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps(change(json.loads(content)))
            new.writestr(name, content)
    return buffer.getvalue()


def test_lambda_layers_are_never_run(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    model.save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match=r"a\.keras: holds code of its own"):
        load_model(tmp_path / "a.keras")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("keras.utils", "get_file"),
        ("my_layers", "Strange"),
    ],
)
def test_nothing_else_is_made_from_a_file(tmp_path, whole, module, name):
    def change(config):
        layer = config["config"]["layers"][1]
        layer["module"], layer["class_name"] = module, name
        layer["registered_name"] = name
        layer["config"] = {"command": f"touch {tmp_path / 'ran'}"}
        return config

    path = tmp_path / "a.keras"
    path.write_bytes(with_config(whole, change))
    with pytest.raises(ValueError, match=r"a\.keras: ") as error:
        load_model(path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "ran").exists()


def test_damaged_models_are_named(tmp_path, whole):
    path = tmp_path / "a.keras"
    for content in (
        b"",
        b"rubbish",
        whole[: len(whole) // 2],
        whole[:-30],
        with_config(whole, lambda config: {}),
        with_config(whole, lambda config: [config]),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.keras: cannot be read as a Keras m"):
            load_model(path)
    for content, found in (
        (whole[:-30], "no archive, or a part of one"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"it is {found}, expected what model\.s"):
            load_model(path)
    with pytest.raises(ValueError, match="it is a folder, expected a file"):
        load_model(tmp_path)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 255  # In the numbers of the weights.
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"a\.keras: cannot be read as a Keras model"):
        load_model(path)


def test_damaged_weights_are_named(tmp_path):
    model, path = small_segmenter(3, filters=4), tmp_path / "a.weights.h5"
    model.save_weights(path)
    whole = path.read_bytes()
    load_weights(model, path)
    with pytest.raises(ValueError, match=r"a\.weights\.h5: cannot be read as weights"):
        load_weights(small_segmenter(2, filters=4), path)
    part = tmp_path / "part.weights.h5"
    part.write_bytes(whole)
    with h5py.File(part, "a") as file:  # Keras itself only warns.
        del file["layers"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        # Keras 3.15.0 raises an error of its own.
        old = keras.__version__ == "3.15.0"
        words = "could not be loaded" if old else "retain their"
        with pytest.raises(ValueError, match=rf"part\.weights\.h5: .*{words}"):
            load_weights(model, part)
    for content in (b"", b"rubbish", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.weights\.h5: cannot be read as wei"):
            load_weights(model, path)
    path.unlink()
    with pytest.raises(ValueError, match=r"a\.weights\.h5: cannot be read as weights"):
        load_weights(model, path)
