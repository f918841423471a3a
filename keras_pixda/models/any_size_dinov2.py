"""The DINOv2 of keras-hub for images of any size, with feature maps at four strides."""

import keras
from keras import layers, ops

from keras_pixda.layers import PatchTokens, TokenMap, resized_like
from keras_pixda.models.layer_copies import LayerCopies


def any_size_dinov2(dinov2: keras.Model) -> keras.Model:
    """The same DINOv2 and weights for images of any size, with four feature maps.

    keras-hub's model takes squares of one size, for which it interpolates the position
    embeddings when it is built; here they are interpolated for the size of each image.
    A side that is no multiple of the patch is padded to one, on both ends, as a
    convolution is. At the size that keras-hub's model is built for the tokens are the
    same.

    A transformer has maps of one stride. Those after each quarter of the blocks,
    normalised as at the end, are resized to four of it: a quarter, half, once and
    twice the patch, which stand in for the strides 4, 8, 16 and 32.

    Example:

    ```python
    import keras_hub
    import numpy as np
    from keras_pixda.models.any_size_dinov2 import any_size_dinov2

    dinov2 = keras_hub.models.DINOV2Backbone(
        patch_size=14, num_layers=4, hidden_dim=8, num_heads=2, intermediate_dim=16,
        image_shape=(28, 28, 3), position_embedding_shape=(56, 56, 3),
    )
    finest, _, patches, _ = any_size_dinov2(dinov2)(np.zeros((1, 45, 67, 3)))
    assert patches.shape == (1, 4, 5, 8) and finest.shape == (1, 16, 20, 8)
    ```

    Args:
        dinov2: A `keras_hub.models.DINOV2Backbone`.

    Returns:
        A `keras.Model` from images `(batch, height, width, 3)`, normalised, to a list
        of maps, the finest first.

    Raises:
        AttributeError: If keras-hub's layers have other parts than those of its version
            0.32.
    """
    copies = LayerCopies()
    embeddings, patch = dinov2.embeddings, dinov2.patch_size
    images = keras.Input((None, None, 3), name="images")
    projection = embeddings.patch_embeddings.projection
    convolution = layers.Conv2D(
        dinov2.hidden_dim, patch, patch, padding="same", name="patches"
    )
    patches = copies.give(convolution, projection.get_weights())(images)
    grid = embeddings.position_embedding_shape[0] // patch
    tokens = PatchTokens(grid, dinov2.num_register_tokens, name="tokens")
    x = copies.give(tokens, _token_weights(embeddings, dinov2))(patches)
    norm = copies.of(dinov2.layernorm, "norm")
    ends = [-(-dinov2.num_layers * quarter // 4) - 1 for quarter in (1, 2, 3, 4)]
    found = {}
    for number, block in enumerate(dinov2.encoder.layers):
        x = _block(x, block, f"block{number}", copies)
        if number in ends:
            found[number] = TokenMap(name=f"map{number}")([norm(x), patches])
    finest, fine, middle, coarse = (found[number] for number in ends)
    maps = [
        _enlarged(finest, 4, "finest"),
        _enlarged(fine, 2, "fine"),
        middle,
        layers.AveragePooling2D(2, padding="same", name="coarse")(coarse),
    ]
    model = keras.Model(images, maps, name=dinov2.name)
    copies.fill()
    return model


def _enlarged(x, factor, name):
    """A map a whole number of times as large, bilinearly."""
    # Keras's bilinear layer takes no size that is known only when the graph runs.
    like = layers.UpSampling2D(factor, name=f"{name}_size")(x[..., :1])
    return resized_like(x, like, name, half_pixels=True)


def _token_weights(embeddings, dinov2):
    registers = (
        embeddings.register_tokens
        if dinov2.num_register_tokens
        else ops.zeros((1, 0, dinov2.hidden_dim))
    )
    # Those of the published size, from which it takes the others.
    weights = [embeddings.cls_token, registers, embeddings.position_embeddings]
    return [ops.convert_to_numpy(weight) for weight in weights]


def _block(x, block, name, copies):
    """Attention and a perceptron, each scaled and beside a shortcut."""
    y = copies.of(block.norm1, f"{name}_norm1")(x)
    y = copies.of(block.attention.attention, f"{name}_attention")(y, y)
    y = layers.Dropout(block.dropout_rate, name=f"{name}_dropout")(y)
    y = _scale(y, block.layer_scale1, f"{name}_scale1", copies)
    x = layers.Add(name=f"{name}_add1")([x, y])
    y = copies.of(block.norm2, f"{name}_norm2")(x)
    if block.use_swiglu_ffn:
        y = copies.of(block.mlp.weights_in, f"{name}_expand")(y)
        gate, y = ops.split(y, 2, axis=-1)
        y = ops.silu(gate) * y
        y = copies.of(block.mlp.weights_out, f"{name}_project")(y)
    else:
        y = copies.of(block.mlp.fc1, f"{name}_expand")(y)
        y = copies.of(block.mlp.fc2, f"{name}_project")(y)
    y = _scale(y, block.layer_scale2, f"{name}_scale2", copies)
    return layers.Add(name=f"{name}_add2")([x, y])


def _scale(x, old, name, copies):
    """A factor for each channel."""
    layer = layers.EinsumDense("abc,c->abc", (None, x.shape[-1]), name=name)
    return copies.give(layer, old.get_weights())(x)
