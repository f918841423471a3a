"""Losses, layers, metrics, optimizers and callbacks on whichever backend Keras runs.

`python tests/backends/values.py FILE` writes what `values()` gives; the test beside
this file compares backends with each other. Everything starts from NumPy's numbers,
since each backend draws its own.
"""

import sys
import tempfile

import keras
import numpy as np
from keras import ops

from keras_pixda import ClassIoU, FocalLoss, PerClassIoU, PixAdvLoss
from keras_pixda.callbacks import ExactResume, PredictionImages
from keras_pixda.layers import (
    AlignedResize,
    DilatedConvolution,
    FixedScaleBatchNormalization,
    FourierStyleTransfer,
    LeanLeakyReLU,
    resize_logits,
)
from keras_pixda.losses import (
    DistillationLoss,
    EntropyLoss,
    class_imbalance,
    domain_losses,
    pixel_cross_entropy,
)
from keras_pixda.metrics import (
    SegmenterEvaluator,
    confusion_matrix,
    iou_from_confusion,
    labels_from_logits,
)
from keras_pixda.optimizers import (
    BiasCorrectedAdam,
    ScaledSchedule,
    SharedLossScaleOptimizer,
    published_optimizers,
)

CLASSES = ("road", "traffic light", "sky")
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (4, 16, 12, 3)).astype("float32")
LABELS = RANDOM.choice([0, 1, 1, 2, 255], (4, 16, 12)).astype("uint8")
LOGITS = RANDOM.normal(size=(4, 16, 12, 3)).astype("float32")
SMALL_LOGITS = RANDOM.normal(size=(4, 4, 3, 3)).astype("float32")
DOMAIN = RANDOM.normal(size=(4, 16, 12, 1)).astype("float32")
SCALARS = RANDOM.normal(size=1_000).astype("float32")


def values():
    """Named arrays, the same on every backend."""
    found = {}
    for part in (losses, layers, metrics, training, plain_model, optimizers):
        found |= {f"{part.__name__}: {k}": v for k, v in part().items()}
    return {
        name: np.asarray(ops.convert_to_numpy(ops.cast(value, "float32")))
        for name, value in found.items()
    }


def losses():
    found = {}
    for dtype in ("float32", "float16", "bfloat16"):
        logits, domain = (ops.cast(x, dtype) for x in (LOGITS, DOMAIN))
        both = ops.concatenate([logits, domain], axis=-1)
        named = {"segmentation": logits, "discriminator": domain}
        found |= {
            f"focal {dtype}": FocalLoss()(LABELS, logits),
            f"focal weighted {dtype}": FocalLoss(
                gamma=1.0, alpha=(1, 2, 3), probability_offset=1e-6
            )(LABELS, logits),
            f"entropy {dtype}": EntropyLoss()(LABELS, logits),
            f"distillation {dtype}": DistillationLoss()(logits, ops.flip(logits, 0)),
            f"pix_adv {dtype}": PixAdvLoss()(LABELS, (logits, domain)),
            f"pix_adv named {dtype}": PixAdvLoss(fool=1)(LABELS, named),
            f"pix_adv one tensor {dtype}": PixAdvLoss(
                average_over="labelled", num_classes=3
            )(LABELS, both),
            f"map {dtype}": PixAdvLoss(reduction=None)(LABELS, (logits, domain)),
            f"cross-entropy {dtype}": pixel_cross_entropy(LABELS, logits),
            f"domain {dtype}": ops.stack(domain_losses(domain, ops.flip(domain, 0))),
        }
        for value in found.values():
            assert keras.backend.standardize_dtype(value.dtype) == "float32"
    found["imbalance"] = class_imbalance(LABELS, average_over="labelled")
    found["half value"] = FocalLoss(dtype="bfloat16")(LABELS, LOGITS)
    return found


def layers():
    convolution = with_numbers(DilatedConvolution(2, 3, dilation_rate=2), LOGITS)
    wide = with_numbers(DilatedConvolution(1, 3, dilation_rate=3), IMAGES)
    normalization = with_numbers(FixedScaleBatchNormalization(), LOGITS)
    found = {
        "dilated": convolution(LOGITS),
        "dilated wide": wide(IMAGES),
        "normalized, training": normalization(LOGITS, training=True),
        "normalized": normalization(LOGITS),
        "resized": AlignedResize()((SMALL_LOGITS, IMAGES)),
        "logits": resize_logits(ops.cast(SMALL_LOGITS, "float16"), (16, 12)),
        "rectified": LeanLeakyReLU(0.2)(LOGITS),
    }
    for name, images in (
        ("bytes", IMAGES.astype("uint8")),
        ("float16", IMAGES.astype("float16")),
    ):
        found[f"style {name}"] = FourierStyleTransfer(0.1)((images, images[::-1]))
        first = images.transpose(0, 3, 1, 2)
        found[f"style {name} first"] = FourierStyleTransfer(
            0.1, data_format="channels_first"
        )((first, first[::-1]))
    expect_error(lambda: FourierStyleTransfer()((IMAGES, IMAGES[:1])), "the same shape")
    return found


def metrics():
    metric = ClassIoU(CLASSES, well=("road",))
    metric.update_state(LABELS, ops.cast(SMALL_LOGITS, "bfloat16"))
    predictions = labels_from_logits(LOGITS, 16, 12)
    matrix = confusion_matrix(LABELS, predictions, 3)
    if keras.backend.backend() == "jax":  # Where the counts are float32.
        many = np.zeros(2**24 + 8, "uint8")
        assert confusion_matrix(many, many, 1) == 2**24 + 8
    wrong = np.full_like(LABELS, 34)
    expect_error(lambda: confusion_matrix(wrong, predictions, 3), "34")
    expect_error(lambda: ClassIoU(3).update_state(wrong, LOGITS), "34")
    expect_error(lambda: PixAdvLoss()(LABELS, LOGITS), "Concatenate")
    return {**metric.result(), "matrix": matrix, "iou": iou_from_confusion(matrix)}


