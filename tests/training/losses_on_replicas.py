"""Losses on two replicas: these models beside plain Keras, run as a program."""

import os
import pathlib
import sys

# Those of this tree, whatever is installed.
sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf
import test_compile_loss as on_one

CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    CPU, [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

for name in ("my_ce", "partial", "scalar", "own unreduced"):
    with strategy.scope():
        model, wanted = on_one.joint(name), on_one.plain(name)
    before = on_one.values(wanted)
    np.testing.assert_allclose(
        model.evaluate(on_one.IMAGES, on_one.LABELS, batch_size=4, verbose=0),
        wanted.evaluate(on_one.IMAGES, on_one.LABELS, batch_size=4, verbose=0),
        rtol=1e-5,
    )
    added = sum(float(x) for x in wanted.losses)
    history = model.fit(*on_one.BATCH, batch_size=4, shuffle=False, verbose=0).history
    wanted.fit(on_one.IMAGES, on_one.LABELS, batch_size=4, shuffle=False, verbose=0)
    after = on_one.values(model.segmenter)
    on_one.assert_twice(before, after, on_one.values(wanted), name)
    with strategy.scope():
        model, wanted = on_one.supervised(name), on_one.plain(name)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0}
    [found], [loss] = (
        x.fit(on_one.IMAGES, on_one.LABELS, **options).history["loss"]
        for x in (model, wanted)
    )
    np.testing.assert_allclose(found, loss, rtol=1e-5)
    for value, other in zip(on_one.values(model), on_one.values(wanted), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)
    print(name, "same", flush=True)
