"""Processes that hold one model each and make training steps when asked.

One process a model: frameworks do not share threads or memory, and the highest memory
of a process belongs to one model alone.
"""

import ctypes
import multiprocessing
import pathlib
import time

import numpy as np

NUM_CLASSES = 19
# A hundredth of the published rates: random weights would diverge at those, and then
# rounding would decide the losses.
LEARNING_RATE = 1e-5
DISCRIMINATOR_LEARNING_RATE = 4e-6
IGNORE = 255


def training_batch(size, seed, batch_size=1):
    """Generated images and labels, uint8: smooth pictures, labels in blocks."""
    height, width = size
    random = np.random.default_rng(seed)

    def blocks(values, side):
        rows, columns = (-(-length // side) for length in size)
        values = values(rows, columns)
        values = values.repeat(side, axis=1).repeat(side, axis=2)
        return values[:, :height, :width]

    def image(rows, columns):
        return random.integers(0, 226, (batch_size, rows, columns, 3), dtype="uint8")

    def label(rows, columns):
        classes = random.integers(0, NUM_CLASSES + 1, (batch_size, rows, columns))
        return np.where(classes == NUM_CLASSES, IGNORE, classes).astype("uint8")

    grain = (batch_size, height, width, 3)
    images = {
        domain: blocks(image, 16) + random.integers(0, 30, grain, dtype="uint8")
        for domain in ("source", "target")
    }
    return images, {domain: blocks(label, 16) for domain in images}


def start(kind, **settings):
    """A worker that holds a model of `kind`, a key of `MAKERS`."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, kind, settings), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours)


class Worker:
    """The near end of a process that holds one model."""

    def __init__(self, process, connection):
        self.process, self.connection = process, connection

    def step(self, seed):
        """Make one step; its losses, seconds, and processor seconds."""
        return self._ask(seed)

    def close(self):
        """End the process; its highest memory before and after the model, in bytes."""
        answer = self._ask(None)
        self.process.join()
        return answer

    def _ask(self, message):
        self.connection.send(message)
        answer = self.connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(connection, kind, settings):
    try:
        step, idle = MAKERS[kind](**settings)
        forget_peak()
        while (seed := connection.recv()) is not None:
            batch = training_batch(
                settings["size"], seed, settings.get("batch_size", 1)
            )
            wall, processor = time.perf_counter(), time.process_time()
            losses = step(*batch)
            connection.send(
                {
                    "losses": [float(loss) for loss in losses],
                    "seconds": time.perf_counter() - wall,
                    "processor_seconds": time.process_time() - processor,
                }
            )
        connection.send({"idle": idle, "peak": peak_memory()})
    except Exception as error:  # The near end raises it.
        connection.send(error)


def memory(kind):
    """Bytes that Linux counts for this process: `VmRSS` now, `VmHWM` at most."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(kind))
    return int(line.split()[1]) * 1024


def peak_memory():
    """Highest resident memory of this process since `forget_peak`, in bytes."""
    return memory("VmHWM")


def forget_peak():
    """Give back what is free, as after passing weights on, and measure from here."""
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


# === Makers: a step function, and the memory that the framework alone takes ===


def _pytorch(
    network, size, weights, batch_size=1, step="PublishedStep", channels_last=False
):
    import pytorch_pyramid
    import pytorch_step
    import torch

    functional = torch.nn.functional
    functional.conv2d(torch.zeros(1, 3, 8, 8), torch.zeros(3, 3, 3, 3))
    idle = peak_memory()
    kind = {
        "deeplab_v2": pytorch_step.DeepLabV2,
        "small_segmenter": pytorch_step.SmallSegmenter,
        "efficientnet_lite0": pytorch_pyramid.EfficientNetLitePyramid,
    }[network]
    with np.load(weights) as values:
        step = getattr(pytorch_step, step)(
            kind(NUM_CLASSES),
            NUM_CLASSES,
            dict(values),
            LEARNING_RATE,
            DISCRIMINATOR_LEARNING_RATE,
            layout=torch.channels_last if channels_last else torch.contiguous_format,
        )
    return step, idle


def _keras(network, policy):
    import keras
    import tensorflow as tf

    # The fixed cost: a compiled function that convolves.
    tf.function(tf.nn.conv2d)(tf.zeros((1, 8, 8, 3)), tf.zeros((3, 3, 3, 3)), 1, "SAME")
    idle = peak_memory()
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    segmenter = segmenter_of(network)
    for layer in segmenter.layers:
        # The last scale of a residual branch; at 1 a hundred random layers, normalised
        # by a batch of one, carry rounding on until it decides the losses.
        if layer.name.endswith("_bn3"):
            layer.gamma.assign(0.2 * layer.gamma)
    return segmenter, idle


def segmenter_of(network):
    """A network by its name, with random weights."""
    from keras_pixda import models

    if network == "efficientnet_lite0":
        return models.pyramid_segmenter(models.efficientnet_lite(0), NUM_CLASSES)
    return getattr(models, network)(NUM_CLASSES)


def slow_optimizers():
    """The published optimizers by role, at the rates above."""
    from keras_pixda.optimizers import published_optimizers

    return published_optimizers(
        learning_rate=LEARNING_RATE,
        discriminator_learning_rate=DISCRIMINATOR_LEARNING_RATE,
    )


def _pixda(network, size, weights, policy="float32", batch_size=1, **options):
    segmenter, idle = _keras(network, policy)
    from keras_pixda import PixDAModel
    from keras_pixda.losses import PixAdvLoss

    model = PixDAModel(segmenter)
    parts = {
        "segmenter": segmenter,
        "discriminator": model.discriminator,
        "image_discriminator": model.image_discriminator,
    }
    _share_weights(parts, pathlib.Path(weights))
    # As released: gradients flow through the cross-entropy map too.
    model.compile(
        **slow_optimizers(),
        adversarial_loss=PixAdvLoss(detach=False),
        **options,
    )

    def step(images, labels):
        logs = model.train_on_batch(images, labels, return_dict=True)
        model.reset_metrics()
        return [logs[name] for name in model.loss_terms]

    return step, idle


def _joint(network, size, weights, policy="float32", batch_size=1):
    segmenter, idle = _keras(network, policy)
    from keras_pixda.methods import JointModel

    model = JointModel(segmenter)
    _share_weights({"segmenter": segmenter}, pathlib.Path(weights))
    model.compile(slow_optimizers()["optimizer"])

    def step(images, labels):
        logs = model.train_on_batch(images, labels, return_dict=True)
        model.reset_metrics()
        return [logs["source_loss"], logs["target_loss"]]

    return step, idle


def _supervised(network, size, weights, policy="float32", batch_size=1):
    segmenter, idle = _keras(network, policy)
    from keras_pixda.training import SupervisedModel

    model = SupervisedModel(segmenter)
    _share_weights({"segmenter": segmenter}, pathlib.Path(weights))
    model.compile(slow_optimizers()["optimizer"])

    def step(images, labels):
        logs = model.train_on_batch(
            images["target"], labels["target"], return_dict=True
        )
        model.reset_metrics()
        return [logs["loss"]]

    return step, idle


def _prediction(network, size, weights, batch_size=1):
    segmenter, idle = _keras(network, "float32")
    import tensorflow as tf

    from keras_pixda.serving.inference_function import inference_function

    _share_weights({"segmenter": segmenter}, pathlib.Path(weights))
    answer = inference_function(segmenter)

    def step(images, labels):
        logits = answer(images["target"])
        tf.argmax(logits, axis=-1)
        return [tf.reduce_mean(logits)]

    return step, idle


def _share_weights(networks, path):
    """Write the weights of all networks where they are not written yet, or read."""
    variables = {
        f"{prefix}/{variable.path}": variable
        for prefix, network in networks.items()
        for variable in network.weights
    }
    if not path.exists():
        np.savez(path, **{name: v.numpy() for name, v in variables.items()})
    with np.load(path) as values:
        for name, variable in variables.items():
            variable.assign(values[name])


MAKERS = {
    "pytorch": _pytorch,
    "pixda": _pixda,
    "joint": _joint,
    "supervised": _supervised,
    "prediction": _prediction,
}
