from keras_pixda.did_you_mean import did_you_mean


def test_the_nearest_name_or_none():
    known = ("gta5", "synthia", "cityscapes")
    assert did_you_mean("cityscape", known) == ", did you mean 'cityscapes'?"
    assert did_you_mean("kitti", known) == "."
