"""Where things stand: a street is laid out at random within a `Layout`."""

from dataclasses import dataclass

import numpy as np

from keras_pixda.toy_scenes import objects
from keras_pixda.toy_scenes.canvas import Camera, Canvas
from keras_pixda.toy_scenes.objects import LABEL_IDS

_NEAREST, _FAR_END = 0.4, 140.0  # metres; what is closer lies outside the image


@dataclass(frozen=True)
class Layout:
    """Ranges `(low, high)` a street and its camera are drawn from.

    Lengths are metres; `focal` is a share of the image's width, `horizon` and `hood`
    shares of its height, `roll` radians; the counts are means per image.
    """

    camera_height: tuple
    focal: tuple
    horizon: tuple
    vanishing: tuple
    roll: tuple
    road_half: tuple
    sidewalk: tuple
    building_height: tuple
    building_length: tuple
    pitched_roofs: float
    parks: float
    side_street: float
    lane_marks: float
    trees: float
    tree_height: tuple
    tree_kinds: tuple
    parked: float
    moving: float
    car_kinds: tuple
    persons: float
    lamps: float
    signs: float
    sign_shapes: tuple
    hood: float


RENDERED_LAYOUT = Layout(
    camera_height=(1.7, 2.4),
    focal=(0.62, 0.75),
    horizon=(0.46, 0.54),
    vanishing=(0.44, 0.56),
    roll=(-0.004, 0.004),
    road_half=(4.5, 7.5),
    sidewalk=(2.5, 4.5),
    building_height=(7.0, 30.0),
    building_length=(12.0, 26.0),
    pitched_roofs=0.0,
    parks=0.25,
    side_street=0.4,
    lane_marks=1.0,
    trees=4.0,
    tree_height=(4.5, 7.5),
    tree_kinds=("ball", "ball", "conifer"),
    parked=0.15,
    moving=2.5,
    car_kinds=("saloon", "saloon", "van"),
    persons=3.0,
    lamps=2.2,
    signs=1.5,
    sign_shapes=("stop", "diamond", "board", "limit"),
    hood=0.0,
)

PHOTO_LAYOUT = Layout(
    camera_height=(1.2, 1.55),
    focal=(0.75, 0.95),
    horizon=(0.38, 0.47),
    vanishing=(0.38, 0.62),
    roll=(-0.03, 0.03),
    road_half=(3.2, 5.2),
    sidewalk=(1.6, 3.2),
    building_height=(6.0, 15.0),
    building_length=(7.0, 15.0),
    pitched_roofs=0.6,
    parks=0.2,
    side_street=0.3,
    lane_marks=0.6,
    trees=5.0,
    tree_height=(6.0, 11.0),
    tree_kinds=("leafy",),
    parked=0.4,
    moving=1.2,
    car_kinds=("hatchback", "hatchback", "saloon", "van"),
    persons=3.4,
    lamps=2.4,
    signs=1.8,
    sign_shapes=("limit", "warning", "direction", "yield", "priority", "stop"),
    hood=0.08,
)


def lay_out(
    generator: np.random.Generator, layout: Layout, size: tuple[int, int]
) -> Canvas:
    """Draw one street.

    Args:
        generator: The `np.random.Generator` all choices come from.
        layout: The `Layout` of the ranges.
        size: `(height, width)` of the canvas in pixels.

    Returns:
        The `Canvas`, finished.
    """
    height, width = size
    uniform = generator.uniform
    half, walk = uniform(*layout.road_half), uniform(*layout.sidewalk)
    camera = Camera(
        x=half * uniform(0.25, 0.6),
        height=uniform(*layout.camera_height),
        focal=width * uniform(*layout.focal),
        vanishing_x=width * uniform(*layout.vanishing),
        horizon=height * uniform(*layout.horizon),
        roll=uniform(*layout.roll),
    )
    canvas = Canvas(camera, size)
    street = uniform(18, 60) if generator.random() < layout.side_street else 1e3
    crossing = (street, street + 2 * half)

    _draw_ground(canvas, generator, layout, half, walk, crossing)
    _draw_background(canvas, generator, layout)
    house_line = half + walk
    standing = []
    for side in (-1, 1):
        standing += _houses(generator, layout, side, house_line, crossing)
    _draw_from_afar(canvas, generator, standing)
    standing = _furniture(generator, layout, half, walk, crossing)
    standing += _traffic(generator, layout, half, walk, crossing)
    _draw_from_afar(canvas, generator, standing)
    if layout.hood:
        _draw_hood(canvas, layout.hood * uniform(0.8, 1.2))
    return canvas


