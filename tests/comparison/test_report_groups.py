from keras_pixda.comparison.report_groups import report_groups
from keras_pixda.methods import METHODS, Method, Variant


def test_parts_and_options_stand_below_their_method():
    names = ["fda", "pixda", "pixda+", "no_selection", "image_wise", "averaged"]
    assert report_groups(names) == {
        "Methods": ["fda", "pixda", "pixda+"],
        "PixDA, part by part": ["pixda", "no_selection", "image_wise"],
        "PixDA with one option": ["pixda", "averaged"],
    }


def test_without_methods_there_is_no_such_group():
    assert report_groups(["averaged"]) == {"PixDA with one option": ["averaged"]}


def test_methods_that_were_given_more_stand_apart():
    names = ["fda", "pixda+", "pixda", "cut_mix"]
    assert report_groups(names, {"With 6 unlabelled images": ["pixda+"]}) == {
        "Methods": ["fda", "pixda"],
        "With 6 unlabelled images": ["pixda+"],
        "PixDA with one option": ["pixda", "cut_mix"],
    }


def test_a_row_that_is_not_known_is_a_method():
    assert report_groups(["dream"]) == {"Methods": ["dream"]}


def test_variants_of_a_method_from_outside_stand_below_it(monkeypatch):
    class Dream(Method):
        name = "dream"
        title = "Dream"
        variants = {"nap": Variant("Nap", {"gamma": 0.0}, "option")}

    monkeypatch.setitem(METHODS, "dream", Dream())
    assert report_groups(["pixda", "dream", "nap", "cut_mix"]) == {
        "Methods": ["pixda", "dream"],
        "PixDA with one option": ["pixda", "cut_mix"],
        "Dream with one option": ["dream", "nap"],
    }
