import keras
import numpy as np
import tensorflow as tf

from keras_pixda.training.updates import Updates


def two_networks():
    inputs = keras.Input((2,))
    networks = [keras.Model(inputs, keras.layers.Dense(1)(inputs)) for _ in range(2)]
    for network in networks:
        network.set_weights([np.float32([[1.0], [2.0]]), np.float32([0.0])])
    return networks


def test_sums_the_gradients_of_stages_and_updates_every_network_once():
    first, second = two_networks()
    optimizers = [keras.optimizers.SGD(0.5), keras.optimizers.SGD(1.0)]
    for optimizer, network in zip(optimizers, (first, second), strict=True):
        optimizer.build(network.trainable_variables)

    @tf.function
    def step():
        updates = Updates()
        for inputs in ([[1.0, 0.0]], [[0.0, 3.0]]):
            inputs = updates.after(tf.constant(inputs))
            with tf.GradientTape(persistent=True) as tape:
                loss = tf.reduce_sum(first(inputs))
                other = tf.reduce_sum(second(inputs)) * 2.0
            updates.add(tape, loss, optimizers[0], first)
            updates.add(tape, other, optimizers[1], second)
        updates.apply()

    step()
    np.testing.assert_allclose(first.get_weights()[0], [[0.5], [0.5]])
    np.testing.assert_allclose(first.get_weights()[1], [-1.0])
    np.testing.assert_allclose(second.get_weights()[0], [[-1.0], [-4.0]])
    assert [int(o.iterations.numpy()) for o in optimizers] == [1, 1]


def test_a_stage_waits_for_the_gradients_before_it():
    network, _ = two_networks()
    optimizer = keras.optimizers.SGD(0.5)

    @tf.function
    def step(inputs):
        updates = Updates()
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(inputs) ** 2)
        updates.add(tape, loss, optimizer, network)
        return updates.after(inputs)

    graph = step.get_concrete_function(tf.ones((1, 2))).graph
    waited = {
        op.name
        for identity in graph.get_operations()
        for op in identity.control_inputs
        if identity.type == "Identity"
    }
    assert any("gradient_tape" in name for name in waited)


def test_gradients_apart_have_their_own_norm_until_they_join():
    network, _ = two_networks()
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build(network.trainable_variables)
    updates = Updates()
    for inputs, apart in ([[[1.0, 0.0]], False], [[[0.0, 3.0]], True]):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(tf.constant(inputs)))
        updates.add(tape, loss, optimizer, network, apart)
    np.testing.assert_allclose(updates.norm(network), np.sqrt(1 + 1), rtol=1e-6)
    np.testing.assert_allclose(updates.norm(network, True), np.sqrt(9 + 1), rtol=1e-6)
    updates.join(network, 0.5)
    updates.apply()
    np.testing.assert_allclose(network.get_weights()[0], [[0.0], [0.5]])
    np.testing.assert_allclose(network.get_weights()[1], [-1.5])
