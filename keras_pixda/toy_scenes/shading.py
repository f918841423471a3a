"""From surfaces to pixels: colour, texture, light and air, then the camera's flaws."""

import io
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from keras_pixda.toy_scenes.canvas import FACING_LEFT, FACING_RIGHT, Surfaces
from keras_pixda.toy_scenes.looks import Look

_FLOOR_HEIGHT = 3.1  # metres from storey to storey


def shade(surfaces: Surfaces, look: Look, generator: np.random.Generator) -> np.ndarray:
    """Colour the surfaces.

    Args:
        surfaces: The `Surfaces` of a canvas whose materials are `list(look.palette)`.
        look: The `Look`.
        generator: `np.random.Generator` of what differs from image to image.

    Returns:
        Float32 array `(pixels, 3)`, 0..255, not clipped.
    """
    light = np.asarray(look.light, "float32")
    if look.shadow and generator.random() < 0.5:
        # The sun stands on the other side of the street.
        light[[FACING_RIGHT, FACING_LEFT]] = light[[FACING_LEFT, FACING_RIGHT]]
    offsets = generator.uniform(0, 256, 2).astype("float32")

    materials = list(look.palette)
    colors = np.concatenate([np.asarray(look.palette[m], "float32") for m in materials])
    counts = np.array([len(look.palette[m]) for m in materials])
    starts = np.cumsum(counts) - counts
    choice = (surfaces.tone * counts[surfaces.material]).astype("intp")
    color = colors[starts[surfaces.material] + choice] * light[surfaces.facing, None]
    image = color[surfaces.number]
    material = surfaces.material[surfaces.number]
    pixels = {
        name: np.flatnonzero(material == number)
        for number, name in enumerate(materials)
        if name in _GRAIN or name == "sky"
    }

    _paint_windows(image, surfaces, look, light, pixels["facade"])
    brightness = np.ones(len(image), "float32")
    if look.texture:
        for name, (size, strength) in _GRAIN.items():
            at = pixels[name]
            across = surfaces.across(at) + 37 * surfaces.tone[surfaces.number[at]]
            noise = _noise(across, surfaces.along(at), size, offsets)
            brightness[at] += look.texture * strength * noise
        at = pixels["paving"][surfaces.z[pixels["paving"]] < 14]
        seams = _lines(surfaces.across(at), 0.8) | _lines(surfaces.along(at), 0.8)
        brightness[at] *= 1 - 0.15 * seams
    if look.shadow:
        brightness *= _shadows(surfaces, look, light, generator, offsets)
    image *= brightness[:, None]
    haze = 1 - np.exp(surfaces.z / np.float32(-look.haze_distance))[:, None]
    image += haze * (np.asarray(look.haze, "float32") - image)
    image[pixels["sky"]] = _sky(surfaces, look, pixels["sky"], offsets)
    return image


# Materials with a grain: (metres after which it repeats, strength).
_GRAIN = {
    "asphalt": (14.0, 0.22),
    "paving": (9.0, 0.2),
    "grass": (12.0, 0.3),
    "facade": (16.0, 0.22),
    "roof": (10.0, 0.25),
    "foliage": (7.0, 0.9),
    "foliage light": (7.0, 0.7),
    "bark": (3.0, 0.3),
    "paintwork": (20.0, 0.1),
    "hood": (0.6, 0.25),
}


def _sky(surfaces, look, at, offsets):
    zenith, horizon = np.asarray(look.palette["sky"], "float32")
    rise = np.maximum(surfaces.rise[at], 0)
    color = horizon + (zenith - horizon) * np.minimum(2 * rise, 1)[:, None]
    if look.clouds:
        # Clouds lie flat overhead: they crowd towards the horizon.
        away = 1 / (0.12 + rise)
        across = surfaces.x[at] / 1000 * away
        cover = np.clip(0.5 + 1.2 * _noise(across, away, 9.0, offsets), 0, 1)
        cover = look.clouds * cover[:, None]
        color += cover * (np.asarray(look.palette["cloud"][0], "float32") - color)
    return color


