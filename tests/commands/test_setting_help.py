import dataclasses

from keras_pixda.commands.setting_help import setting_help
from keras_pixda.methods import METHODS
from keras_pixda.runs.route_settings import COMMON, branches


def test_every_setting_is_explained():
    for kind in branches().values():
        for field in dataclasses.fields(kind):
            text = setting_help(kind, field.name)
            assert len(text) > 10, (kind, field.name)
            default = field.default
            if default is not dataclasses.MISSING and "[" not in text:
                assert "Defaults to" in text, (kind, field.name)


def test_presets_stand_in_the_place_of_the_default():
    kind = METHODS["fsda"].Settings
    assert setting_help(kind, "learning_rate") == (
        "Of the segmenter in this method. [small: the common one, published: 0.00025]"
    )
    assert setting_help(kind, "certainty").endswith("Defaults to 0.95.")
    assert setting_help(COMMON["data"], "image_size").endswith(
        "[small: 128 x 192, published: 512 x 1024]"
    )
