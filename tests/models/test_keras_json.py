"""What keras.json says of floats and channels changes no result."""

import keras
import numpy as np
import pytest

from keras_pixda import PixDAModel
from keras_pixda.models import (
    FSDAModel,
    JointModel,
    NAAEModel,
    deeplab_v2,
    image_discriminator,
    pair_discriminator,
    pixel_discriminator,
    small_segmenter,
)

SIZE = 32, 48


def small(**arguments):
    return small_segmenter(3, filters=2, **arguments)


MODELS = {
    "pixda": lambda: PixDAModel(
        small(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    ),
    "joint": lambda: JointModel(small()),
    "naae": lambda: NAAEModel(
        small(), *(image_discriminator(3, 2, name=name) for name in "abc")
    ),
    "fsda": lambda: FSDAModel(
        small(auxiliary_head=True),
        pair_discriminator(3, 2),
        image_discriminator(3, 2, spectral_norm=True),
    ),
    "deeplab": lambda: JointModel(deeplab_v2(3, blocks=(1, 1, 1, 1), filters=2)),
}


@pytest.fixture
def keras_json():
    """Set what keras.json may hold, for one test."""
    before = keras.config.image_data_format(), keras.config.floatx()
    policy = keras.config.dtype_policy()

    def set_to(data_format="channels_last", floatx="float32"):
        keras.config.set_image_data_format(data_format)
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(floatx)

    yield set_to
    keras.config.set_image_data_format(before[0])
    keras.config.set_floatx(before[1])
    keras.config.set_dtype_policy(policy)


def results(make):
    """Losses of all that a model does, from the same weights."""
    random = np.random.default_rng(0)
    images, labels = (
        {
            d: random.integers(0, top, (2, *SIZE, *rest)).astype("uint8")
            for d in ("source", "target")
        }
        for top, rest in ((256, (3,)), (3, ()))
    )
    keras.utils.set_random_seed(0)
    model = make()
    # The same in every type of floats.
    for weight in model.weights:
        if weight.path.endswith("kernel"):
            value = random.normal(0, 1 / np.prod(weight.shape[:3]) ** 0.5, weight.shape)
            weight.assign(value.astype("float32"))
    model.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    losses = model.fit(images, labels, verbose=0).history["loss"]
    losses += [model.evaluate(images["target"], labels["target"], verbose=0)]
    logits = model.predict(images["target"], verbose=0)
    assert logits.dtype == "float32"
    losses += [np.abs(logits).mean()]
    if hasattr(model, "distill"):
        history = model.distill(images["target"], y=labels["target"], verbose=0)
        losses += history.history["loss"]
        losses += model.selection_scores(images["source"], images["target"]).numpy()
    return np.array(losses, "float64")


@pytest.mark.parametrize("model", MODELS)
def test_channels_first_changes_nothing(model, keras_json):
    expected = results(MODELS[model])
    keras_json(data_format="channels_first")
    np.testing.assert_array_equal(results(MODELS[model]), expected)


@pytest.mark.parametrize("model", MODELS)
def test_other_floats_give_the_same_results(model, keras_json):
    expected = results(MODELS[model])
    for floatx, tolerance in (("float64", 1e-4), ("float16", 0.03)):
        keras_json(floatx=floatx)
        found = results(MODELS[model])
        np.testing.assert_allclose(found, expected, rtol=tolerance, err_msg=floatx)


def test_own_segmenters_with_channels_last_are_taken(keras_json):
    keras_json(data_format="channels_first")
    inputs = keras.Input((None, None, 3))
    convolution = keras.layers.Conv2D(3, 1, data_format="channels_last")
    model = PixDAModel(keras.Model(inputs, convolution(inputs)))
    assert model.predict(np.zeros((1, *SIZE, 3)), verbose=0).shape == (1, *SIZE, 3)
