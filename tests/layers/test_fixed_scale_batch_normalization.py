import keras
import numpy as np

from keras_pixda.layers import FixedScaleBatchNormalization


def test_scale_and_offset_are_never_trained_and_statistics_move():
    inputs = keras.Input((4, 4, 2))
    model = keras.Model(inputs, FixedScaleBatchNormalization(name="bn")(inputs))
    layer = model.get_layer("bn")
    layer.gamma.assign([2.0, 3.0])
    images = np.random.default_rng(0).normal(5.0, 2.0, (8, 4, 4, 2)).astype("float32")
    for _ in range(2):  # The second time after freezing and thawing the model.
        assert model.trainable_variables == []
        before = layer.moving_mean.numpy()
        result = model(images, training=True).numpy()
        assert not np.allclose(before, layer.moving_mean)
        np.testing.assert_allclose(result.std((0, 1, 2)), [2.0, 3.0], rtol=1e-3)
        model.trainable = False
        frozen = layer.moving_mean.numpy()
        model(images, training=True)
        np.testing.assert_array_equal(frozen, layer.moving_mean)
        model.trainable = True


def test_saves_and_counts_its_weights(tmp_path):
    inputs = keras.Input((4, 4, 2))
    model = keras.Model(inputs, FixedScaleBatchNormalization()(inputs))
    assert len(model.get_weights()) == 4
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.trainable_variables == []
