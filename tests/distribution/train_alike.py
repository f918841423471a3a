"""A program of the tests: train models a few steps, alone or under a strategy.

    python train_alike.py alone|mirrored|workers METHODS SCENES FOLDER

Logical devices and workers can only be set before TensorFlow starts.
"""

import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

import keras
import numpy as np
import tensorflow as tf

CLASSES = 19
SIZE = (32, 48)


def start(kind):
    """The strategy, made before anything else."""
    if kind == "workers":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if kind == "alone":
        return tf.distribute.get_strategy()
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, parts)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


# === Models: statistics are frozen, since those of half a batch are others ===


def segmenter(**options):
    from keras_pixda.models import small_segmenter

    network = small_segmenter(CLASSES, filters=4, **options)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        if isinstance(layer, keras.layers.Conv2D):
            # Read from the variable; that of the layer is for building it.
            layer.kernel.regularizer = keras.regularizers.L2(1e-3)
    return network


def sgd():
    return keras.optimizers.SGD(0.05, momentum=0.9)


def pixda():
    """With Adam, two rates and a schedule."""
    from keras_pixda import ClassIoU, methods, models, published_optimizers

    model = methods.PixDAModel(
        segmenter(),
        models.pixel_discriminator(CLASSES, 4),
        models.image_discriminator(CLASSES, 4),
    )
    model.compile(
        **published_optimizers(0.01, decay_steps=20),
        metrics=[ClassIoU([str(i) for i in range(CLASSES)])],
    )
    return model


def fsda():
    from keras_pixda import methods, models

    model = methods.FSDAModel(
        segmenter(auxiliary_head=True),
        models.pair_discriminator(CLASSES, 4),
        models.image_discriminator(CLASSES, 4, spectral_norm=True),
    )
    model.compile(sgd(), sgd(), sgd())
    return model


def naae():
    from keras_pixda import methods, models

    model = methods.NAAEModel(
        segmenter(), *(models.image_discriminator(CLASSES, 4) for _ in range(3))
    )
    model.compile(sgd(), sgd(), sgd(), sgd())
    return model


def joint():
    from keras_pixda import methods

    model = methods.JointModel(segmenter())
    model.compile(sgd(), entropy_weight=0.1)
    return model


def accumulated():
    """In two parts of two images, or on two replicas of one."""
    from keras_pixda import methods

    model = methods.JointModel(segmenter())
    model.compile(sgd(), entropy_weight=0.1, accumulate=2)
    return model


def self_training():
    from keras_pixda import methods

    model = methods.SelfTrainingModel(segmenter())
    model.compile(sgd(), confidence=0.2)
    return model


# === What is compared ===


def train(strategy, method, scenes, folder):
    """Weights, counters and logs after two passes; the second one is shorter."""
    from keras_pixda.callbacks import PerClassIoU, SampleSelection
    from keras_pixda.datasets import (
        FewShotDomainDataset,
        SegmentationDataset,
        cityscapes,
        gta5,
    )

    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = globals()[method]()
    source, target = gta5(f"{scenes}/gta5"), cityscapes(f"{scenes}/cityscapes")
    dataset = FewShotDomainDataset(
        source,
        target,
        1,
        batch_size=4,
        image_size=SIZE,
        unlabelled=target.pictures() if method == "self_training" else None,
    )
    values, callbacks = {}, []
    if method == "pixda":
        # 3 images in batches of 2: the last round is not full.
        record = cityscapes(f"{scenes}/cityscapes", split="val")
        validation = SegmentationDataset(record, 2, SIZE)
        selection = SampleSelection(dataset, every=3, batch_size=3, verbose=0)
        per_class = PerClassIoU(
            validation,
            [str(i) for i in range(CLASSES)],
            csv=folder / "iou.csv",
            log_dir=folder / "log",
            print_table=False,
        )
        callbacks = [per_class, selection]
    shorten = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(dataset, "kept", np.arange(4))
    )
    history = model.fit(dataset, epochs=2, verbose=0, callbacks=[*callbacks, shorten])
    values["epoch"] = dataset.epoch
    values["steps"] = model.optimizer.iterations.numpy()
    if method == "pixda":
        dataset.kept = np.arange(7)
        values["indices"], values["scores"] = selection.score()
        after = model.distill(dataset, steps=3, verbose=0)
        values |= {f"distill/{name}": v for name, v in after.history.items()}
        values["distilled steps"] = model.optimizer.iterations.numpy()
        # 3 batches: one replica has nothing but the filling of the last round.
        singly = SegmentationDataset(record, 1, SIZE, label_size=SIZE)
        logs = model.evaluate(singly, verbose=0, return_dict=True)
        values |= {f"evaluate/{name}": v for name, v in logs.items()}
    values |= {f"logs/{name}": v for name, v in history.history.items()}
    values |= {f"weights/{v.path}": v.numpy() for v in model.weights}
    return {f"{method}/{name}": np.array(value) for name, value in values.items()}


