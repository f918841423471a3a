import dataclasses

import keras
import pytest

from keras_pixda.models import NamedSegmenter


def network(num_classes, activation=None):
    images = keras.Input((None, None, 3))
    head = keras.layers.Conv2D(num_classes, 1, activation=activation)
    return keras.Model(images, head(images))


def named(builder):
    return NamedSegmenter("Mine", "for tests", builder)


def test_a_builder_is_a_function_or_its_place():
    assert named(network).build(4).output_shape[-1] == 4
    place = "keras_pixda.models.small_segmenter:small_segmenter"
    small = named(place).build(4, filters=2)
    assert small.output_shape[-1] == 4
    assert small.get_layer("stem_conv").filters == 2


def test_what_is_no_segmenter_of_the_classes_is_refused():
    with pytest.raises(ValueError, match="expected 4 classes, received a network of 5"):
        named(lambda num_classes: network(num_classes + 1)).build(4)
    with pytest.raises(ValueError, match="ends in the softmax of"):
        named(network).build(4, activation="softmax")
    with pytest.raises(ValueError, match=r"Mine has no auxiliary head\."):
        named(network).build(4, auxiliary_head=True)


def test_pretrained_networks_have_arguments_of_their_own():
    given = []

    def builder(num_classes, **arguments):
        given.append(arguments)
        return network(num_classes)

    known = NamedSegmenter("Mine", "for tests", builder, arguments={"variant": 1})
    known.build(4, width=2)
    with pytest.raises(ValueError, match="Mine has no pretrained weights: leave pret"):
        known.build(4, pretrained=True)
    assert not known.is_pretrained()
    known = dataclasses.replace(known, pretrained={"weights": "imagenet"})
    known.build(4, pretrained=True)
    assert known.is_pretrained()
    assert not known.is_pretrained(False)
    # What may have to be downloaded is asked for.
    known = dataclasses.replace(known, downloads=True)
    assert not known.is_pretrained()
    assert known.is_pretrained(True)
    assert given == [
        {"variant": 1, "width": 2},
        {"variant": 1, "weights": "imagenet"},
    ]
