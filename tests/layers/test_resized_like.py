import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.layers import aligned_resize, resized_like

SIZES = [((5, 9), (9, 17)), ((4, 6), (65, 33)), ((7, 5), (3, 4)), ((1, 3), (8, 1))]


def resize(channels=3, fixed=(None, None), **arguments):
    x, like = keras.Input((*fixed, channels)), keras.Input((None, None, 2))
    return keras.Model([x, like], resized_like(x, like, name="up", **arguments))


def pair(old, new, batch=2):
    random = np.random.default_rng(0)
    images = random.normal(size=(batch, *old, 3)).astype("float32")
    return tf.constant(images), tf.zeros((batch, *new, 2))


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_equals_aligned_resize_and_its_gradient(old, new):
    images, like = pair(old, new)
    answers = []
    for function in (resize(), lambda both: aligned_resize(both[0], new)):
        with tf.GradientTape() as tape:
            tape.watch(images)
            tape.watch(like)
            result = function([images, like])
            loss = tf.reduce_sum(result**2)
        answers.append([result, tape.gradient(loss, images)])
    for ours, expected in zip(*answers, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-5)


def test_compiles_with_and_without_xla():
    images, like = pair((5, 9), (9, 17))
    expected = aligned_resize(images, (9, 17))
    for jit in (False, True):
        result = tf.function(resize(), jit_compile=jit)([images, like])
        np.testing.assert_allclose(result, expected, atol=1e-5)


def test_an_empty_batch_stays_empty():
    assert resize()(list(pair((5, 9), (9, 17), batch=0))).shape == (0, 9, 17, 3)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_half_precision_stays_as_it_comes_or_is_told(policy, dtype_policy):
    dtype_policy(policy)
    for dtype in (None, "float32"):
        x, like = keras.Input((None, None, 3)), keras.Input((None, None, 2))
        half = keras.layers.Identity()(x)
        result = resized_like(half, like, "up", dtype=dtype)
        assert result.dtype == (dtype or half.dtype)
        images, reference = pair((5, 9), (9, 17))
        answer = keras.Model([x, like], result)([images, reference])
        images = tf.cast(tf.cast(images, half.dtype), answer.dtype)
        np.testing.assert_array_equal(answer, aligned_resize(images, (9, 17)))


def test_is_one_layer_of_keras_that_is_saved_and_cloned(tmp_path):
    model = resize(fixed=(5, None))
    [*_, layer] = model.layers
    assert (layer.name, type(layer).__module__.split(".")[0]) == ("up", "keras")
    assert model.output_shape == (None, None, None, 3)
    both = pair((5, 9), (9, 17))
    model.save(tmp_path / "model.keras")
    for copy in (
        keras.saving.load_model(tmp_path / "model.keras"),
        keras.models.clone_model(model),
    ):
        np.testing.assert_array_equal(copy(both), model(both))


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_half_pixels_are_those_of_keras(old, new):
    images, like = pair(old, new)
    expected = keras.ops.image.resize(images, new, interpolation="bilinear")
    found = resize(half_pixels=True)([images, like])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
