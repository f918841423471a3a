"""What cannot be logits is found wherever it hides, and what can is taken."""

import keras
import pytest
from keras import layers, ops

from keras_pixda import PixDAModel
from keras_pixda.layers import AlignedResize, resized_like
from keras_pixda.models.check_segmenter import check_segmenter


class Head(layers.Layer):
    """Code of somebody's own."""

    def __init__(self, function):
        super().__init__(name="own_head")
        self.function = function

    def call(self, inputs):
        return self.function(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


def conv_model(activation=None, after=lambda x: x, size=(None, None), filters=3):
    inputs = keras.Input((*size, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(filters, 1, activation=activation, name="head")(x)
    return keras.Model(inputs, after(x), name="net")


def nested(model):
    inputs = keras.Input((None, None, 3))
    return keras.Model(inputs, model(inputs), name="outer")


def second_of_two():
    """A nested model gives logits and probabilities; the latter are taken."""
    inputs = keras.Input((None, None, 3))
    logits = layers.Conv2D(3, 1)(inputs)
    both = keras.Model(
        inputs, [logits, layers.Activation("sigmoid", name="act")(logits)]
    )
    return keras.Model(inputs, both(inputs)[1])


def resized(x):
    return resized_like(x, layers.UpSampling2D()(x), "up")


ACTIVATIONS = ["sigmoid", "hard_sigmoid", "tanh", "softsign", "sparsemax", "softmax"]
ENDS = {
    "operation": (lambda: conv_model(after=ops.sigmoid), "sigmoid", "sigmoid"),
    "layer": (lambda: conv_model(after=layers.Softmax(1, name="p")), "softmax", "p"),
    "activation layer": (
        lambda: conv_model(after=layers.Activation("tanh", name="act")),
        "tanh",
        "act",
    ),
    "nested": (lambda: nested(nested(conv_model("sigmoid"))), "sigmoid", "head"),
    "nested, second": (second_of_two, "sigmoid", "act"),
    "Lambda": (
        lambda: conv_model(after=layers.Lambda(ops.sigmoid, name="code")),
        "sigmoid",
        "code",
    ),
    "Lambda of its own": (
        lambda: conv_model(
            after=layers.Lambda(
                lambda x: 1 / (1 + ops.exp(-x)), output_shape=lambda s: s, name="code"
            )
        ),
        "sigmoid",
        "code",
    ),
    "operations": (
        lambda: conv_model(after=lambda x: ops.exp(x) / ops.sum(ops.exp(x), -1, True)),
        "softmax",
        "true_divide",
    ),
    "own layer": (lambda: conv_model(after=Head(ops.softmax)), "softmax", "own_head"),
    "wrapper": (
        lambda: conv_model(
            after=layers.TimeDistributed(layers.Conv1D(3, 1, activation="sigmoid"))
        ),
        "sigmoid",
        "conv1d",
    ),
    "plain resize": (lambda: conv_model("sigmoid", resized), "sigmoid", "head"),
    "one hot": (
        lambda: conv_model(after=lambda x: ops.one_hot(ops.argmax(x, -1), 3)),
        "onehot",
        "one_hot",
    ),
}
MOVES = {
    "UpSampling2D": layers.UpSampling2D(interpolation="bilinear"),
    "AlignedResize": lambda x: AlignedResize()((x, x)),
    "Resizing": layers.Resizing(32, 32),
    "resize": lambda x: ops.image.resize(x, (32, 32)),
    "Permute": lambda x: layers.Permute((2, 1, 3))(x),
    "transpose": lambda x: ops.transpose(x, (0, 2, 1, 3)),
    "cast": lambda x: ops.cast(x, "float16"),
    "Identity": layers.Identity(),
    "cut": lambda x: x[:, 1:],
    "Dropout": layers.Dropout(0.1),
    "GaussianNoise": layers.GaussianNoise(0.1),
    # The usual end under mixed precision.
    "linear": layers.Activation("linear", dtype="float32"),
    "Cropping2D": layers.Cropping2D(),
    "two": lambda x: layers.Identity()(layers.UpSampling2D()(x)),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_of_the_last_layer_is_refused(activation):
    with pytest.raises(ValueError, match=f"ends in the {activation} of 'head'"):
        PixDAModel(conv_model(activation))


@pytest.mark.parametrize("end", ENDS)
def test_an_activation_is_found_where_it_hides(end):
    make, activation, layer = ENDS[end]
    with pytest.raises(ValueError, match=f"ends in the {activation} of '{layer}"):
        check_segmenter(make())


@pytest.mark.parametrize("move", MOVES)
def test_an_activation_is_found_before_what_only_moves_values(move):
    with pytest.raises(ValueError, match="ends in the sigmoid of 'head'"):
        check_segmenter(conv_model("sigmoid", MOVES[move]))
    check_segmenter(conv_model(None, MOVES[move]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: conv_model("relu"),
        lambda: conv_model("log_softmax"),
        lambda: conv_model(after=ops.log_sigmoid),
        lambda: conv_model("sigmoid", after=layers.Conv2D(3, 1)),
        lambda: conv_model(after=Head(lambda x: 2 * x)),
        lambda: conv_model(after=Head(ops.zeros_like)),
        lambda: conv_model(after=lambda x: x * 3.0 - 1.0),
        lambda: conv_model(after=resized),
    ],
)
def test_what_can_be_logits_is_taken(make):
    check_segmenter(make())


def test_a_fixed_size_of_its_own_is_asked_where_values_must_tell():
    ends = layers.Lambda(lambda x: ops.softmax(x), output_shape=lambda s: s)
    with pytest.raises(ValueError, match="ends in the softmax"):
        check_segmenter(conv_model(after=ends, size=(20, 28)))


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_one_logit_is_refused(activation):
    with pytest.raises(ValueError, match="one logit a pixel.*num_classes=2, without"):
        PixDAModel(conv_model(activation, filters=1))


def test_whole_numbers_are_refused():
    end = lambda x: ops.argmax(x, axis=-1, keepdims=True)  # noqa: E731
    two = lambda x: ops.concatenate([end(x), end(x)], axis=-1)  # noqa: E731
    with pytest.raises(ValueError, match="gives int32, expected floating-point logits"):
        check_segmenter(conv_model(after=two))


def test_channels_first_is_refused_and_the_remedy_works():
    first = layers.Permute((3, 1, 2))
    for size in ((None, None), (32, 48)):
        segmenter = conv_model(after=first, size=size)
        with pytest.raises(ValueError, match=r"Permute\(\(2, 3, 1\)\)"):
            check_segmenter(segmenter)
        back = layers.Permute((2, 3, 1))(segmenter.output)
        check_segmenter(keras.Model(segmenter.inputs, back))
    inputs = keras.Input((3, 32, 48))
    x = layers.Permute((2, 3, 1))(inputs)
    with pytest.raises(ValueError, match="its channels first, expected RGB"):
        check_segmenter(keras.Model(inputs, layers.Conv2D(3, 1)(x)))


def test_several_inputs_are_refused():
    inputs = [keras.Input((None, None, 3)) for _ in range(2)]
    with pytest.raises(ValueError, match="has 2 inputs, expected one"):
        check_segmenter(keras.Model(inputs, layers.Conv2D(3, 1)(inputs[0] + inputs[1])))
