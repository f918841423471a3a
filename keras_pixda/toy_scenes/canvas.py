"""The drawing board: polygons of the street, in metres, become surfaces of the image.

World axes: x to the right, y up, z along the street, all in metres, the road at
y = 0. Every polygon gets a number of its own in the picture, and what is known of it
(class, material, plane) stands in a table beside it, so image and labels are two
readings of the same board and cannot drift apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

Pair = tuple[float, float]
Point = tuple[float, float, float]

FACING_UP, FACING_CAMERA, FACING_RIGHT, FACING_LEFT = range(4)
_GROUND, _WALL, _FRONT = range(3)
_FARTHEST = 1000.0  # metres; where the sky hangs


@dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks along the street; lengths on the image in pixels."""

    x: float
    height: float
    focal: float
    vanishing_x: float
    horizon: float
    roll: float

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """The `(column, row)` where a point of the street appears on the image."""
        across = (x - self.x) * self.focal / z
        down = (self.height - y) * self.focal / z
        cosine, sine = math.cos(self.roll), math.sin(self.roll)
        return (
            self.vanishing_x + cosine * across - sine * down,
            self.horizon + sine * across + cosine * down,
        )


@dataclass(frozen=True)
class Surfaces:
    """What stands on the board, and where in the street each pixel lies.

    `label`, `material`, `tone` and `facing` have one entry a surface. `number`, the
    surface of each pixel, and the rest have one entry a pixel, row after row:
    coordinates in metres, and `rise`, the height above the horizon in image heights.
    """

    label: np.ndarray
    material: np.ndarray
    tone: np.ndarray
    facing: np.ndarray
    number: np.ndarray
    is_wall: np.ndarray
    is_ground: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    rise: np.ndarray

    def across(self, pixels: np.ndarray) -> np.ndarray:
        """Metres along the surface, sideways, for indices of pixels."""
        return np.where(self.is_wall[pixels], self.z[pixels], self.x[pixels])

    def along(self, pixels: np.ndarray) -> np.ndarray:
        """Metres along the surface, upwards or away, for indices of pixels."""
        return np.where(self.is_ground[pixels], self.z[pixels], self.y[pixels])


