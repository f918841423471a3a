import keras
import numpy as np
import pytest

from keras_pixda.serving.mean_of_views import mean_of_views

RANDOM = np.random.default_rng(0)


def softmax(logits):
    values = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return values / values.sum(axis=-1, keepdims=True)


def linear(old, new, smooth=False):
    """Bilinear weights with half-pixel centres, wider where it becomes smaller."""
    width = max(1, old / new) if smooth else 1
    position = (np.arange(new) + 0.5) * old / new - 0.5
    if not smooth:
        position = position.clip(0, old - 1)
    weights = 1 - np.abs(position[:, None] - np.arange(old)) / width
    weights = np.maximum(weights, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def resized(images, height, width, smooth=False):
    rows = linear(images.shape[1], height, smooth)
    columns = linear(images.shape[2], width, smooth)
    return np.einsum("hi,wj,bijc->bhwc", rows, columns, images)


def segmenter(images):
    """Half as large; knows left from right and one size from another."""
    images = np.asarray(images, "float32")[:, ::2, ::2] / 64
    columns = np.linspace(-1, 1, images.shape[2])[:, None]
    return (images * columns + images.shape[1] / 8 * images[..., ::-1]).astype(
        "float32"
    )


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("scales", [(1,), (0.75, 1, 1.25), (0.5,)])
def test_equals_an_average_by_hand(scales, flip):
    images = RANDOM.integers(0, 256, (2, 16, 24, 3), "uint8")
    views = []
    for scale in scales:
        size = round(16 * scale), round(24 * scale)
        scaled = images if scale == 1 else resized(images, *size, smooth=True)
        views.append(resized(segmenter(scaled), 16, 24))
        if flip:
            mirrored = segmenter(scaled[:, :, ::-1])[:, :, ::-1]
            views.append(resized(mirrored, 16, 24))
    expected = np.mean([softmax(view) for view in views], axis=0)
    found = mean_of_views(segmenter, images, scales, flip)
    assert found.dtype == "float32"
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-3, atol=1e-5)


def test_the_largest_probability_is_not_the_largest_logit():
    """One view is a little surer, and the other one is far beyond all doubt."""
    views = iter([[0.0, 9.0, 0.0], [0.0, 0.0, 200.0], [0.0, 3.0, 0.0]])
    found = mean_of_views(
        lambda images: np.full((1, 2, 2, 3), next(views), "float32"),
        np.zeros((1, 2, 2, 3)),
        scales=(1, 1.0, 1),
    )
    assert np.all(found.argmax(axis=-1) == 1)


def test_no_answer_is_infinite():
    logits = np.zeros((1, 2, 2, 3), "float32")
    logits[..., 0] = 1e4
    found = mean_of_views(lambda images: logits, np.zeros((1, 2, 2, 3)), flip=True)
    assert np.all(np.isfinite(keras.ops.image.resize(found, (3, 3))))