def _paint_windows(image, surfaces, look, light, at):
    """Rows of windows, their spacing a matter of the house's tone."""
    # Far away, windows and walls run into one another.
    clarity = np.clip(1.25 - surfaces.z[at] / 80, 0, 1)
    at, clarity = at[clarity > 0], clarity[clarity > 0]
    number = surfaces.number[at]
    tone = surfaces.tone[number]
    spacing = 2.2 + 2.0 * np.modf(tone * 7.3)[0]
    share = 0.42 + 0.2 * np.modf(tone * 31.7)[0]
    across, up = surfaces.across(at) / spacing, surfaces.along(at) / _FLOOR_HEIGHT
    column, storey = np.floor(across), np.floor(up)
    inside = np.abs(across - column - 0.5) < share / 2
    inside &= np.abs(up - storey - 0.52) < 0.27
    at, clarity, number = at[inside], clarity[inside], number[inside]
    lot = column[inside] * 7919 + storey[inside] * 10473 + np.rint(tone[inside] * 999)
    lot = lot.astype("int32")
    panes = np.asarray(look.palette["window"], "float32")
    pane = panes[(lot ^ (lot >> 7)) % len(panes)]
    pane *= light[surfaces.facing[number], None]
    image[at] += clarity[:, None] * (pane - image[at])


def _shadows(surfaces, look, light, generator, offsets):
    """Brightness under the shadow of the houses on the sun's side of the street."""
    side = np.float32(1 if light[FACING_LEFT] < light[FACING_RIGHT] else -1)
    edge = generator.uniform(-4.0, 6.0)
    roofs = edge + 3 * _noise(np.floor(surfaces.z / 11), np.float32(0), 40.0, offsets)
    dark = np.clip(2 * (side * surfaces.x - 1.4 * surfaces.y - roofs), 0, 1)
    floor = np.flatnonzero(surfaces.is_ground)
    leaves = _noise(surfaces.x[floor], surfaces.z[floor], 30.0, offsets) > 0.45
    dark[floor] = np.maximum(dark[floor], 0.7 * leaves)
    return 1 - np.float32(look.shadow) * dark


def _lines(values, spacing):
    return np.abs(np.modf(values / spacing)[0]) < 0.1


def _noise(u, v, size, offsets):
    """Smooth noise in about -1..1 that repeats after `size` metres."""
    tile = _noise_tile()
    scale = np.float32(256 / size)
    column = (u * scale + offsets[0]).astype("int32") & 255
    row = (v * scale + offsets[1]).astype("int32") & 255
    return tile[row, column]


@cache
def _noise_tile():
    """A seamless tile of noise, octave upon octave."""
    generator = np.random.default_rng(7)
    tile = np.zeros((256, 256), "float32")
    for cells in (4, 8, 16, 32, 64, 128):
        grid = generator.uniform(-1, 1, (cells, cells)).astype("float32")
        grid = np.pad(grid, ((0, 1), (0, 1)), mode="wrap")
        position = np.arange(256, dtype="float32") * cells / 256
        low = position.astype("int32")
        part = position - low
        part = part * part * (3 - 2 * part)
        rows = grid[low] * (1 - part)[:, None] + grid[low + 1] * part[:, None]
        tile += (rows[:, low] * (1 - part) + rows[:, low + 1] * part) * cells**-0.5
    return tile / np.abs(tile).max()


def expose(image: np.ndarray, look: Look, generator: np.random.Generator) -> np.ndarray:
    """Take the picture: exposure, lens, sensor and compression.

    Args:
        image: Float array `(height, width, 3)`, 0..255.
        look: The `Look`.
        generator: `np.random.Generator` of exposure and noise.

    Returns:
        Uint8 array `(height, width, 3)`.
    """
    height, width = image.shape[:2]
    spread = look.exposure_spread
    gain = np.asarray(look.cast) * (1 + spread * generator.uniform(-1, 1))
    gain = gain * (1 + 0.4 * spread * generator.uniform(-1, 1, 3))
    image = 128 + look.contrast * (image * gain.astype("float32") - 128)
    if look.vignette:
        row = np.linspace(-1, 1, height, dtype="float32")[:, None]
        column = np.linspace(-1, 1, width, dtype="float32")[None, :]
        dark = look.vignette * (row**2 + column**2) / 2
        image = image * (1 - dark[..., None])
    if look.blur:
        blurred = Image.fromarray(_bytes(image))
        image = np.asarray(blurred.filter(ImageFilter.GaussianBlur(look.blur)))
    if look.noise:
        grains = generator.standard_normal((height, width, 1), "float32")
        colored = generator.standard_normal((height, width, 3), "float32")
        image = image + look.noise * (0.8 * grains + 0.6 * colored)
    image = _bytes(image)
    if look.jpeg_quality:
        with io.BytesIO() as file:
            quality = round(float(look.jpeg_quality))
            Image.fromarray(image).save(file, "JPEG", quality=quality)
            image = np.array(Image.open(file))
    return image


def _bytes(image):
    return np.clip(np.rint(image), 0, 255).astype("uint8")