class Canvas:
    """A board for polygons, drawn from far to near; later ones hide earlier ones.

    Args:
        camera: The `Camera` the street is seen with, in pixels of this canvas.
        size: `(height, width)` in pixels.
    """

    def __init__(self, camera: Camera, size: tuple[int, int]):
        self.camera = camera
        self.size = size
        self._board = Image.new("I", (size[1], size[0]))
        self._draw = ImageDraw.Draw(self._board)
        # Surface 0, the empty board, is the sky.
        self._materials = ["sky"]
        self._facts = [(23, 0.5, FACING_CAMERA, _FRONT, _FARTHEST)]

    def polygon(
        self,
        points: Sequence[Point],
        label: int,
        material: str,
        tone: float = 0.5,
        facing: int | None = None,
    ) -> None:
        """Fill a flat polygon.

        Args:
            points: List of `(x, y, z)` in metres, in front of the camera.
            label: Cityscapes label id of the class.
            material: name of a material of the palettes.
            tone: float in `[0, 1)`, which of the material's colours.
            facing: one of the `FACING_` constants. Defaults to what the points say.
        """
        x, y, z = points[0]
        if all(point[0] == x for point in points):
            seen_from_left = x > self.camera.x
            plane = (_WALL, x)
            default = FACING_LEFT if seen_from_left else FACING_RIGHT
        elif all(point[1] == 0 for point in points):
            plane, default = (_GROUND, 0.0), FACING_UP
        else:
            nearest = min(point[2] for point in points)
            plane, default = (_FRONT, nearest), FACING_CAMERA
        facing = default if facing is None else facing
        pixels = [self.camera.project(*point) for point in points]
        self._fill(pixels, material, (label, tone, facing, *plane))

    def outline(self, pixels: Sequence[Pair], label: int, material: str) -> None:
        """Fill a polygon given by `(column, row)`, in front of everything."""
        self._fill(pixels, material, (label, 0.5, FACING_UP, _FRONT, 1.0))

    def _fill(self, pixels, material, facts):
        self._draw.polygon(pixels, fill=len(self._facts))
        self._materials.append(material)
        self._facts.append(facts)

    def rectangle(
        self, x: Pair, y: Pair, z: float, label: int, material: str, tone: float = 0.5
    ) -> None:
        """Fill an upright rectangle facing the camera: `x` and `y` are pairs."""
        self.polygon(
            [(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)],
            label,
            material,
            tone,
        )

    def floor(
        self, x: Pair, z: Pair, label: int, material: str, tone: float = 0.5
    ) -> None:
        """Fill a rectangle on the ground: `x` and `z` are pairs."""
        self.polygon(
            [(x[0], 0, z[0]), (x[1], 0, z[0]), (x[1], 0, z[1]), (x[0], 0, z[1])],
            label,
            material,
            tone,
        )

    def wall(
        self, x: float, y: Pair, z: Pair, label: int, material: str, tone: float = 0.5
    ) -> None:
        """Fill an upright rectangle beside the street: `y` and `z` are pairs."""
        self.polygon(
            [(x, y[0], z[0]), (x, y[0], z[1]), (x, y[1], z[1]), (x, y[1], z[0])],
            label,
            material,
            tone,
        )

    def disc(
        self,
        center: Point,
        radius: float,
        label: int,
        material: str,
        tone: float = 0.5,
        corners: int = 12,
        turn: float = 0.0,
    ) -> None:
        """Fill an upright disc, or a regular polygon, facing the camera."""
        column, row = self.camera.project(*center)
        radius *= self.camera.focal / center[2]
        turn += self.camera.roll
        angles = [turn + 2 * math.pi * i / corners for i in range(corners)]
        pixels = [
            (column + radius * math.sin(a), row - radius * math.cos(a)) for a in angles
        ]
        self._fill(pixels, material, (label, tone, FACING_CAMERA, _FRONT, center[2]))

    def surfaces(self, materials: Sequence[str]) -> Surfaces:
        """The `Surfaces` of what has been drawn.

        Args:
            materials: List of all material names; `Surfaces.material` indexes it.
        """
        camera = self.camera
        number = np.asarray(self._board)
        label, tone, facing, plane, offset = np.array(self._facts, "float32").T
        is_wall, is_ground = (plane == _WALL)[number], (plane == _GROUND)[number]

        height, width = self.size
        column = np.arange(width, dtype="float32")[None, :] - camera.vanishing_x
        row = np.arange(height, dtype="float32")[:, None] - camera.horizon
        cosine, sine = math.cos(camera.roll), math.sin(camera.roll)
        across = (cosine * column + sine * row) / camera.focal
        down = (cosine * row - sine * column) / camera.focal

        # The plane of a surface says how far away each of its pixels is.
        z = offset[number]
        with np.errstate(divide="ignore"):
            z[is_wall] = (z[is_wall] - camera.x) / across[is_wall]
            z[is_ground] = camera.height / down[is_ground]
        # An outline may touch pixels just beyond the horizon of its plane.
        z[(z <= 0) | (z > _FARTHEST)] = _FARTHEST
        order = {name: position for position, name in enumerate(materials)}
        return Surfaces(
            label=label.astype("uint8"),
            material=np.array([order[name] for name in self._materials], "uint8"),
            tone=tone,
            facing=facing.astype("uint8"),
            number=number.ravel(),
            is_wall=is_wall.ravel(),
            is_ground=is_ground.ravel(),
            x=(camera.x + across * z).ravel(),
            y=(camera.height - down * z).ravel(),
            z=z.ravel(),
            rise=(down * np.float32(-camera.focal / height)).ravel(),
        )
