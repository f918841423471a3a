"""The two looks in numbers: clean renderings, and photos from cities of their own."""

import zlib
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Look:
    """How surfaces turn into colours; every field is a number or a list of numbers.

    Colours are RGB, 0..255; strengths are shares of the brightness.
    """

    palette: dict  # material: the colours it comes in
    light: tuple  # brightness of what faces up, the camera, right, left
    texture: float  # strength of bricks, asphalt grains, leaves
    clouds: float  # strength
    shadow: float  # how much darker the houses' shadow is
    haze: tuple  # colour
    haze_distance: float  # metres after which two thirds are haze
    cast: tuple  # gain of red, green, blue
    contrast: float
    exposure_spread: float  # how unevenly images are exposed
    vignette: float  # how much darker the corners are
    blur: float  # pixels
    noise: float  # grey levels
    jpeg_quality: float  # 0 for no compression


RENDERED_LOOK = Look(
    palette={
        "sky": [(64, 138, 232), (176, 212, 246)],
        "cloud": [(255, 255, 255)],
        "asphalt": [(84, 90, 104), (94, 98, 110)],
        "road paint": [(240, 240, 240)],
        "paving": [(206, 188, 158), (196, 182, 160)],
        "curb": [(228, 220, 204)],
        "grass": [(112, 196, 84), (126, 200, 92)],
        "facade": [(228, 142, 108), (240, 214, 150), (236, 178, 172), (226, 224, 220)]
        + [(176, 140, 190), (172, 104, 88), (176, 172, 166)],
        "trim": [(250, 246, 238)],
        "roof": [(200, 80, 60)],
        "window": [(62, 98, 148), (46, 74, 118)],
        "foliage": [(40, 150, 56), (56, 166, 62), (30, 134, 70)],
        "foliage light": [(66, 180, 80), (84, 190, 84), (54, 162, 92)],
        "bark": [(128, 84, 48)],
        "metal": [(62, 64, 74), (120, 126, 136)],
        "lamp": [(250, 240, 180)],
        "sign red": [(226, 26, 34)],
        "sign blue": [(20, 88, 214)],
        "sign white": [(250, 250, 250)],
        "sign yellow": [(250, 204, 20)],
        "paintwork": [(216, 34, 38), (30, 90, 214), (246, 190, 30), (240, 240, 244)]
        + [(34, 160, 150), (58, 62, 72)],
        "car glass": [(38, 52, 72)],
        "tyre": [(26, 26, 30)],
        "headlight": [(255, 250, 220)],
        "rear light": [(255, 60, 50)],
        "bumper": [(60, 60, 66)],
        "plate": [(245, 245, 245)],
        "jacket": [(230, 60, 120), (250, 130, 30), (60, 200, 220), (120, 70, 200)],
        "trousers": [(40, 60, 140), (70, 50, 50), (30, 110, 80)],
        "skin": [(240, 190, 150), (150, 100, 70)],
        "hair": [(60, 36, 20), (30, 26, 24)],
        "shadow": [(60, 64, 76)],
        "hood": [(40, 40, 44)],
    },
    light=(1.0, 0.96, 0.9, 0.82),
    texture=0.0,
    clouds=0.6,
    shadow=0.0,
    haze=(190, 220, 250),
    haze_distance=900.0,
    cast=(1.0, 1.0, 1.0),
    contrast=1.0,
    exposure_spread=0.15,
    vignette=0.0,
    blur=0.0,
    noise=0.0,
    jpeg_quality=0.0,
)

_PHOTO_PALETTE = {
    "cloud": [(226, 228, 230)],
    "road paint": [(205, 203, 196)],
    "curb": [(158, 154, 146)],
    "trim": [(196, 188, 174)],
    "roof": [(128, 72, 54), (92, 74, 66), (84, 84, 90)],
    "window": [(46, 52, 58), (70, 80, 88), (110, 118, 122)],
    "bark": [(74, 62, 50), (90, 80, 68)],
    "metal": [(124, 126, 124), (70, 82, 76), (88, 90, 92)],
    "lamp": [(176, 176, 168)],
    "sign red": [(188, 36, 40)],
    "sign blue": [(34, 80, 160)],
    "sign white": [(212, 210, 202)],
    "sign yellow": [(216, 176, 48)],
    "paintwork": [(34, 36, 40), (150, 154, 158), (92, 96, 102), (40, 50, 72)]
    + [(206, 206, 202), (120, 34, 34), (64, 84, 70)],
    "car glass": [(52, 60, 66)],
    "tyre": [(24, 24, 24)],
    "headlight": [(214, 214, 206)],
    "rear light": [(150, 34, 30)],
    "bumper": [(38, 38, 40)],
    "plate": [(196, 194, 180)],
    "jacket": [
        (38, 40, 48),
        (92, 88, 84),
        (56, 72, 120),
        (156, 58, 50),
        (158, 148, 128),
    ]
    + [(176, 120, 52)],
    "trousers": [(46, 54, 78), (36, 36, 38), (98, 90, 76)],
    "skin": [(196, 154, 128), (120, 84, 64)],
    "hair": [(52, 42, 34), (120, 104, 84)],
    "shadow": [(52, 52, 54)],
    "hood": [(44, 46, 50)],
}

