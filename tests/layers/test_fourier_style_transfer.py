import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import FourierStyleTransfer, fourier_style_transfer


def full_transform(source, target, window):
    """The swap with full transforms, image by image, in float64."""
    height, width = source.shape[:2]
    b = int(np.floor(min(height, width) * window))
    rows = slice(height // 2 - b, height // 2 + b + 1)
    columns = slice(width // 2 - b, width // 2 + b + 1)
    axes = (0, 1)
    spectrum = np.fft.fftshift(np.fft.fft2(source, axes=axes), axes=axes)
    wanted = np.fft.fftshift(np.fft.fft2(target, axes=axes), axes=axes)
    amplitude, phase = np.abs(spectrum), np.angle(spectrum)
    amplitude[rows, columns] = np.abs(wanted)[rows, columns]
    spectrum = np.fft.ifftshift(amplitude * np.exp(1j * phase), axes=axes)
    return np.fft.ifft2(spectrum, axes=axes).real


@pytest.mark.parametrize("window", ["0.01", "0.05", "0.1"])
def test_equals_the_recorded_images(reference, window):
    result = FourierStyleTransfer(float(window))(
        (reference["fda.source_chw"][None], reference["fda.target_chw"][None])
    )
    expected = reference[f"fda.L{window}.result_chw"]
    np.testing.assert_allclose(result[0], expected, rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("size", [(32, 48), (33, 47), (40, 31)])
@pytest.mark.parametrize("window", [0.0, 0.05, 0.2])
def test_equals_full_transforms_image_by_image(size, window):
    random = np.random.default_rng(0)
    source, target = random.uniform(0, 255, (2, 3, *size, 3))
    result = fourier_style_transfer(source, target, window)
    for image, pair in zip(result, zip(source, target, strict=True), strict=True):
        np.testing.assert_allclose(image, full_transform(*pair, window), atol=2e-3)


def test_transfer_to_itself_changes_nothing():
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3))
    result = FourierStyleTransfer(0.1)((images, images))
    np.testing.assert_allclose(result, images, atol=1e-3)


def test_black_source_takes_the_mean_of_the_target():
    black = np.zeros((1, 32, 32, 3))
    result = fourier_style_transfer(black, np.full((1, 32, 32, 3), 90.0))
    np.testing.assert_allclose(result, 90.0, atol=1e-3)


def test_float32_under_half_precision_and_unknown_sizes(dtype_policy):
    dtype_policy("mixed_float16")
    layer = FourierStyleTransfer(0.05)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)] * 2)
    def style(source, target):
        return layer((source, target))

    random = np.random.default_rng(0)
    source, target = random.integers(0, 256, (2, 2, 48, 40, 3), dtype="uint8")
    result = style(source, target)
    assert result.dtype == tf.float32
    for image, pair in zip(result, zip(source, target, strict=True), strict=True):
        expected = full_transform(*(p.astype("float64") for p in pair), 0.05)
        np.testing.assert_allclose(image, expected, atol=2e-3)


def test_config_round_trip_and_bad_arguments():
    layer = FourierStyleTransfer(0.02, name="style")
    again = FourierStyleTransfer.from_config(layer.get_config())
    assert (again.window, again.name) == (0.02, "style")
    with pytest.raises(ValueError, match="window must be in"):
        FourierStyleTransfer(0.7)
    with pytest.raises(ValueError, match="must have the same shape"):
        fourier_style_transfer(np.zeros((1, 32, 32, 3)), np.zeros((1, 32, 40, 3)))