def _draw_from_afar(canvas, generator, standing):
    for _, draw, arguments in sorted(standing, key=lambda item: -item[0]):
        draw(canvas, generator, *arguments)


def _draw_ground(canvas, generator, layout, half, walk, crossing):
    road, sidewalk = LABEL_IDS["road"], LABEL_IDS["sidewalk"]
    everything = (_NEAREST, 900.0)
    tone = generator.random()
    canvas.floor((-400, 400), everything, LABEL_IDS["vegetation"], "grass", tone)
    paving = generator.random()
    for side in (-1, 1):
        inner, outer = side * half, side * (half + walk + 0.5)
        canvas.floor(sorted((inner, outer)), everything, sidewalk, "paving", paving)
        curb = sorted((inner, side * (half + 0.22)))
        canvas.floor(curb, everything, sidewalk, "curb", paving)
    canvas.floor((-half, half), everything, road, "asphalt", tone)
    near, far = crossing
    if near < _FAR_END:
        edges = (near - walk, far + walk)
        canvas.floor((-200, -half), edges, sidewalk, "paving", paving)
        canvas.floor((half, 200), edges, sidewalk, "paving", paving)
        canvas.floor((-200, 200), crossing, road, "asphalt", tone)
        for stripe in np.arange(-half + 0.6, half - 0.6, 1.1):
            stripes = (stripe, stripe + 0.55)
            canvas.floor(stripes, (near - 4.0, near - 1.0), road, "road paint")
    if generator.random() < layout.lane_marks:
        for start in np.arange(_NEAREST, 70, 6.0):
            dash = (start, start + 3.0)
            if dash[1] < near - 4 or dash[0] > far:
                canvas.floor((-0.08, 0.08), dash, road, "road paint")


def _draw_background(canvas, generator, layout):
    """What closes the view at the end of the street: houses and tree tops."""
    for x in np.arange(-160, 160, 16.0):
        x += generator.uniform(-4, 4)
        wide = (x, x + generator.uniform(12, 26))
        if generator.random() < 0.5:
            top = generator.uniform(0.6, 1.1) * layout.building_height[1]
            label, material = LABEL_IDS["building"], "facade"
        else:
            top = generator.uniform(0.7, 1.2) * layout.tree_height[1]
            label, material = LABEL_IDS["vegetation"], "foliage"
        distance = _FAR_END + generator.uniform(5, 20)
        canvas.rectangle(wide, (0, top), distance, label, material, generator.random())


def _houses(generator, layout, side, house_line, crossing):
    """Houses, or parks with their trees, from the camera to the far end."""
    standing = []
    z = _NEAREST - generator.uniform(0, 8)
    while z < _FAR_END:
        end = z + generator.uniform(*layout.building_length)
        corner = crossing[0] < end and z < crossing[1]
        if corner:
            # The houses stop where the side street begins and go on behind it.
            end, beyond = crossing[0] - 2.0, crossing[1] + 2.0
        span = (max(z, _NEAREST), end)
        depth = 15.0 if z < crossing[1] or z > crossing[1] + 3 else 150.0
        if end - span[0] > 1.0:
            if generator.random() < layout.parks:
                low = generator.uniform(0.5, 1.6)
                place = (side, house_line, span, low)
                standing.append((span[0], objects.hedge, place))
                for tree_z in np.arange(span[0] + 4, end, 7.0):
                    height = 1.2 * generator.uniform(*layout.tree_height)
                    kind = _choice(generator, layout.tree_kinds)
                    x = side * (house_line + generator.uniform(4, 9))
                    standing.append((tree_z, objects.tree, (x, tree_z, kind, height)))
            else:
                height = generator.uniform(*layout.building_height)
                pitched = generator.random() < layout.pitched_roofs
                place = (side, house_line, span, height, pitched, depth)
                standing.append((span[0], objects.building, place))
        z = beyond if corner else end
    return standing


