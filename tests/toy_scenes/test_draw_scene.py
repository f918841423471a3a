import functools

import numpy as np
import pytest

from keras_pixda.toy_scenes import draw_scene
from keras_pixda.toy_scenes.looks import CITY_LOOKS, city_look

ROAD, SIDEWALK, BUILDING, POLE, SIGN, VEGETATION, SKY, PERSON, CAR = EVALUATED = (
    *(7, 8, 11, 17, 20),
    *(21, 23, 24, 26),
)
EGO_VEHICLE = 1
CITIES = tuple(CITY_LOOKS)


@functools.cache
def scenes(look):
    drawn = [draw_scene((5, i), look, city=CITIES[i % 3]) for i in range(45)]
    images, labels = zip(*drawn, strict=True)
    return np.stack(images), np.stack(labels)


@pytest.mark.parametrize("look", ["rendered", "photo"])
def test_same_arguments_same_scene(look):
    image, labels = draw_scene(3, look, (48, 64))
    again, labels_again = draw_scene(3, look, (48, 64))
    other, _ = draw_scene(4, look, (48, 64))

    assert image.shape == (48, 64, 3)
    assert labels.shape == (48, 64)
    assert image.dtype == labels.dtype == np.uint8
    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(labels, labels_again)
    assert (image != other).any()


def test_no_global_random_state():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    draw_scene(0, "photo", (32, 32))
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_both_looks_share_the_classes():
    rendered, photo = (set(np.unique(scenes(x)[1])) for x in ("rendered", "photo"))
    assert rendered == set(EVALUATED)
    assert photo == {*EVALUATED, EGO_VEHICLE}


@pytest.mark.parametrize("look", ["rendered", "photo"])
def test_rare_classes_are_rare(look):
    labels = scenes(look)[1]
    for label in (POLE, SIGN, PERSON):
        share = (labels == label).mean()
        assert 0.002 < share < 0.02
    for label in (ROAD, BUILDING):
        assert (labels == label).mean() > 0.15
    with_sign = (labels == SIGN).any((1, 2)).mean()
    assert 0.4 < with_sign < 0.95


def test_looks_differ_in_colour_and_texture():
    means, roughness = {}, {}
    for look in ("rendered", "photo"):
        images, labels = scenes(look)
        images = images.astype("float32")
        means[look] = {k: images[labels == k].mean(0) for k in EVALUATED}
        step = np.abs(np.diff(images, axis=2)).mean(-1)
        road = (labels[:, :, 1:] == ROAD) & (labels[:, :, :-1] == ROAD)
        roughness[look] = np.median(step[road])
    gaps = {
        k: np.linalg.norm(means["rendered"][k] - means["photo"][k]) for k in EVALUATED
    }
    assert np.mean([gap > 15 for gap in gaps.values()]) > 0.75
    # Colours overlap: a pavement of the photos looks like a rendered road.
    sidewalk = means["photo"][SIDEWALK]
    to_road = np.linalg.norm(sidewalk - means["rendered"][ROAD])
    to_sidewalk = np.linalg.norm(sidewalk - means["rendered"][SIDEWALK])
    assert to_road < to_sidewalk
    assert roughness["rendered"] == 0
    assert roughness["photo"] > 0.5


def test_rendered_sky_is_sky_coloured():
    images, labels = scenes("rendered")
    red, _, blue = images.reshape(-1, 3)[labels.ravel() == SKY].T.astype(int)
    assert (blue >= red).mean() > 0.99
    assert images[labels == SKY].mean() > images[labels == ROAD].mean() + 60


@pytest.mark.parametrize("look", ["rendered", "photo"])
def test_labels_lie_on_the_edges_of_the_image(look):
    images, labels = scenes(look)
    step = np.abs(np.diff(images.astype("float32"), axis=2)).mean(-1)
    border = labels[:, :, 1:] != labels[:, :, :-1]

    def contrast(shift):
        moved = np.roll(border, shift, axis=2)[:, :, 4:-4]
        return step[:, :, 4:-4][moved].mean()

    for shift in (-3, -2, 2, 3):
        assert contrast(0) > 1.3 * contrast(shift)


def test_ego_vehicle_is_at_the_bottom_of_every_photo():
    labels = scenes("photo")[1]
    assert (labels[:, -1] == EGO_VEHICLE).all()
    assert not (labels[:, :100] == EGO_VEHICLE).any()


@pytest.mark.parametrize("size", [(96, 32), (32, 96)])
@pytest.mark.parametrize("look", ["rendered", "photo"])
def test_street_fills_images_of_any_shape(look, size):
    for seed in range(5):
        labels = draw_scene(seed, look, size)[1]
        assert (labels[int(0.7 * size[0]) :] != SKY).all()


def test_cities_differ_and_others_lie_between():
    means = {
        city: np.mean([draw_scene(i, "photo", (32, 48), city)[0] for i in range(4)])
        for city in (*CITIES, "elsewhere")
    }
    assert len({round(mean, 2) for mean in means.values()}) == 4
    for field in ("haze_distance", "noise", "shadow"):
        values = [getattr(CITY_LOOKS[city], field) for city in CITIES]
        assert min(values) < getattr(city_look("elsewhere"), field) < max(values)


def test_bad_arguments():
    with pytest.raises(ValueError, match="look must be .* received .sketch'"):
        draw_scene(0, "sketch")
    with pytest.raises(ValueError, match="image_size must be 16 or more"):
        draw_scene(0, image_size=(8, 64))
    with pytest.raises(ValueError, match="image_size must be .height, width"):
        draw_scene(0, image_size=64)
