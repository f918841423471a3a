from keras_pixda.comparison.figure_style import COLOURS, figure_style


def test_every_look_has_a_colour_on_white_and_one_on_black_paper():
    light, dark = figure_style().split("@media (prefers-color-scheme: dark)")
    for number, (on_white, on_black) in enumerate(COLOURS):
        assert f".look{number} {{ color: {on_white}; }}" in light
        assert f".look{number} {{ color: {on_black}; }}" in dark
    assert light.count("{") == light.count("}")