def test_saves_inside_a_model(tmp_path):
    source, target = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    model = keras.Model([source, target], FourierStyleTransfer(0.1)((source, target)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    images = np.random.default_rng(0).uniform(0, 255, (2, 1, 32, 32, 3))
    np.testing.assert_array_equal(again(list(images)), model(list(images)))


# === Images that do not fit each other ===

ONE_OF_FOUR = np.zeros((4, 32, 48, 3), "uint8"), np.zeros((1, 32, 48, 3), "uint8")
OTHER_PAIRS = {
    "one target": ONE_OF_FOUR,
    "one source": ONE_OF_FOUR[::-1],
    "three targets": (np.zeros((4, 32, 48, 3)), np.zeros((3, 32, 48, 3))),
    "one row": (np.zeros((2, 32, 48, 3)), np.zeros((2, 1, 48, 3))),
    "one column": (np.zeros((2, 32, 48, 3)), np.zeros((2, 32, 1, 3))),
    "turned": (np.zeros((2, 32, 48, 3)), np.zeros((2, 48, 32, 3))),
    "grey": (np.zeros((2, 32, 48, 3)), np.zeros((2, 32, 48, 1))),
}


@pytest.mark.parametrize("name", OTHER_PAIRS)
def test_other_shapes_are_refused_before_and_while_a_function_runs(name):
    source, target = OTHER_PAIRS[name]
    words = "must have the same shape, four axes, one target image for each"
    with pytest.raises(ValueError, match=words):
        FourierStyleTransfer(0.05)((source, target))
    with pytest.raises(ValueError, match=words):
        tf.function(fourier_style_transfer)(source, target)
    symbolic = [keras.KerasTensor(images.shape) for images in (source, target)]
    with pytest.raises(ValueError, match=words):
        FourierStyleTransfer(0.05)(symbolic)

    channels = [None] * 4 if name == "grey" else [None, None, None, 3]
    for sizes in ([None, *source.shape[1:]], channels):
        if sizes[1:] != list(target.shape[1:]) and sizes[1] is not None:
            continue
        signature = [tf.TensorSpec(sizes, source.dtype)] * 2
        style = tf.function(fourier_style_transfer, input_signature=signature)
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            style(source, target)


def test_one_target_is_not_broadcast_under_xla_either():
    spec = tf.TensorSpec((None, None, None, 3), "uint8")
    style = tf.function(
        fourier_style_transfer, input_signature=[spec] * 2, jit_compile=True
    )
    with pytest.raises((ValueError, tf.errors.OpError)):
        style(*ONE_OF_FOUR)


def test_images_without_a_batch_are_refused():
    with pytest.raises(ValueError, match="four axes"):
        fourier_style_transfer(np.zeros((32, 48, 3)), np.zeros((32, 48, 3)))


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64", "int32"])
@pytest.mark.parametrize("config", ["channels_last", "channels_first"])
def test_any_dtype_and_format(dtype, config):
    random = np.random.default_rng(0)
    source, target = random.integers(0, 256, (2, 2, 32, 48, 3)).astype(dtype)
    expected = [
        full_transform(a.astype("float64"), b.astype("float64"), 0.05)
        for a, b in zip(source, target, strict=True)
    ]
    first = [images.transpose(0, 3, 1, 2) for images in (source, target)]
    before = keras.config.image_data_format()
    keras.config.set_image_data_format(config)
    try:
        last = FourierStyleTransfer(0.05)((source, target))
        layer = FourierStyleTransfer(0.05, data_format="channels_first")
        styled = layer(first)
        with pytest.raises(ValueError, match="are channels first: give data_format"):
            FourierStyleTransfer(0.05)(first)
        with pytest.raises(ValueError, match="are channels last: give data_format"):
            layer((source, target))
    finally:
        keras.config.set_image_data_format(before)
    assert last.dtype == styled.dtype == "float32"
    np.testing.assert_allclose(last, expected, atol=2e-3)
    np.testing.assert_allclose(np.transpose(styled, (0, 2, 3, 1)), expected, atol=2e-3)
    again = FourierStyleTransfer.from_config(layer.get_config())
    assert again.data_format == "channels_first"


def test_an_unknown_format_is_named():
    with pytest.raises(ValueError, match="received 'nchw'"):
        FourierStyleTransfer(data_format="nchw")
