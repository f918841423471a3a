"""The MiT of keras-hub for images of any size."""

import keras
from keras import layers, ops

from keras_pixda.models.layer_copies import LayerCopies

# Of keras-hub's blocks, which have it nowhere else.
ATTENTION_DROPOUT = 0.1


def any_size_mit(mit: keras.Model) -> keras.Model:
    """The same MixTransformer and weights for images of any size, in layers of Keras.

    keras-hub's blocks hold their maps as sequences, and take the root of the length for
    height and width: they need squares of one size, a multiple of 32. MiT itself does
    not, it has no position embeddings. Here maps stay maps, and attention is over two
    axes. At the size that keras-hub's model is built for the answers are the same.

    Example:

    ```python
    import keras_hub
    import numpy as np
    from keras_pixda.models.any_size_mit import any_size_mit

    mit = keras_hub.models.MiTBackbone(
        image_shape=(64, 64, 3), num_layers=4, hidden_dims=[2, 4, 6, 8],
        layerwise_depths=[1, 1, 1, 1], layerwise_num_heads=[1, 1, 1, 1],
        layerwise_sr_ratios=[2, 1, 1, 1], layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2], max_drop_path_rate=0.1,
    )
    finest, *_ = any_size_mit(mit)(np.zeros((1, 45, 67, 3)))
    assert finest.shape == (1, 12, 17, 2)
    ```

    Args:
        mit: A `keras_hub.models.MiTBackbone`.

    Returns:
        A `keras.Model` from images `(batch, height, width, 3)`, normalised, to a list
        of maps, one a stage.

    Raises:
        AttributeError: If keras-hub's blocks have other parts than those of its version
            0.32.
    """
    copies = LayerCopies()
    x = images = keras.Input((None, None, 3), name="images")
    norms = [x for x in mit.layers if isinstance(x, layers.LayerNormalization)]
    maps = []
    for stage, (norm, depth) in enumerate(
        zip(norms, mit.layerwise_depths, strict=True)
    ):
        name = f"stage{stage}"
        embed = mit.get_layer(f"patch_and_embed_{stage}")
        x = layers.ZeroPadding2D(embed.patch_size // 2, name=f"{name}_pad")(x)
        x = copies.of(embed.proj, f"{name}_patches")(x)
        x = copies.of(embed.norm, f"{name}_patches_norm")(x)
        for number in range(depth):
            block = mit.get_layer(f"hierarchical_encoder_{stage}_{number}")
            x = _block(x, block, f"{name}_block{number}", copies)
        x = copies.of(norm, f"{name}_norm")(x)
        maps.append(x)
    model = keras.Model(images, maps, name=mit.name)
    copies.fill()
    return model


def _block(x, block, name, copies):
    """Attention and a convolution, each beside a shortcut."""
    attention, mlp = block.attn, block.mlp
    query = value = copies.of(block.norm1, f"{name}_norm1")(x)
    if attention.sr_ratio > 1:
        value = copies.of(attention.sr, f"{name}_reduce")(value)
        value = copies.of(attention.norm, f"{name}_reduce_norm")(value)
    heads = attention.num_heads
    layer = layers.MultiHeadAttention(
        heads,
        x.shape[-1] // heads,
        dropout=ATTENTION_DROPOUT,
        attention_axes=(1, 2),
        name=f"{name}_attention",
    )
    y = layer(query, value)
    copies.give(layer, _attention_weights(attention, layer))
    y = layers.Dropout(ATTENTION_DROPOUT, name=f"{name}_dropout")(y)
    x = layers.Add(name=f"{name}_add1")([x, _dropped(y, block, f"{name}_drop1")])
    y = copies.of(block.norm2, f"{name}_norm2")(x)
    y = copies.of(mlp.fc1, f"{name}_expand")(y)
    y = copies.of(mlp.dwconv, f"{name}_convolution")(y)
    y = ops.gelu(y)  # The approximate one, as there.
    y = copies.of(mlp.fc2, f"{name}_project")(y)
    return layers.Add(name=f"{name}_add2")([x, _dropped(y, block, f"{name}_drop2")])


def _attention_weights(old, new):
    """Those of four dense layers as Keras's attention has them."""
    given = [old.q, old.k, old.v, old.proj]
    values = [value for layer in given for value in layer.get_weights()]
    return [
        value.reshape(weight.shape)
        for value, weight in zip(values, new.weights, strict=True)
    ]


def _dropped(x, block, name):
    """A branch that is left out for some images in training."""
    rate = float(block.drop_path.rate)
    return layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=name)(x)
