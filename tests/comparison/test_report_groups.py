from keras_pixda.comparison.report_groups import report_groups


def test_parts_and_options_stand_below_their_method():
    names = ["fda", "pixda", "pixda+", "no_selection", "image_wise", "averaged"]
    assert report_groups(names) == {
        "Methods": ["fda", "pixda", "pixda+"],
        "PixDA, part by part": ["pixda", "no_selection", "image_wise"],
        "PixDA with one option": ["pixda", "averaged"],
    }


def test_without_methods_there_is_no_such_group():
    assert report_groups(["averaged"]) == {"PixDA with one option": ["averaged"]}


def test_a_row_that_is_not_known_is_a_method():
    assert report_groups(["dream"]) == {"Methods": ["dream"]}
