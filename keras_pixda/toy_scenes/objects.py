"""What stands in the street, drawn on a `Canvas`, each with its Cityscapes label id."""

import math
from collections.abc import Sequence

import numpy as np

from keras_pixda.toy_scenes.canvas import (
    FACING_CAMERA,
    FACING_LEFT,
    FACING_RIGHT,
    FACING_UP,
    Canvas,
    Pair,
)

LABEL_IDS = {
    "ego vehicle": 1,
    "road": 7,
    "sidewalk": 8,
    "building": 11,
    "pole": 17,
    "traffic sign": 20,
    "vegetation": 21,
    "sky": 23,
    "person": 24,
    "car": 26,
}

# Side views of cars: (metres from the rear bumper, height), and the glass edges.
_CAR_SHAPES = {
    "saloon": (
        [(0, 0.3), (0, 0.95), (0.6, 1.0), (1.2, 1.42), (2.6, 1.42), (3.4, 0.98)]
        + [(4.3, 0.82), (4.4, 0.3)],
        (2, 4),
    ),
    "hatchback": (
        [(0, 0.3), (0.05, 0.95), (0.5, 1.5), (2.3, 1.5), (3.1, 1.0), (3.9, 0.85)]
        + [(4.0, 0.3)],
        (1, 3),
    ),
    "van": (
        [(0, 0.35), (0, 1.1), (0.1, 2.05), (3.6, 2.05), (4.4, 1.15), (4.9, 1.0)]
        + [(5.0, 0.35)],
        (1, 3),
    ),
}


def car(
    canvas: Canvas,
    generator: np.random.Generator,
    x: float,
    z: float,
    kind: str,
    oncoming: bool = False,
) -> None:
    """A car centred on `x`, its near end at `z`."""
    label, tone = LABEL_IDS["car"], generator.random()
    profile, glass_edges = _CAR_SHAPES[kind]
    length, waist, half = profile[-1][0], 1.0, 0.9
    canvas.floor(
        (x - half, x + half), (z - 0.3, z + length), LABEL_IDS["road"], "shadow"
    )

    def corner(side, along, height):
        inset = 0.14 * max(0.0, min(1.0, (height - waist) / 0.4))
        distance = z + (length - along if oncoming else along)
        return (x + side * (half - inset), height, distance)

    for side in (-1, 1):
        canvas.polygon(
            [(x + side * p, q, z) for p, q in ((0.85, 0), (0.85, 0.4), (0.6, 0.4))]
            + [(x + side * 0.6, 0, z)],
            label,
            "tyre",
        )
    edges = list(range(len(profile) - 1))
    for edge in edges if oncoming else reversed(edges):
        (a, low), (b, high) = profile[edge : edge + 2]
        quad = [corner(-1, a, low), corner(1, a, low)]
        quad += [corner(1, b, high), corner(-1, b, high)]
        is_glass = edge in glass_edges
        steep = abs(high - low) > abs(b - a)
        facing = FACING_CAMERA if steep or is_glass else FACING_UP
        canvas.polygon(quad, label, "paintwork", tone, facing)
        if is_glass:
            inner = [_towards(quad, point, 0.82) for point in quad]
            canvas.polygon(inner, label, "car glass", facing=FACING_CAMERA)
    for side in (-0.68, 0.68):
        lamp = (x + side - 0.14, x + side + 0.14)
        canvas.rectangle(
            lamp, (0.62, 0.78), z, label, "headlight" if oncoming else "rear light"
        )
    canvas.rectangle((x - 0.85, x + 0.85), (0.3, 0.42), z, label, "bumper")
    canvas.rectangle((x - 0.25, x + 0.25), (0.5, 0.62), z, label, "plate")

    if x - half > canvas.camera.x:
        side, facing = -1, FACING_LEFT
    elif x + half < canvas.camera.x:
        side, facing = 1, FACING_RIGHT
    else:
        return
    outline = [corner(side, along, height) for along, height in profile]
    canvas.polygon(outline, label, "paintwork", tone, facing)
    cabin = [corner(side, *point) for point in profile if point[1] >= 0.95]
    cabin = [_towards(cabin, point, 0.8) for point in cabin]
    cabin = [(px, max(py, waist), pz) for px, py, pz in cabin]
    canvas.polygon(cabin, label, "car glass", facing=facing)
    for along in (0.75, length - 0.85):
        px, _, pz = corner(side, along, 0.3)
        wheel = [
            (
                px,
                0.33 + 0.33 * math.cos(i * math.pi / 5),
                pz + 0.33 * math.sin(i * math.pi / 5),
            )
            for i in range(10)
        ]
        canvas.polygon(wheel, label, "tyre")