CITY_LOOKS = {
    # Brick houses under an overcast sky.
    "brickholm": Look(
        palette=_PHOTO_PALETTE
        | {
            "sky": [(132, 168, 208), (196, 212, 228)],
            "asphalt": [(116, 114, 112), (104, 102, 102)],
            "paving": [(138, 134, 132), (128, 122, 120)],
            "grass": [(92, 100, 60), (104, 102, 66)],
            "facade": [(136, 82, 66), (150, 98, 78), (118, 84, 72), (172, 158, 142)]
            + [(128, 72, 60)],
            "foliage": [(58, 88, 46), (72, 98, 50), (50, 76, 46)],
            "foliage light": [(84, 112, 58), (94, 118, 62), (74, 102, 56)],
        },
        light=(1.14, 1.02, 1.0, 0.94),
        texture=0.6,
        clouds=0.5,
        shadow=0.2,
        haze=(206, 210, 214),
        haze_distance=240.0,
        cast=(0.97, 1.0, 1.03),
        contrast=0.95,
        exposure_spread=0.1,
        vignette=0.2,
        blur=0.45,
        noise=2.5,
        jpeg_quality=75.0,
    ),
    # Plastered houses in a low, warm sun.
    "solvara": Look(
        palette=_PHOTO_PALETTE
        | {
            "sky": [(92, 150, 216), (188, 208, 224)],
            "asphalt": [(142, 134, 124), (130, 124, 116)],
            "paving": [(164, 152, 136), (152, 142, 128)],
            "grass": [(128, 122, 72), (140, 128, 80)],
            "facade": [
                (206, 180, 134),
                (196, 150, 108),
                (214, 200, 176),
                (176, 142, 112),
            ]
            + [(190, 170, 150)],
            "foliage": [(86, 92, 50), (100, 102, 56), (74, 84, 52)],
            "foliage light": [(122, 122, 70), (130, 126, 74), (108, 114, 70)],
        },
        light=(1.14, 0.96, 1.12, 0.64),
        texture=0.55,
        clouds=0.2,
        shadow=0.42,
        haze=(226, 214, 190),
        haze_distance=320.0,
        cast=(1.05, 1.0, 0.93),
        contrast=1.12,
        exposure_spread=0.12,
        vignette=0.2,
        blur=0.4,
        noise=2.0,
        jpeg_quality=80.0,
    ),
    # Grey houses and autumn leaves in the mist.
    "mistford": Look(
        palette=_PHOTO_PALETTE
        | {
            "sky": [(172, 186, 200), (204, 210, 214)],
            "asphalt": [(92, 94, 96), (82, 86, 90)],
            "paving": [(120, 122, 122), (130, 128, 122)],
            "grass": [(112, 104, 66), (100, 100, 64)],
            "facade": [
                (152, 150, 144),
                (172, 166, 156),
                (126, 122, 120),
                (148, 126, 108),
            ]
            + [(136, 140, 146)],
            "foliage": [(116, 88, 46), (98, 92, 50), (128, 82, 42)],
            "foliage light": [(150, 116, 60), (126, 116, 62), (160, 106, 52)],
        },
        light=(1.1, 1.02, 0.98, 0.94),
        texture=0.6,
        clouds=0.15,
        shadow=0.1,
        haze=(204, 206, 204),
        haze_distance=130.0,
        cast=(1.0, 1.01, 0.98),
        contrast=0.9,
        exposure_spread=0.1,
        vignette=0.2,
        blur=0.55,
        noise=3.0,
        jpeg_quality=70.0,
    ),
}


def city_look(name: str) -> Look:
    """The photo look of a city.

    A city that is not in `CITY_LOOKS` gets a blend of those, the same for every call:
    it lies inside their spread.
    """
    if name in CITY_LOOKS:
        return CITY_LOOKS[name]
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    weights = generator.dirichlet(np.ones(len(CITY_LOOKS)))
    return _blend(list(CITY_LOOKS.values()), weights)


def _blend(looks, weights):
    def mean(values):
        if isinstance(values[0], dict):
            return {key: mean([value[key] for value in values]) for key in values[0]}
        return np.tensordot(weights, np.asarray(values, float), 1).tolist()

    names = [field.name for field in fields(Look)]
    return Look(**{name: mean([getattr(x, name) for x in looks]) for name in names})
