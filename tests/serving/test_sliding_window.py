import tracemalloc

import keras
import numpy as np
import pytest

from keras_pixda.metrics import ClassIoU, SegmenterEvaluator
from keras_pixda.serving import SlidingWindow, sliding_window


def pixel_wise(classes=4):
    """A segmenter whose logits depend on nothing but the pixel."""
    images = keras.Input((None, None, 3))
    return keras.Model(images, keras.layers.Conv2D(classes, 1)(images))


def convolution(strides=1):
    """A segmenter that sees neighbours and knows left from right."""
    images = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(4, 5, strides=strides, padding="same")
    return keras.Model(images, layer(images))


def pictures(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), "uint8")


class Spy:
    """Remembers its inputs; its logits are what `answer` makes of them."""

    def __init__(self, answer=lambda images: images):
        self.answer = answer
        self.inputs = []

    def __call__(self, images, training):
        assert training is False
        self.inputs.append(images)
        return self.answer(images.astype("float32"))


def coordinates(height, width):
    """An image whose pixels say where they are."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, 0 * rows], axis=-1)[None]


@pytest.mark.parametrize("window", [(7, 9), (23, 9), (1, 1), (22, 30)])
@pytest.mark.parametrize("overlap", [0, 0.3, 0.5])
def test_pixel_wise_logits_are_the_same_with_and_without_windows(window, overlap):
    segmenter, images = pixel_wise(), pictures(2, 23, 31)
    found = sliding_window(segmenter, images, window, overlap, batch_size=7)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, segmenter(images), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "window", "overlap"),
    [((23, 31), (7, 9), 0.3), ((64, 48), (16, 16), 0.5), ((40, 41), (13, 40), 0.9)],
)
def test_windows_cover_every_pixel_and_overlap_enough(size, window, overlap):
    spy, image = Spy(), coordinates(*size)
    found = sliding_window(spy, image, window, overlap, batch_size=3)
    np.testing.assert_allclose(found, image, rtol=1e-6)  # All stands in its place.
    assert max(map(len, spy.inputs)) <= 3
    windows = np.concatenate(spy.inputs)
    assert windows.shape[1:3] == window
    seen = np.zeros(size, int)
    for rows, columns, _ in np.moveaxis(windows, -1, 1):
        seen[rows, columns] += 1
    assert seen.min() >= 1
    for axis, side in enumerate(window):
        starts = np.unique(windows[:, 0, 0, axis])
        assert starts[0] == 0
        assert starts[-1] == size[axis] - side
        assert np.diff(starts).max(initial=0) <= side * (1 - overlap)


def test_windows_are_weighted_by_the_distance_from_their_edge():
    # Two windows of four pixels, weights 1 3 3 1: 0..3 says 3, 2..5 says 9.
    spy = Spy(lambda images: 3 + 0 * images + 3 * images[:, :1, :1])
    image = np.zeros((1, 1, 6, 1))
    image[..., 0] = np.arange(6)
    found = sliding_window(spy, image, (1, 4), overlap=0.5)
    expected = [3, 3, (3 * 3 + 9) / 4, (3 + 3 * 9) / 4, 9, 9]
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6)


def test_no_seam_is_left_where_windows_disagree():
    spy = Spy(lambda images: 0 * images + images[:, :1, :1] / 16)
    found = sliding_window(spy, coordinates(80, 96), (32, 32), overlap=0.5)
    # Neighbouring windows differ by 1; without weights that would be a step of 0.5.
    assert np.abs(np.diff(found[0, :, :, 0], axis=0)).max() < 0.07
    assert np.abs(np.diff(found[0, :, :, 1], axis=1)).max() < 0.07


def softmax(logits):
    values = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return values / values.sum(axis=-1, keepdims=True)


def test_flip_is_the_mean_of_two_plain_calls():
    segmenter, images = convolution(), pictures(2, 12, 17) / 64
    plain = np.array(segmenter(images))
    mirrored = np.array(segmenter(images[:, :, ::-1]))[:, :, ::-1]
    assert np.abs(plain - mirrored).max() > 1  # It does know left from right.
    expected = (softmax(plain) + softmax(mirrored)) / 2
    found = sliding_window(segmenter, images, flip=True)
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-4, atol=1e-6)
    # Of windows too.
    windows = sliding_window(pixel_wise(), images, (8, 8), flip=True)
    np.testing.assert_allclose(softmax(windows), np.exp(windows), rtol=1e-4)


@pytest.mark.parametrize("window", [None, (12, 17), (500, 17), (1000, 2000)])
def test_an_image_in_one_window_is_exactly_the_plain_call(window):
    segmenter, images = convolution(), pictures(1, 12, 17)
    found = sliding_window(segmenter, images, window)
    np.testing.assert_array_equal(found, segmenter(images))


def test_one_side_may_be_shorter_than_the_window():
    segmenter, images = pixel_wise(), pictures(1, 12, 50)
    found = sliding_window(segmenter, images, window=(20, 20))
    np.testing.assert_allclose(found, segmenter(images), rtol=1e-5, atol=1e-4)


def test_smaller_logits_are_resized_to_the_image():
    segmenter, images = convolution(strides=4), pictures(1, 24, 40)
    found = sliding_window(segmenter, images)
    small = segmenter(images)
    assert small.shape == (1, 6, 10, 4)
    expected = keras.ops.image.resize(small, (24, 40), interpolation="bilinear")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_memory_is_that_of_one_picture_of_logits():
    def segmenter(images, training):
        return np.zeros((*images.shape[:3], 19), "float32")

    image = np.zeros((1, 512, 768, 3), "uint8")
    # The sum, how often each pixel was seen, and a few windows on their way.
    expected = 4 * (512 * 768 * (19 + 1) + 8 * 64 * 64 * 19)
    sliding_window(segmenter, image, (512, 640))  # The first call loads what it needs.
    tracemalloc.start()
    sliding_window(segmenter, image, (64, 64), 0.5, batch_size=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < expected


def test_an_evaluator_takes_it_for_a_segmenter():
    segmenter = pixel_wise(3)
    batches = [
        (pictures(1, height, 16), np.full((1, height, 16), label, "uint8"))
        for height, label in ((16, 0), (16, 2))
    ]
    windows = SlidingWindow(segmenter, (8, 8), flip=True)
    found = SegmenterEvaluator(windows, ClassIoU(("a", "b", "c"))).iou(batches)
    plain = SegmenterEvaluator(segmenter, ClassIoU(("a", "b", "c"))).iou(batches)
    assert 0 < plain["mean_iou"] < 1
    assert found == pytest.approx(plain, nan_ok=True)


def test_scales_are_looked_at_through_windows_of_one_size():
    spy = Spy()
    image = pictures(1, 16, 24)
    found = SlidingWindow(spy, (12, 16), scales=(0.5, 1, 1.5))(image)
    shapes = [windows.shape[1:3] for windows in spy.inputs]
    assert {*shapes} == {(8, 12), (12, 16)}
    assert found.shape == (1, 16, 24, 3)
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"window": (0, 8)}, "window must be"),
        ({"window": (8,)}, "window must be"),
        ({"window": 8}, "window must be"),
        ({"overlap": 1}, "overlap is 1"),
        ({"overlap": -0.1}, "overlap is -0.1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"scales": ()}, "scales is"),
        ({"scales": (1, 0)}, "expected numbers above 0"),
    ],
)
def test_what_is_out_of_range_is_named(change, text):
    with pytest.raises(ValueError, match=text):
        SlidingWindow(pixel_wise(), **change)
    with pytest.raises(ValueError, match=text):
        sliding_window(pixel_wise(), pictures(1, 8, 8), **change)


def test_it_is_not_for_training():
    with pytest.raises(ValueError, match="inference"):
        SlidingWindow(pixel_wise())(pictures(1, 8, 8), training=True)