def _towards(polygon, point, share):
    """Pull a point towards the polygon's centre, keeping `share` of the way."""
    centers = [sum(axis) / len(polygon) for axis in zip(*polygon, strict=True)]
    return tuple(c + share * (p - c) for p, c in zip(point, centers, strict=True))


def person(
    canvas: Canvas, generator: np.random.Generator, x: float, z: float, ground: str
) -> None:
    """Somebody walking; `ground` is the class underfoot."""
    label = LABEL_IDS["person"]
    height = generator.uniform(1.5, 1.9)
    stride, lean = generator.uniform(0.05, 0.3), generator.uniform(-0.05, 0.05)
    jacket, trousers, hair = generator.random(3)
    width = generator.uniform(0.2, 0.28)
    hip, shoulder, chin = 0.48 * height, 0.83 * height, 0.87 * height
    canvas.floor((x - 0.35, x + 0.35), (z - 0.1, z + 0.3), LABEL_IDS[ground], "shadow")
    for foot in (-stride, stride):
        canvas.polygon(
            [(x + foot - 0.07, 0.0, z), (x + foot + 0.08, 0.0, z)]
            + [(x + 0.13, hip, z), (x - 0.13, hip, z)],
            label,
            "trousers",
            trousers,
        )
    body = [(-0.8, hip - 0.1), (0.8, hip - 0.1), (1.0, shoulder), (-1.0, shoulder)]
    canvas.polygon(
        [(x + width * p + lean * (q > hip), q, z) for p, q in body],
        label,
        "jacket",
        jacket,
    )
    for arm in (-1, 1):
        hand = arm * (width + 0.1) + lean
        canvas.polygon(
            [(x + arm * width + lean, shoulder, z), (x + hand, hip + 0.1, z)]
            + [(x + hand - arm * 0.1, hip + 0.1, z)],
            label,
            "jacket",
            jacket,
        )
    head = (x + lean, chin + 0.1, z)
    canvas.disc(head, 0.13, label, "hair", hair)
    canvas.disc((x + lean, chin + 0.06, z), 0.11, label, "skin", hair)


def tree(
    canvas: Canvas,
    generator: np.random.Generator,
    x: float,
    z: float,
    kind: str,
    height: float,
    base: float = 0.0,
) -> None:
    """A tree of kind `"ball"`, `"conifer"` or `"leafy"`; all of it is vegetation."""
    label, tone = LABEL_IDS["vegetation"], generator.random()
    trunk = 0.03 * height
    canvas.rectangle(
        (x - trunk, x + trunk), (base, base + 0.6 * height), z, label, "bark", tone
    )
    if kind == "conifer":
        for tier in range(3):
            bottom = base + height * (0.2 + 0.22 * tier)
            half = height * (0.24 - 0.05 * tier)
            top = base + height * (0.56 + 0.22 * tier)
            canvas.polygon(
                [(x - half, bottom, z), (x + half, bottom, z), (x, top, z)],
                label,
                "foliage",
                tone,
            )
    elif kind == "ball":
        radius = 0.3 * height
        center = base + 0.68 * height
        canvas.disc((x, center, z), radius, label, "foliage", tone, 18)
        highlight = (x - 0.3 * radius, center + 0.3 * radius, z)
        canvas.disc(highlight, 0.6 * radius, label, "foliage light", tone, 18)
    else:
        spread = 0.27 * height
        for i in range(16):
            angle, reach = generator.uniform(0, 2 * math.pi), generator.random()
            dx = spread * reach * math.cos(angle) * 1.1
            dy = spread * reach * math.sin(angle)
            radius = spread * generator.uniform(0.3, 0.6)
            material = "foliage light" if dy > 0.15 * spread and i % 2 else "foliage"
            center = (x + dx, base + 0.68 * height + dy, z)
            canvas.disc(center, radius, label, material, tone, 9, angle)


def lamp_post(
    canvas: Canvas,
    generator: np.random.Generator,
    x: float,
    z: float,
    height: float,
    arm: float,
) -> None:
    """A street lamp; `arm` is its length towards the road, negative to the left."""
    label, tone = LABEL_IDS["pole"], generator.random()
    _shaft(canvas, x, z, height, 0.075, tone)
    if arm:
        canvas.polygon(
            [(x, height - 0.35, z), (x + arm, height, z)]
            + [(x + arm, height + 0.12, z), (x, height - 0.2, z)],
            label,
            "metal",
            tone,
        )
        lamp = sorted((x + arm, x + arm * 1.4))
        canvas.rectangle(lamp, (height - 0.05, height + 0.14), z, label, "lamp")
    else:
        canvas.rectangle((x - 0.2, x + 0.2), (height, height + 0.5), z, label, "lamp")


