"""Networks of other packages as segmenters, built from plain constructors."""

import re

import keras
import numpy as np
import pytest

from keras_pixda import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator
from keras_pixda.optimizers import published_optimizers

CLASSES = 3

# A keras-hub task compiles itself when built; Keras, loading one, warns of that.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:`compile\(\)` was not called as part of model loading:UserWarning"
)


def on_raw_images(network, scale=1 / 255, offset=0.0):
    """A segmenter of images in 0..255 from a network of normalised images."""
    images = keras.Input(network.input_shape[1:])
    x = keras.layers.Rescaling(scale, offset, dtype="float32")(images)
    return keras.Model(images, network(x))


def keras_hub_deeplab(**arguments):
    keras_hub = pytest.importorskip("keras_hub")
    encoder = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 8, 8, 8],
        stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="basic_block",
    )
    backbone = keras_hub.models.DeepLabV3Backbone(
        encoder,
        spatial_pyramid_pooling_key="P5",
        low_level_feature_key="P2",
        upsampling_size=8,
        dilation_rates=[2],
        projection_filters=8,
    )
    return keras_hub.models.DeepLabV3ImageSegmenter(backbone, CLASSES, **arguments)


def keras_hub_segformer():
    keras_hub = pytest.importorskip("keras_hub")
    encoder = keras_hub.models.MiTBackbone(
        image_shape=(64, 64, 3),
        num_layers=2,
        hidden_dims=[4, 8],
        layerwise_depths=[1, 1],
        layerwise_num_heads=[1, 1],
        layerwise_sr_ratios=[2, 1],
        layerwise_patch_sizes=[7, 3],
        layerwise_strides=[4, 2],
        max_drop_path_rate=0.1,
    )
    backbone = keras_hub.models.SegFormerBackbone(encoder, projection_filters=8)
    return keras_hub.models.SegFormerImageSegmenter(backbone, CLASSES)


def keras_cv_deeplab():
    keras_cv = pytest.importorskip("keras_cv")
    backbone = keras_cv.models.ResNetBackbone(
        stackwise_filters=[64, 8, 8, 8],
        stackwise_blocks=[1, 1, 1, 1],
        stackwise_strides=[1, 2, 2, 2],
        include_rescaling=True,
        input_shape=(None, None, 3),
        block_type="basic_block",
    )
    return keras_cv.models.DeepLabV3Plus(
        backbone,
        CLASSES,
        projection_filters=8,
        spatial_pyramid_pooling=keras_cv.layers.SpatialPyramidPooling([2], 8),
    )


def keras_cv_logits():
    segmenter = keras_cv_deeplab()
    segmenter.segmentation_head.layers[-1].activation = keras.activations.linear
    return segmenter


def keras_applications():
    backbone = keras.applications.MobileNetV2(
        (None, None, 3), alpha=0.35, include_top=False, weights=None
    )
    features = backbone.get_layer("block_3_expand_relu").output
    logits = keras.layers.Conv2D(CLASSES, 1, name="head")(features)
    return on_raw_images(keras.Model(backbone.input, logits), 1 / 127.5, -1.0)


def keras_applications_resnet():
    """Its features are a fourth of the image: up to the end of the first stage."""
    backbone = keras.applications.ResNet50(include_top=False, weights=None)
    features = backbone.get_layer("conv2_block1_out").output
    logits = keras.layers.Conv2D(CLASSES, 1, name="head")(features)
    # Its preprocessing, but for the order of the colours.
    return on_raw_images(keras.Model(backbone.input, logits), 1.0, -116.0)


SEGMENTERS = {
    "keras_hub DeepLabV3": (keras_hub_deeplab, ".*segmentation_output.*"),
    "keras_hub SegFormer": (keras_hub_segformer, "conv2d[^/]*/(kernel|bias)"),
    "keras_cv DeepLabV3Plus": (keras_cv_logits, ".*segmentation_output.*"),
    "keras.applications": (keras_applications, ".*head.*"),
    "keras.applications ResNet": (keras_applications_resnet, ".*head.*"),
}


@pytest.fixture(params=["float32", "mixed_bfloat16"])
def policy(request, dtype_policy):
    """The dtype policy that the segmenter, made later, is built under."""
    dtype_policy(request.param)
    return request.param


@pytest.fixture(params=SEGMENTERS)
def segmenter_and_head(request):
    make, head = SEGMENTERS[request.param]
    segmenter = make()
    if "keras_hub" in request.param:
        segmenter = on_raw_images(segmenter)
    return segmenter, head


def pixda(segmenter, run_eagerly=False, **arguments):
    model = PixDAModel(
        segmenter, pixel_discriminator(CLASSES, 2), image_discriminator(CLASSES, 2)
    )
    model.compile(**published_optimizers(**arguments), run_eagerly=run_eagerly)
    return model


def test_trains(policy, segmenter_and_head):
    segmenter, head = segmenter_and_head
    variables = segmenter.trainable_variables
    heads = [v for v in variables if re.fullmatch(head, v.path)]
    assert {v.shape[-1] for v in heads} == {CLASSES}
    assert segmenter.dtype_policy.name == policy

    random = np.random.default_rng(0)
    domains = ("source", "target")
    images = {d: random.integers(0, 256, (2, 64, 64, 3), np.uint8) for d in domains}
    labels = {d: random.integers(0, CLASSES, (2, 64, 64), np.uint8) for d in domains}
    # One graph of each is enough, and eager is faster for a single step.
    model = pixda(segmenter, policy != "float32", head=head, learning_rate=0.1)
    before = [v.numpy() for v in variables]
    assert np.isfinite(model.train_on_batch(images, labels)).all()
    for old, new in zip(before, variables, strict=True):
        assert not np.array_equal(old, new.numpy()), new.path

    logits = model.predict(images["target"], verbose=0)
    assert (logits.shape, logits.dtype) == ((2, 64, 64, CLASSES), "float32")
    assert np.isfinite(logits).all()


def test_saves_and_loads(segmenter_and_head, tmp_path):
    segmenter, head = segmenter_and_head
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3))
    model = pixda(segmenter, head=head)
    logits = model(images)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), logits)
    again.segmenter.save(tmp_path / "segmenter.keras")
    again = keras.saving.load_model(tmp_path / "segmenter.keras")
    np.testing.assert_array_equal(PixDAModel(again)(images), logits)


def test_keras_cv_ends_in_softmax():
    with pytest.raises(ValueError, match="the softmax of 'segmentation_output'"):
        PixDAModel(keras_cv_deeplab())


def test_keras_hub_can_be_told_to_end_in_softmax():
    with pytest.raises(ValueError, match="the softmax of .*activation=None"):
        PixDAModel(on_raw_images(keras_hub_deeplab(activation="softmax")))