class Killed(BaseException):
    pass


def resumed(strategy, scenes, folder):
    """Whether a training that is killed and resumed is the one that was not.

    With what replicas have apart: dropout, statistics of their part, running means.
    """
    from keras_pixda.callbacks import ExactResume, HistoryCSV
    from keras_pixda.datasets import SegmentationDataset, gta5
    from keras_pixda.losses import FocalLoss
    from keras_pixda.training import SupervisedModel
    from keras_pixda.training.fit_steps import fit_steps

    dataset = SegmentationDataset(
        gta5(f"{scenes}/gta5"), 4, SIZE, label_size="image", shuffle=True
    )

    def trained(name, kill=0):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            layers = [
                keras.Input((*SIZE, 3)),
                keras.layers.Rescaling(1 / 255),
                keras.layers.Conv2D(4, 3, padding="same"),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.5),
                keras.layers.Conv2D(CLASSES, 1),
            ]
            model = SupervisedModel(keras.Sequential(layers))
            accuracy = keras.metrics.SparseCategoricalAccuracy()
            model.compile(keras.optimizers.Adam(0.01), FocalLoss(), [accuracy])
        data = dataset.in_passes(4)
        history = HistoryCSV(folder / f"{name}.csv")
        left = [kill]

        def count(batch, logs):
            left[0] -= 1
            if not left[0]:
                raise Killed

        killing = keras.callbacks.LambdaCallback(on_train_batch_end=count)
        resume = ExactResume(folder / name, every=2)
        try:
            fit_steps(model, data, 7, [resume, history, killing])
        except Killed:
            return None
        finally:
            history.close()
        variables = [
            *model.variables,
            *model.optimizer.variables,
            *model.metrics_variables,
        ]
        return [
            part.numpy()
            for variable in variables
            for part in strategy.experimental_local_results(variable.value)
        ]

    whole = trained("whole")
    for kill in (3, 4):  # In midst of a pass, and then of the next one.
        assert trained("killed", kill) is None
    again = trained("killed")
    same = [a.tobytes() == b.tobytes() for a, b in zip(whole, again, strict=True)]
    rows = [folder / f"{name}.csv" for name in ("whole", "killed")]
    if rows[0].exists():
        assert rows[0].read_bytes() == rows[1].read_bytes()
    return {"resumed/same": np.array(same), "resumed/rows": rows[0].exists()}


def overflow(strategy):
    """A weight and its scale after a gradient that is infinite on the last replica."""
    from keras_pixda.optimizers import SharedLossScaleOptimizer

    last = strategy.num_replicas_in_sync - 1
    with strategy.scope():
        weight = keras.Variable([1.0, 1.0])
        optimizer = SharedLossScaleOptimizer(keras.optimizers.SGD(0.5), 8.0)
        optimizer.build([weight])

    @tf.function
    def step(size):
        def on_replica():
            here = tf.distribute.get_replica_context().replica_id_in_sync_group
            gradient = tf.where(tf.equal(here, last), size, 0.0) * tf.ones(2)
            optimizer.apply([gradient], [weight])

        strategy.run(on_replica)

    values = {}
    for name, size in {"finite": 8.0, "infinite": np.inf, "again": 4.0}.items():
        step(tf.constant(size, "float32"))
        values[f"overflow/{name}"] = weight.numpy()
        values[f"overflow/{name} scale"] = optimizer.dynamic_scale.numpy()
        values[f"overflow/{name} steps"] = optimizer.iterations.numpy()
    return values


def main(kind, methods, scenes, folder):
    strategy = start(kind)
    tf.config.experimental.enable_op_determinism()
    values = overflow(strategy)
    for method in methods.split(","):
        if method == "resumed":
            values |= resumed(strategy, scenes, pathlib.Path(folder))
            continue
        values |= train(strategy, method, scenes, pathlib.Path(folder))
    np.savez(pathlib.Path(folder, "values.npz"), **values)


if __name__ == "__main__":
    main(*sys.argv[1:])