def sign_post(
    canvas: Canvas,
    generator: np.random.Generator,
    x: float,
    z: float,
    shapes: Sequence[str],
) -> None:
    """A traffic sign on its post; `shapes` are the plates to choose from."""
    label = LABEL_IDS["traffic sign"]
    shape = shapes[generator.integers(len(shapes))]
    height, radius = generator.uniform(2.1, 2.7), generator.uniform(0.38, 0.48)
    _shaft(canvas, x, z, height, 0.04, generator.random())
    center, near = (x, height + 0.7 * radius, z), z - 0.01
    if shape == "board":
        wide = (x - 1.6 * radius, x + 1.6 * radius)
        canvas.rectangle(wide, (height, height + 1.5 * radius), z, label, "sign blue")
        line = (x - 1.2 * radius, x + 0.9 * radius)
        low = height + 0.65 * radius
        canvas.rectangle(line, (low, low + 0.25 * radius), near, label, "sign white")
        return
    corners, turn, rim, face = {
        "stop": (8, math.pi / 8, "sign red", "sign red"),
        "limit": (14, 0.0, "sign red", "sign white"),
        "warning": (3, 0.0, "sign red", "sign white"),
        "yield": (3, math.pi, "sign red", "sign white"),
        "diamond": (4, 0.0, "sign yellow", "sign yellow"),
        "direction": (14, 0.0, "sign blue", "sign blue"),
        "priority": (4, 0.0, "sign white", "sign yellow"),
    }[shape]
    canvas.disc(center, radius, label, rim, 0.5, corners, turn)
    center = (x, center[1], near)
    canvas.disc(center, 0.62 * radius, label, face, 0.5, corners, turn)
    if shape in ("stop", "direction"):
        bar = (center[1] - 0.1, center[1] + 0.1)
        canvas.rectangle(
            (x - 0.6 * radius, x + 0.6 * radius), bar, near, label, "sign white"
        )


def building(
    canvas: Canvas,
    generator: np.random.Generator,
    side: int,
    x: float,
    z: Pair,
    height: float,
    pitched: bool,
    depth: float,
) -> None:
    """A house on side -1 or 1; its wall along the street stands at `side * x`."""
    label, tone = LABEL_IDS["building"], generator.random()
    wall, outside = side * x, side * (x + depth)
    front = sorted((wall, outside))
    if pitched:
        ridge, roof = height + generator.uniform(1.5, 3.5), generator.random()
        back = side * (x + 4.0)
        canvas.polygon(
            [(wall, height, z[0]), (wall, height, z[1])]
            + [(back, ridge, z[1]), (back, ridge, z[0])],
            label,
            "roof",
            roof,
            FACING_UP,
        )
        canvas.polygon(
            [(wall, height, z[0]), (back, ridge, z[0]), (outside, height, z[0])],
            label,
            "facade",
            tone,
            FACING_CAMERA,
        )
    canvas.rectangle(front, (0, height), z[0], label, "facade", tone)
    canvas.wall(wall, (0, height), z, label, "facade", tone)
    canvas.wall(wall, (height - 0.35, height), z, label, "trim", tone)
    canvas.rectangle(front, (height - 0.35, height), z[0], label, "trim", tone)


def hedge(
    canvas: Canvas,
    generator: np.random.Generator,
    side: int,
    x: float,
    z: Pair,
    height: float,
) -> None:
    """A hedge along the sidewalk, with its near end."""
    label, tone = LABEL_IDS["vegetation"], generator.random()
    wall, outside = side * x, side * (x + 30)
    canvas.polygon(
        [(wall, height, z[0]), (outside, height, z[0])]
        + [(outside, height, z[1]), (wall, height, z[1])],
        label,
        "grass",
        tone,
        FACING_UP,
    )
    canvas.rectangle(sorted((wall, outside)), (0, height), z[0], label, "foliage", tone)
    canvas.wall(wall, (0, height), z, label, "foliage", tone)


def _shaft(canvas, x, z, height, half, tone):
    # A post is never thinner than a pixel, however far away.
    half = max(half, 0.5 * z / canvas.camera.focal)
    canvas.rectangle(
        (x - half, x + half), (0, height), z, LABEL_IDS["pole"], "metal", tone
    )
