"""Recorded checkpoints give the recorded logits; what does not fit is listed."""

import pathlib
import shutil

import numpy as np
import pytest

from keras_pixda.models import deeplab_v2, small_segmenter
from keras_pixda.weights import load_pytorch, save_pytorch
from keras_pixda.weights.checkpoint import Checkpoint
from keras_pixda.weights.load_pytorch import _as_drawn
from keras_pixda.weights.save_pytorch import _write

REFERENCE = pathlib.Path(__file__).parents[1] / "reference"
PIXDA = REFERENCE / "pytorch_pixda.pth"
ADAPTSEGNET = REFERENCE / "pytorch_adaptsegnet.pth"
TOY = {"blocks": (1, 1, 2, 1), "filters": 1}


@pytest.fixture(scope="module")
def recorded():
    """An image and the logits of the checkpoints, every fourth row and column."""
    with np.load(REFERENCE / "pytorch_checkpoints.npz") as data:
        return dict(data)


@pytest.fixture
def changed(tmp_path):
    """Write the weights of PixDA's checkpoint again, after a change."""

    def write(change, name="changed.pth"):
        with open(PIXDA, "rb") as file:
            checkpoint = Checkpoint(file, PIXDA)
            values = {n: checkpoint.read(n) for n in checkpoint.tensors}
        change(values)
        with open(tmp_path / name, "wb") as file:
            _write(file, values)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", ["pixda", "adaptsegnet"])
def test_both_published_forms_give_the_logits_of_pytorch(name, recorded):
    path = REFERENCE / f"pytorch_{name}.pth"
    # AdaptSegNet's network adds up the first two convolutions of its heads.
    arguments = {"head_convolutions": 2} if name == "adaptsegnet" else {}
    segmenter = deeplab_v2(3, auxiliary_head=True, **TOY)
    assert load_pytorch(path, segmenter, **arguments) is segmenter
    auxiliary, main = segmenter(recorded["images"], training=False)
    for head, logits in (("auxiliary", auxiliary), ("main", main)):
        expected = recorded[f"{name}.{head}"]
        assert np.ptp(expected) > 1
        np.testing.assert_allclose(logits[:, ::4, ::4], expected, atol=1e-4)
    alone = load_pytorch(path, **arguments)
    assert alone.output_shape == (None, None, None, 3)
    np.testing.assert_array_equal(alone(recorded["images"]), main)


def test_heads_trained_in_part_are_noticed(recorded):
    with pytest.warns(UserWarning, match="never trained.*head_convolutions=2"):
        segmenter = load_pytorch(str(ADAPTSEGNET))
    logits = segmenter(recorded["images"])[:, ::4, ::4]
    np.testing.assert_allclose(logits, recorded["adaptsegnet.main"], atol=1e-4)
    every = load_pytorch(ADAPTSEGNET, head_convolutions=4)(recorded["images"])
    assert np.abs(every[:, ::4, ::4] - logits).max() > 0.01
    with pytest.raises(ValueError, match="must be 1..4 or None, received 5"):
        load_pytorch(ADAPTSEGNET, head_convolutions=5)


def test_fresh_weights_are_told_from_trained_ones():
    random = np.random.default_rng(0)
    shape = (19, 2048, 3, 3)  # Of a published head.
    for _ in range(5):
        weights = random.normal(0, 0.01, shape).astype("float32")
        assert _as_drawn(weights)
        for factor in (0.99, 1.01):  # What little training would have done.
            assert not _as_drawn(weights * factor)
        assert not _as_drawn(weights + 2e-4)
        laplace = random.laplace(0, 0.01 / np.sqrt(2), shape)
        assert not _as_drawn(laplace)


