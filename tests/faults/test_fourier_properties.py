"""Fourier style transfer of any two images equals a full transform in NumPy."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keras_pixda.layers import FourierStyleTransfer, fourier_style_transfer


@st.composite
def image_pairs(draw):
    shape = draw(st.tuples(st.just(1), *[st.integers(1, 12)] * 2, st.integers(1, 3)))
    return [draw(arrays(np.uint8, shape)) for _ in range(2)]


WINDOWS = st.sampled_from([0, 0.01, 0.1, 0.2, 0.34, 0.49])


def half_width(image, window):
    return math.floor(min(image.shape[1:3]) * window)


def transferred(source, target, window):
    """Each frequency of the window by itself: the target's amplitude, own phase."""
    axes = 1, 2
    spectrum, look = (
        np.fft.fft2(x.astype("float64"), axes=axes) for x in (source, target)
    )
    half = half_width(source, window)
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            phase = np.angle(spectrum[:, y, x])
            spectrum[:, y, x] = np.abs(look[:, y, x]) * np.exp(1j * phase)
    return np.fft.ifft2(spectrum, axes=axes).real


@given(image_pairs(), WINDOWS)
def test_equals_the_full_transform(pair, window):
    source, target = pair
    found = np.asarray(fourier_style_transfer(source, target, window))
    expected = transferred(source, target, window)
    # Next to no amplitude has no certain phase: rounding decides, in NumPy as well.
    half = half_width(source, window)
    places = np.arange(-half, half + 1)
    window_of = np.ix_([0], places, places, range(source.shape[3]))
    amplitude = np.abs(np.fft.fft2(source.astype("float64"), axes=(1, 2)))[window_of]
    if (amplitude > 1e-2).all():
        np.testing.assert_allclose(found, expected, atol=0.05)
    assert np.isfinite(found).all()


@given(image_pairs(), WINDOWS)
def test_its_own_style_changes_nothing(pair, window):
    source, _ = pair
    styled = FourierStyleTransfer(window)((source, source))
    np.testing.assert_allclose(styled, source, atol=1e-2)


@given(image_pairs(), WINDOWS)
def test_outside_of_the_window_nothing_changes(pair, window):
    source, target = pair
    styled = np.asarray(fourier_style_transfer(source, target, window))
    before, after = (
        np.fft.fft2(x.astype("float64"), axes=(1, 2)) for x in (source, styled)
    )
    half = half_width(source, window)
    places = np.arange(-half, half + 1)
    inside = np.ix_([0], places, places, range(source.shape[3]))
    before[inside] = after[inside] = 0
    scale = source[0, ..., 0].size
    np.testing.assert_allclose(after, before, atol=2e-3 * scale)
