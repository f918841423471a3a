import functools
import json
import os
import pathlib

import numpy as np
import pytest
from PIL import Image

from keras_pixda.datasets import cityscapes, gta5
from keras_pixda.toy_scenes import draw_scene, toy_scenes
from keras_pixda.toy_scenes.canvas import Camera, Canvas
from keras_pixda.toy_scenes.looks import CITY_LOOKS, city_look

ROAD, SIDEWALK, BUILDING, POLE, SIGN, VEGETATION, SKY, PERSON, CAR = EVALUATED = (
    *(7, 8, 11, 17, 20),
    *(21, 23, 24, 26),
)
EGO_VEHICLE = 1
CITIES = tuple(CITY_LOOKS)
SMALL = {
    "source_images": 3,
    "target_images_per_city": 2,
    "validation_images": 3,
    "cities": ("brickholm", "mistford"),
    "image_size": (32, 48),
}


@functools.cache
def scenes(look):
    drawn = [draw_scene((5, i), look, city=CITIES[i % 3]) for i in range(45)]
    images, labels = zip(*drawn, strict=True)
    return np.stack(images), np.stack(labels)


def files_below(root):
    paths = pathlib.Path(root).rglob("*")
    return {p.relative_to(root).as_posix(): p for p in paths if p.is_file()}


class TestDrawScene:
    @pytest.mark.parametrize("look", ["rendered", "photo"])
    def test_same_arguments_same_scene(self, look):
        image, labels = draw_scene(3, look, (48, 64))
        again, labels_again = draw_scene(3, look, (48, 64))
        other, _ = draw_scene(4, look, (48, 64))

        assert image.shape == (48, 64, 3)
        assert labels.shape == (48, 64)
        assert image.dtype == labels.dtype == np.uint8
        np.testing.assert_array_equal(image, again)
        np.testing.assert_array_equal(labels, labels_again)
        assert (image != other).any()

    def test_no_global_random_state(self):
        np.random.seed(0)
        before = np.random.get_state()[1].copy()
        draw_scene(0, "photo", (32, 32))
        np.testing.assert_array_equal(before, np.random.get_state()[1])

    def test_both_looks_share_the_classes(self):
        rendered, photo = (set(np.unique(scenes(x)[1])) for x in ("rendered", "photo"))
        assert rendered == set(EVALUATED)
        assert photo == {*EVALUATED, EGO_VEHICLE}

    @pytest.mark.parametrize("look", ["rendered", "photo"])
    def test_rare_classes_are_rare(self, look):
        labels = scenes(look)[1]
        for label in (POLE, SIGN, PERSON):
            share = (labels == label).mean()
            assert 0.002 < share < 0.02
        for label in (ROAD, BUILDING):
            assert (labels == label).mean() > 0.15
        with_sign = (labels == SIGN).any((1, 2)).mean()
        assert 0.4 < with_sign < 0.95

    def test_looks_differ_in_colour_and_texture(self):
        means, roughness = {}, {}
        for look in ("rendered", "photo"):
            images, labels = scenes(look)
            images = images.astype("float32")
            means[look] = {k: images[labels == k].mean(0) for k in EVALUATED}
            step = np.abs(np.diff(images, axis=2)).mean(-1)
            road = (labels[:, :, 1:] == ROAD) & (labels[:, :, :-1] == ROAD)
            roughness[look] = np.median(step[road])
        gaps = {
            k: np.linalg.norm(means["rendered"][k] - means["photo"][k])
            for k in EVALUATED
        }
        assert np.mean([gap > 15 for gap in gaps.values()]) > 0.75
        # Colours overlap: a pavement of the photos looks like a rendered road.
        sidewalk = means["photo"][SIDEWALK]
        to_road = np.linalg.norm(sidewalk - means["rendered"][ROAD])
        to_sidewalk = np.linalg.norm(sidewalk - means["rendered"][SIDEWALK])
        assert to_road < to_sidewalk
        assert roughness["rendered"] == 0
        assert roughness["photo"] > 0.5

    def test_rendered_sky_is_sky_coloured(self):
        images, labels = scenes("rendered")
        red, _, blue = images.reshape(-1, 3)[labels.ravel() == SKY].T.astype(int)
        assert (blue >= red).mean() > 0.99
        assert images[labels == SKY].mean() > images[labels == ROAD].mean() + 60

    @pytest.mark.parametrize("look", ["rendered", "photo"])
    def test_labels_lie_on_the_edges_of_the_image(self, look):
        images, labels = scenes(look)
        step = np.abs(np.diff(images.astype("float32"), axis=2)).mean(-1)
        border = labels[:, :, 1:] != labels[:, :, :-1]

        def contrast(shift):
            moved = np.roll(border, shift, axis=2)[:, :, 4:-4]
            return step[:, :, 4:-4][moved].mean()

        for shift in (-3, -2, 2, 3):
            assert contrast(0) > 1.3 * contrast(shift)

    def test_ego_vehicle_is_at_the_bottom_of_every_photo(self):
        labels = scenes("photo")[1]
        assert (labels[:, -1] == EGO_VEHICLE).all()
        assert not (labels[:, :100] == EGO_VEHICLE).any()

    @pytest.mark.parametrize("size", [(96, 32), (32, 96)])
    @pytest.mark.parametrize("look", ["rendered", "photo"])
    def test_street_fills_images_of_any_shape(self, look, size):
        for seed in range(5):
            labels = draw_scene(seed, look, size)[1]
            assert (labels[int(0.7 * size[0]) :] != SKY).all()

    def test_cities_differ_and_others_lie_between(self):
        means = {
            city: np.mean([draw_scene(i, "photo", (32, 48), city)[0] for i in range(4)])
            for city in (*CITIES, "elsewhere")
        }
        assert len({round(mean, 2) for mean in means.values()}) == 4
        for field in ("haze_distance", "noise", "shadow"):
            values = [getattr(CITY_LOOKS[city], field) for city in CITIES]
            assert min(values) < getattr(city_look("elsewhere"), field) < max(values)

    def test_bad_arguments(self):
        with pytest.raises(ValueError, match="look must be .* got 'sketch'"):
            draw_scene(0, "sketch")
        with pytest.raises(ValueError, match="image_size must be 16 or more"):
            draw_scene(0, image_size=(8, 64))
        with pytest.raises(ValueError, match="image_size must be .height, width"):
            draw_scene(0, image_size=64)