def test_what_does_not_fit_is_listed_in_one_error_and_changes_nothing(changed):
    def change(values):
        del values["bn1.running_mean"], values["layer3.1.conv2.weight"]
        values["fc.weight"] = values["layer5.extra.weight"] = np.zeros(1, "f4")
        values["conv1.weight"] = np.zeros((1, 4, 7, 7), "f4")

    path, segmenter = changed(change), deeplab_v2(3, auxiliary_head=True, **TOY)
    before = segmenter.get_weights()
    for target in (segmenter, None):
        with pytest.raises(ValueError, match="does not fit") as caught:
            load_pytorch(path, target)
        assert str(caught.value).splitlines() == [
            f"{path} does not fit the segmenter:",
            "  missing: bn1.running_mean, layer3.1.conv2.weight",
            "  surplus: fc.weight, layer5.extra.weight",
            "  misshapen: conv1.weight (1, 4, 7, 7), expected (1, 3, 7, 7)",
        ]
    for old, new in zip(before, segmenter.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_network_of_another_depth_is_listed_in_short():
    with pytest.raises(ValueError, match="does not fit") as caught:
        load_pytorch(PIXDA, deeplab_v2(3, filters=1))
    message = str(caught.value)
    assert "  missing: layer1.1.bn1.bias, layer1.1.bn1.running_mean" in message
    assert message.count(",") < 50
    # 28 more blocks, three convolutions and normalisations of five each.
    assert f"and {28 * 15 - 40} more" in message


def test_heads_of_other_classes_are_told_and_can_be_left_out():
    segmenter = deeplab_v2(5, auxiliary_head=True, **TOY)
    remedy = "the file have 3 classes, the segmenter's 5: heads=False loads everything"
    with pytest.raises(ValueError, match=remedy):
        load_pytorch(PIXDA, segmenter)
    before = {w.path: np.array(w) for w in segmenter.weights}
    load_pytorch(PIXDA, segmenter, heads=False)
    whole = load_pytorch(PIXDA, deeplab_v2(3, auxiliary_head=True, **TOY))
    for ours, theirs in zip(segmenter.weights, whole.weights, strict=True):
        expected = before[ours.path] if "head" in ours.path else theirs
        np.testing.assert_array_equal(ours, expected)
    with pytest.raises(ValueError, match="heads=False needs the segmenter"):
        load_pytorch(PIXDA, heads=False)


def test_the_pretrained_network_of_the_published_runs_fits_without_its_head(changed):
    """Its names start with `Scale.`, and its one head is called `layer5`."""

    def change(values):
        for name in list(values):
            value = values.pop(name)
            if not name.startswith("layer5"):
                values[f"Scale.{name.replace('layer6', 'layer5')}"] = value

    segmenter = deeplab_v2(3, **TOY)
    load_pytorch(changed(change), segmenter, heads=False)
    whole = load_pytorch(PIXDA)
    kernels = [m.get_layer("layer4_0_conv2").kernel for m in (segmenter, whole)]
    np.testing.assert_array_equal(*kernels)
    with pytest.raises(ValueError, match="missing: layer6"):
        load_pytorch(changed(change), segmenter)


def test_numbers_that_are_not_finite_or_no_floats_are_refused(changed):
    def change(values):
        values["bn1.running_var"][:] = np.nan

    with pytest.raises(ValueError, match="changed.pth .*not finite: bn1.running_var"):
        load_pytorch(changed(change))
    whole = changed(lambda values: None).read_bytes()
    path = changed(lambda values: None, "integers.pth")
    # 32 bits stay 32 bits, only the name of their kind changes.
    path.write_bytes(stored_again(whole, b"FloatStorage", b"IntStorage"))
    with pytest.raises(ValueError, match="bn1.bias holds int32, expected floating"):
        load_pytorch(path)


def stored_again(archive, old, new):
    """A copy of an archive whose pickle has some bytes replaced."""
    import io
    import zipfile

    copy = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as before,
        zipfile.ZipFile(copy, "w") as after,
    ):
        for entry in before.infolist():
            after.writestr(entry.filename, before.read(entry).replace(old, new))
    return copy.getvalue()


def test_another_segmenter_and_another_file_are_named(tmp_path):
    with pytest.raises(ValueError, match="'small_segmenter' is not a keras_pixda"):
        load_pytorch(PIXDA, small_segmenter(3, filters=2))
    with pytest.raises(ValueError, match="'deeplab_v2' is not a keras_pixda"):
        load_pytorch(PIXDA, "deeplab_v2")
    with pytest.raises(FileNotFoundError, match=r"absent\.pth"):
        load_pytorch(tmp_path / "absent.pth")
    path = tmp_path / "a b ü.pth"
    shutil.copy(REFERENCE / "pytorch_checkpoints.npz", path)
    with pytest.raises(ValueError, match="a b ü.pth: cannot be read as a PyTorch"):
        load_pytorch(path)


def test_what_was_saved_is_loaded_bit_for_bit(tmp_path):
    segmenter = load_pytorch(PIXDA, deeplab_v2(3, auxiliary_head=True, **TOY))
    save_pytorch(segmenter, tmp_path / "saved.pth")
    again = deeplab_v2(3, auxiliary_head=True, **TOY)
    load_pytorch(tmp_path / "saved.pth", again)
    for old, new in zip(segmenter.weights, again.weights, strict=True):
        np.testing.assert_array_equal(old, new)