def network():
    """Every layer in one segmenter, and a frozen discriminator of its softmax."""
    images = keras.Input((16, 12, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="body")(x)
    x = LeanLeakyReLU(0.2)(FixedScaleBatchNormalization()(x))
    x = DilatedConvolution(3, 3, dilation_rate=2, name="head")(x)
    logits = AlignedResize(name="seg")((x, images))
    judge = keras.layers.Conv2D(1, 1, name="judge", trainable=False)
    return images, logits, judge(keras.layers.Softmax()(logits))


def training():
    """Two epochs through `compile`, once for each form of the pair."""
    found = {}
    images, logits, domain = network()
    forms = {
        "one tensor": keras.layers.Concatenate()([logits, domain]),
        "pair": (logits, domain),
        "dictionary": {"segmentation": logits, "discriminator": domain},
    }
    for form, both in forms.items():
        single = form == "one tensor"
        model = keras.Model(images, {"seg": logits, "both": both})
        with_numbers(model)
        model.compile(
            published_optimizers(0.05, decay_steps=None)["optimizer"],
            loss={"seg": FocalLoss(), "both": PixAdvLoss(num_classes=3)},
            # Keras takes no metrics beside nested outputs.
            metrics={"seg": [ClassIoU(CLASSES), "accuracy"]} if single else None,
        )
        halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
        labels = {"seg": LABELS, "both": LABELS}
        history = model.fit(
            IMAGES,
            labels,
            epochs=2,
            batch_size=2,
            shuffle=False,
            verbose=0,
            callbacks=[halve],
        ).history
        found |= {f"{form}, {name}": value for name, value in history.items()}
        found |= {f"{form}, {v.path}": v.value for v in model.variables}
    return found


def plain_model():
    """The callback, the evaluator and a file of a model with one output."""
    images, logits, _ = network()
    model = keras.Model(images, logits)
    with_numbers(model)
    model.compile("sgd", FocalLoss(), metrics=[ClassIoU(CLASSES, name="train")])
    callback = PerClassIoU((IMAGES, LABELS), CLASSES, print_table=False)
    history = model.fit(
        IMAGES,
        LABELS,
        epochs=2,
        shuffle=False,
        validation_data=(IMAGES, LABELS),
        verbose=0,
        callbacks=[callback],
    ).history
    # The callback sees the weights of the end of the epoch, as validation does.
    for name in ("mean_iou", *CLASSES):
        np.testing.assert_allclose(
            history[f"val_{name}"], history[f"val_train_{name}"], rtol=1e-6
        )
    found = dict(history)
    batches = [(IMAGES[:3], LABELS[:3]), (IMAGES[3:], LABELS[3:])]
    evaluator = SegmenterEvaluator(model, ClassIoU(CLASSES))
    found |= {f"evaluator, {k}": v for k, v in evaluator.iou(batches).items()}
    with tempfile.TemporaryDirectory() as folder:
        palette = ((0, 0, 0), (255, 0, 0), (0, 255, 0))
        images = PredictionImages(IMAGES, LABELS, palette, CLASSES, folder)
        images.set_model(model)
        images.on_epoch_end(0)
        if keras.backend.backend() != "tensorflow":
            resume = ExactResume(folder)
            resume.set_model(model)
            expect_error(resume.on_train_begin, "needs Keras on TensorFlow")
        model.save(f"{folder}/model.keras")
        again = keras.saving.load_model(f"{folder}/model.keras")
    found["loaded"] = again.predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(found["loaded"], model.predict(IMAGES, verbose=0))
    return found


def optimizers():
    found = {}
    cosine = keras.optimizers.schedules.CosineDecay(0.01, 10)
    for name, optimizer in {
        "adam": BiasCorrectedAdam(ScaledSchedule(cosine, 3.0)),
        "published": published_optimizers(0.01)["optimizer"],
        "scaled": SharedLossScaleOptimizer(
            published_optimizers(cosine, optimizer="adamw")["optimizer"]
        ),
    }.items():
        images = keras.Input((16, 12, 3))
        x = keras.layers.Conv2D(2, 1, name="body")(images / 255)
        model = keras.Model(images, keras.layers.Conv2D(3, 1, name="head")(x))
        with_numbers(model)
        model.compile(optimizer, FocalLoss(), auto_scale_loss=False)
        model.fit(IMAGES, LABELS, batch_size=2, shuffle=False, verbose=0)
        found |= {f"{name}, {v.path}": v.value for v in model.variables}
        found[f"{name}, rate"] = optimizer.learning_rate
    return found


def with_numbers(layer, inputs=None):
    """The layer with weights of NumPy."""
    if inputs is not None:
        layer.build(inputs.shape)
    for variable in layer.variables:
        size = int(np.prod(variable.shape))
        values = SCALARS[:size].reshape(variable.shape) * 0.3
        variable.assign(np.abs(values) + 0.5 if "var" in variable.path else values)
    return layer


def expect_error(call, words):
    try:
        call()
    except (ValueError, RuntimeError) as error:
        assert words in str(error), error  # noqa: PT017
        return
    raise AssertionError(f"expected an error with {words!r}")


if __name__ == "__main__":
    np.savez(sys.argv[1], **values())
