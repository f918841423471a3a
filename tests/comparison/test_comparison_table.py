from keras_pixda.comparison import comparison_table


def cell(method, shots, seed, mean):
    iou = {"mean_iou": mean, "well_iou": 2 * mean, "under_iou": mean / 2}
    return {"method": method, "shots": shots, "seed": seed, "iou": iou}


def test_the_table_has_the_published_shape_with_mean_and_spread():
    results = [
        cell("source_only", 1, 0, 0.2),
        cell("source_only", 1, 1, 0.2),
        cell("naae", 1, 0, 0.1),
        cell("naae", 1, 1, 0.3),
        cell("naae", 3, 0, 0.4),
        cell("naae", 3, 1, 0.4),
    ]
    titles = {"source_only": "Source Only", "naae": "NAAE (reconstruction)"}
    assert comparison_table(results, titles, [1, 3]).splitlines() == [
        "| method | 1-shot | 3-shot |",
        "|---|---|---|",
        "| Source Only | 20.0 / 40.0 / 10.0 (± 0.0) | 20.0 / 40.0 / 10.0 (± 0.0) |",
        "| NAAE (reconstruction) | 20.0 / 40.0 / 10.0 (± 10.0) "
        "| 40.0 / 80.0 / 20.0 (± 0.0) |",
    ]


def test_the_table_without_a_mean_and_with_pixels_given_to_absent_classes():
    results = [cell("naae", 1, 0, 0.2), cell("fda", 1, 0, 0.3)]
    for result, share in zip(results, (0.0, 0.0123), strict=True):
        del result["iou"]["under_iou"]
        result["iou"]["absent_share"] = share
    table = comparison_table(results, {"naae": "NAAE", "fda": "FDA"}, [1])
    assert table.splitlines()[2:] == [
        "| NAAE | 20.0 / 40.0 |",
        "| FDA | 30.0 / 60.0 |",
        "",
        "Given to classes that no mask holds, in % of the pixels: FDA 1.2.",
    ]


def test_a_single_seed_has_no_spread_and_several_alike_have_one_of_zero():
    results = [cell("fda", 1, 0, 0.2), cell("fda", 3, 0, 0.2), cell("fda", 3, 1, 0.2)]
    table = comparison_table(results, {"fda": "FDA"}, [1, 3]).splitlines()
    assert table[2:] == ["| FDA | 20.0 / 40.0 / 10.0 | 20.0 / 40.0 / 10.0 (± 0.0) |"]


def test_a_bar_in_a_title_does_not_end_its_cell():
    table = comparison_table([cell("fda", 1, 0, 0.2)], {"fda": "FDA | mine"}, [1])
    assert table.splitlines()[2] == "| FDA \\| mine | 20.0 / 40.0 / 10.0 |"
