import pytest

from keras_pixda.comparison.terminal_table import terminal_table


def cells(method, shots, *means):
    return [
        {
            **{"method": method, "shots": shots, "seed": seed},
            "iou": {
                **{"mean_iou": mean, "well_iou": 2 * mean, "under_iou": mean / 2},
                "absent_share": 0.0123,
            },
        }
        for seed, mean in enumerate(means)
    ]


TITLES = {"fda": "FDA", "image_wise": "PixDA with an image-wise loss [b]instead"}


@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("styled", [False, True])
def test_nothing_is_cut_at_80_columns(count, styled):
    shots = range(1, count + 1)
    results = [
        cell
        for k in shots
        for name in TITLES
        for cell in cells(name, k, 0.1 + k / 100, 0.4)
    ]
    text = terminal_table(results, TITLES, shots, styled)
    assert ("\x1b[" in text) == styled
    text = text.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    words = text.split()
    for k in shots:
        mean = (0.1 + k / 100 + 0.4) / 2
        assert f"{100 * mean:.1f}" in words
        assert f"{200 * mean:.1f}" in words
        assert f"{50 * mean:.1f}" in words
        assert f"{k}-shot" in words
    assert words.count("1.2") + words.count("1.2;") + words.count("1.2.") == 2 * count
    for word in TITLES["image_wise"].split():
        assert word in text


def test_means_stay_on_one_line_where_they_can():
    results = [cell for k in (1, 3, 5) for cell in cells("fda", k, 0.2, 0.4)]
    lines = terminal_table(results, {"fda": "FDA"}, [1, 3, 5]).splitlines()
    assert lines[2].count("30.0 / 60.0 / 15.0") == 3
    assert lines[3].count("(± 10.0)") == 3