class TestCanvas:
    def camera(self, roll=0.0):
        return Camera(
            x=1.0, height=1.5, focal=80.0, vanishing_x=40.0, horizon=30.0, roll=roll
        )

    def test_perspective(self):
        # (3 - 1) m to the right and 1.5 m below the eye, 10 m away.
        assert self.camera().project(3.0, 0.0, 10.0) == pytest.approx((56.0, 42.0))
        assert self.camera().project(3.0, 0.0, 20.0) == pytest.approx((48.0, 36.0))

    def test_nearer_things_hide_farther_ones(self):
        canvas = Canvas(self.camera(), (60, 80))
        canvas.rectangle((0, 2), (0, 3), 20.0, CAR, "far")
        canvas.rectangle((0.8, 1.2), (0, 3), 10.0, PERSON, "near")
        surfaces = canvas.surfaces(["sky", "far", "near"])
        labels = surfaces.label[surfaces.number].reshape(60, 80)
        assert labels[30, 40] == PERSON
        assert labels[30, 37] == CAR
        assert labels[5, 5] == SKY

    @pytest.mark.parametrize("roll", [0.0, 0.05])
    def test_every_pixel_knows_where_it_lies(self, roll):
        camera = self.camera(roll)
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
                assert (column, row) == pytest.approx(
                    (pixel % 80, pixel // 80), abs=0.1
                )


class TestToyScenes:
    def test_layout_on_disk(self, tmp_path):
        source, target = toy_scenes(tmp_path, **SMALL)

        expected = {"toy_scenes.json"}
        for name in ("00001", "00002", "00003"):
            expected |= {f"gta5/images/{name}.png", f"gta5/labels/{name}.png"}
        photos = [("train", c, i) for c in SMALL["cities"] for i in range(2)]
        photos += [("val", "brickholm", 2), ("val", "mistford", 2)]
        photos += [("val", "brickholm", 3)]
        for split, city, index in photos:
            stem = f"{split}/{city}/{city}_{index:06d}_000019"
            expected |= {
                f"cityscapes/leftImg8bit/{stem}_leftImg8bit.png",
                f"cityscapes/gtFine/{stem}_gtFine_labelIds.png",
            }
        assert set(files_below(tmp_path)) == expected
        assert (source, target) == (tmp_path / "gta5", tmp_path / "cityscapes")

    def test_file_modes_and_ids(self, tmp_path):
        toy_scenes(tmp_path, **SMALL)
        for name, path in files_below(tmp_path).items():
            if path.suffix != ".png":
                continue
            with Image.open(path) as picture:
                assert picture.size == (48, 32)
                if "labels/" in name:
                    assert picture.mode == "P"
                    colours = np.reshape(picture.getpalette(), (-1, 3))
                    assert colours[ROAD].tolist() == [128, 64, 128]
                    assert colours[CAR].tolist() == [0, 0, 142]
                    assert set(np.unique(picture)) <= set(EVALUATED)
                elif "labelIds" in name:
                    assert picture.mode == "L"
                    assert set(np.unique(picture)) <= {*EVALUATED, EGO_VEHICLE}
                else:
                    assert picture.mode == "RGB"

    def test_real_readers_read_them(self, tmp_path):
        source, target = toy_scenes(tmp_path, **SMALL)
        assert len(gta5(source)) == 3
        train = cityscapes(target, split="train")
        assert train.cities == ("brickholm",) * 2 + ("mistford",) * 2
        assert len(cityscapes(target, split="val")) == 3

    def test_all_scenes_differ(self, tmp_path):
        toy_scenes(tmp_path, **SMALL)
        contents = [p.read_bytes() for p in files_below(tmp_path).values()]
        assert len(set(contents)) == len(contents)

    def test_scenes_do_not_depend_on_the_counts(self, tmp_path):
        toy_scenes(tmp_path / "a", **SMALL)
        more = SMALL | {"source_images": 4, "cities": ("solvara", "brickholm")}
        toy_scenes(tmp_path / "b", **more)
        few, many = files_below(tmp_path / "a"), files_below(tmp_path / "b")
        shared = {n for n in few.keys() & many.keys() if n.endswith(".png")}
        assert sum("gta5" in name for name in shared) == 6
        assert sum("brickholm" in name for name in shared) >= 6
        for name in shared:
            assert few[name].read_bytes() == many[name].read_bytes()

    def test_other_seed_other_scenes(self, tmp_path):
        toy_scenes(tmp_path / "a", **SMALL)
        toy_scenes(tmp_path / "b", **SMALL, seed=1)
        name = "gta5/images/00001.png"
        first, second = (tmp_path / x / name for x in "ab")
        assert first.read_bytes() != second.read_bytes()

    def test_complete_folder_is_left_alone(self, tmp_path):
        toy_scenes(tmp_path, **SMALL)
        for path in files_below(tmp_path).values():
            os.utime(path, (1, 1))
        toy_scenes(tmp_path, **SMALL)
        assert all(p.stat().st_mtime == 1 for p in files_below(tmp_path).values())

    def test_interrupted_call_is_finished(self, tmp_path):
        toy_scenes(tmp_path / "whole", **SMALL)

        def stop(done, total):
            if done == 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            toy_scenes(tmp_path / "parts", **SMALL, progress=stop)
        assert len(files_below(tmp_path / "parts")) == 2 * 4 + 1
        (tmp_path / "parts/gta5/labels/00002.png").unlink()
        toy_scenes(tmp_path / "parts", **SMALL)

        whole, parts = (files_below(tmp_path / x) for x in ("whole", "parts"))
        assert whole.keys() == parts.keys()
        assert all(whole[x].read_bytes() == parts[x].read_bytes() for x in whole)

    def test_failed_write_leaves_nothing_behind(self, tmp_path, monkeypatch):
        def save(self, file, *args, **kwargs):
            file.write(b"half of it")
            raise OSError("disk full")

        monkeypatch.setattr(Image.Image, "save", save)
        with pytest.raises(OSError, match="disk full"):
            toy_scenes(tmp_path, **SMALL)
        assert set(files_below(tmp_path)) == {"toy_scenes.json"}

    def test_other_arguments_in_the_same_folder(self, tmp_path):
        toy_scenes(tmp_path, **SMALL)
        with pytest.raises(ValueError, match="source_images 3 there, 9 asked for"):
            toy_scenes(tmp_path, **SMALL | {"source_images": 9})
        with pytest.raises(ValueError, match="seed 0 there, 1 asked for"):
            toy_scenes(tmp_path, **SMALL, seed=1)

    def test_scenes_of_an_older_drawing(self, tmp_path):
        toy_scenes(tmp_path, **SMALL)
        manifest = tmp_path / "toy_scenes.json"
        facts = json.loads(manifest.read_text())
        manifest.write_text(json.dumps(facts | {"drawing": 0}))
        with pytest.raises(ValueError, match="drawing 0 there"):
            toy_scenes(tmp_path, **SMALL)

    def test_damaged_manifest(self, tmp_path):
        (tmp_path / "toy_scenes.json").write_text("{")
        with pytest.raises(ValueError, match="toy_scenes.json is damaged"):
            toy_scenes(tmp_path, **SMALL)

    def test_folder_with_another_data_set(self, tmp_path):
        (tmp_path / "gta5").mkdir()
        with pytest.raises(ValueError, match="gta5 exists but no"):
            toy_scenes(tmp_path, **SMALL)
        assert not files_below(tmp_path)

    def test_progress(self, tmp_path):
        calls = []
        toy_scenes(tmp_path, **SMALL, progress=lambda *call: calls.append(call))
        assert calls == [(done, 10) for done in range(1, 11)]

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"source_images": -1}, "source_images must be an integer, 0 or more"),
            ({"validation_images": 2.5}, "validation_images must be an integer"),
            ({"seed": -3}, "seed must be an integer"),
            ({"cities": ()}, "cities must be different names"),
            ({"cities": "brickholm"}, "cities must be different names"),
            ({"cities": ("a", "a")}, "cities must be different names"),
            ({"cities": ("../up",)}, "cities must be different names"),
            ({"image_size": (0, 48)}, "image_size must be"),
        ],
    )
    def test_bad_arguments(self, tmp_path, wrong, message):
        with pytest.raises(ValueError, match=message):
            toy_scenes(tmp_path / "new", **SMALL | wrong)
        assert not (tmp_path / "new").exists()