def _furniture(generator, layout, half, walk, crossing):
    """Trees, lamps and signs along the curb, and the people on the sidewalk."""
    standing = []
    curb = half + 0.5

    def add(draw, side, x, z, *arguments):
        if z < crossing[0] - 1 or z > crossing[1] + 1:
            standing.append((z, draw, (side * x, z, *arguments)))

    for _ in range(generator.poisson(layout.trees)):
        kind = _choice(generator, layout.tree_kinds)
        height = generator.uniform(*layout.tree_height)
        side, z = _choice(generator, (-1, 1)), generator.uniform(9, 60)
        add(objects.tree, side, curb + 0.3, z, kind, height)
    for _ in range(generator.poisson(layout.lamps)):
        side, z = _choice(generator, (-1, 1)), generator.uniform(7, 50)
        height, arm = generator.uniform(4.5, 7.5), _choice(generator, (0.0, 1.0))
        add(objects.lamp_post, side, curb, z, height, -side * 1.5 * arm)
    for _ in range(generator.poisson(layout.signs)):
        side, z = _choice(generator, (-1, 1)), generator.uniform(6, 22)
        add(objects.sign_post, side, curb, z, layout.sign_shapes)
    for _ in range(generator.poisson(layout.persons)):
        z = generator.uniform(5.5, 24)
        if generator.random() < 0.2:
            x = generator.uniform(-half, half)
            standing.append((z, objects.person, (x, z, "road")))
        else:
            x = half + walk * generator.uniform(0.2, 0.9)
            add(objects.person, _choice(generator, (-1, 1)), x, z, "sidewalk")
    return standing


def _traffic(generator, layout, half, walk, crossing):
    """Cars parked at the curbs, and cars moving in both lanes."""
    standing = []
    for side in (-1, 1):
        if generator.random() < 0.3:
            continue
        for z in np.arange(5.0 + generator.uniform(0, 6), 60, 6.3):
            if generator.random() < layout.parked and not (
                crossing[0] - 7 < z < crossing[1] + 1
            ):
                kind = _choice(generator, layout.car_kinds)
                place = (side * (half - 1.05), z, kind, side < 0)
                standing.append((z, objects.car, place))
    for _ in range(generator.poisson(layout.moving)):
        oncoming, z = generator.random() < 0.5, generator.uniform(9, 55)
        kind = _choice(generator, layout.car_kinds)
        lane = half * (-0.35 if oncoming else 0.35)
        # Two cars cannot be in one place.
        if all(abs(z - other) > 6 for other, _, place in standing if place[0] == lane):
            standing.append((z, objects.car, (lane, z, kind, oncoming)))
    return standing


def _draw_hood(canvas, share):
    """The camera car's own hood, at the bottom of the image."""
    height, width = canvas.size
    top = height * (1 - share)
    canvas.outline(
        [
            (-0.1 * width, height * 1.1),
            (0.0, top + 0.55 * share * height),
            (0.18 * width, top + 0.12 * share * height),
            (0.5 * width, top),
            (0.82 * width, top + 0.12 * share * height),
            (width, top + 0.55 * share * height),
            (1.1 * width, height * 1.1),
        ],
        LABEL_IDS["ego vehicle"],
        "hood",
    )


def _choice(generator, options):
    return options[generator.integers(len(options))]
