import numpy as np
import pytest

from keras_pixda.toy_scenes.canvas import Camera, Canvas

ROAD, BUILDING, SKY, PERSON, CAR = 7, 11, 23, 24, 26


def camera_with(roll=0.0):
    return Camera(
        x=1.0, height=1.5, focal=80.0, vanishing_x=40.0, horizon=30.0, roll=roll
    )


def test_perspective():
    # (3 - 1) m to the right and 1.5 m below the eye, 10 m away.
    assert camera_with().project(3.0, 0.0, 10.0) == pytest.approx((56.0, 42.0))
    assert camera_with().project(3.0, 0.0, 20.0) == pytest.approx((48.0, 36.0))


def test_nearer_things_hide_farther_ones():
    canvas = Canvas(camera_with(), (60, 80))
    canvas.rectangle((0, 2), (0, 3), 20.0, CAR, "far")
    canvas.rectangle((0.8, 1.2), (0, 3), 10.0, PERSON, "near")
    surfaces = canvas.surfaces(["sky", "far", "near"])
    labels = surfaces.label[surfaces.number].reshape(60, 80)
    assert labels[30, 40] == PERSON
    assert labels[30, 37] == CAR
    assert labels[5, 5] == SKY


@pytest.mark.parametrize("roll", [0.0, 0.05])
def test_every_pixel_knows_where_it_lies(roll):
    camera = camera_with(roll)
    canvas = Canvas(camera, (60, 80))
    canvas.floor((-50, 50), (0.4, 900), ROAD, "road")
    canvas.wall(6.0, (0, 20), (1, 200), BUILDING, "house")
    surfaces = canvas.surfaces(["sky", "road", "house"])
    material = surfaces.material[surfaces.number]
    for number, coordinate, value in ((1, surfaces.y, 0.0), (2, surfaces.x, 6.0)):
        pixels = np.flatnonzero((material == number) & (surfaces.z < 200))
        assert len(pixels) > 500
        np.testing.assert_allclose(coordinate[pixels], value, atol=0.01)
        for pixel in pixels[::97]:
            point = surfaces.x[pixel], surfaces.y[pixel], surfaces.z[pixel]
            column, row = camera.project(*point)
            assert (column, row) == pytest.approx((pixel % 80, pixel // 80), abs=0.1)
