"""NAAE, reconstructed: source pixels count as much as they resemble the target."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_pixda.layers import resize_logits
from keras_pixda.losses import FocalLoss, domain_losses
from keras_pixda.models.image_discriminator import image_discriminator
from keras_pixda.replicas import part_of_mean
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.few_shot_model import FewShotModel
from keras_pixda.training.ready_optimizers import ready_optimizers
from keras_pixda.training.updates import Updates
from keras_pixda.typing import Tensor


@keras.saving.register_keras_serializable("keras_pixda")
class NAAEModel(FewShotModel):
    """NAAE: weigh every source pixel by how much it looks like the target.

    Not published in detail: a reconstruction. Three weighting networks learn to tell
    the two domains' softmax maps apart, by binary cross-entropy, target 1, source 0.
    Each is the image discriminator's trunk with weights of its own, and judges its map
    at one level:

    - pixel: its logits, resized to the image;
    - region: its logits, resized to the image and averaged over a grid of 8 x 8 cells,
      so a coarse map smaller than 8 x 8 gives 64 of them as well;
    - image: its logits, averaged over the image.

    A source pixel's weight is the mean of its three sigmoids. The source loss is the
    sum of weight times cross-entropy over the number of labelled pixels, the target
    loss plain cross-entropy. No gradient runs between segmenter and weighting networks,
    and all four updates are on gradients taken at the same weights.

    The call is the segmenter, so `evaluate` and `predict` take plain images.

    Example:

    ```python
    import numpy as np
    from keras_pixda.methods import NAAEModel
    from keras_pixda.models import small_segmenter

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    labels = np.random.default_rng(1).integers(0, 3, (2, 32, 32))
    model = NAAEModel(small_segmenter(num_classes=3, filters=4))
    model.compile("adam", pixel_optimizer="adam")
    both = {"source": images, "target": images}
    model.fit(both, {"source": labels, "target": labels}, batch_size=2, verbose=0)
    assert model.predict(images, verbose=0).shape == (2, 32, 32, 3)
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`; smaller logits are
            resized to the image.
        pixel_network: Model from softmax maps to a map of domain logits, of any size.
            Defaults to `None`, `image_discriminator(classes)`.
        region_network: The same for regions. Defaults to `None`, one of its own.
        image_network: The same for images. Defaults to `None`, one of its own.
        name: Name of the model. Defaults to `"naae"`.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.

    Reference:
        Sun et al., [Not All Areas Are Equal: Transfer Learning for Semantic
        Segmentation via Hierarchical Region
        Selection](https://openaccess.thecvf.com/content_CVPR_2019/html/Sun_Not_All_Areas_Are_Equal_Transfer_Learning_for_Semantic_Segmentation_CVPR_2019_paper.html),
        CVPR 2019.
    """

    loss_terms = (
        "source_loss",
        "target_loss",
        "source_weight",
        "pixel_network_source",
        "pixel_network_target",
        "region_network_source",
        "region_network_target",
        "image_network_source",
        "image_network_target",
    )
    parts = ("segmenter", "pixel_network", "region_network", "image_network")
    smallest_side = 32

    def __init__(
        self,
        segmenter: keras.Model,
        pixel_network: keras.Model | None = None,
        region_network: keras.Model | None = None,
        image_network: keras.Model | None = None,
        name: str = "naae",
        **kwargs: Any,
    ) -> None:
        super().__init__(segmenter, name=name, **kwargs)

        def network(name):
            return image_discriminator(self.num_classes, name=name)

        self.pixel_network = pixel_network or network("pixel_network")
        self.region_network = region_network or network("region_network")
        self.image_network = image_network or network("image_network")

    # === Compile ===

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "sgd",
        pixel_optimizer: str | keras.optimizers.Optimizer = "adam",
        region_optimizer: str | keras.optimizers.Optimizer | None = None,
        image_optimizer: str | keras.optimizers.Optimizer | None = None,
        loss: str | Callable | keras.losses.Loss | None = None,
        metrics: list | None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure training.

        Args:
            optimizer: Of the segmenter. Defaults to `"sgd"`.
            pixel_optimizer: Of the pixel network. Defaults to `"adam"`.
            region_optimizer: Of the region network. Defaults to `None`, one like the
                pixel network's.
            image_optimizer: Of the image network. Defaults to `None`, one like the
                region network's.
            loss: Segmentation loss of labels and logits with one value a pixel; the
                weights are its `sample_weight` on the source. Defaults to `None`,
                `FocalLoss(gamma=0)`, which is cross-entropy over labelled pixels.
            metrics: Metrics of labels and logits. Defaults to `None`.
            auto_scale_loss: Whether every optimizer scales its loss when a network
                works in float16. Defaults to `True`.
            **kwargs: As in `keras.Model.compile`; `loss_weights` is the weight of
                `loss`.
        """
        optimizer, self.pixel_optimizer, self.region_optimizer, self.image_optimizer = (
            ready_optimizers(
                [
                    (optimizer, self.segmenter),
                    (pixel_optimizer, self.pixel_network),
                    (region_optimizer, self.region_network),
                    (image_optimizer, self.image_network),
                ],
                auto_scale_loss,
            )
        )
        loss = FocalLoss(gamma=0.0) if loss is None else loss
        super().compile(optimizer, loss, metrics, **kwargs)

    def compile_arguments(self) -> dict[str, Any]:
        """Arguments of `compile` as they are in force."""
        return {
            **super().compile_arguments(),
            "pixel_optimizer": self.pixel_optimizer,
            "region_optimizer": self.region_optimizer,
            "image_optimizer": self.image_optimizer,
        }

    # === Train ===

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """Segment both domains, weigh the source, then the gradients of each network.

        Args:
            part: The `BatchPart` to train on, all of the batch.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the logits of the target images.
        """
        images, labels = part.images, part.labels
        check_gives_a_map(self.loss, self.num_classes)
        with tf.GradientTape(persistent=True) as tape:
            source_logits = self(images["source"], training=True)
            target_logits = self(images["target"], training=True)
            source_answers = self.weighting_logits(source_logits, training=True)
            target_answers = self.weighting_logits(target_logits, training=True)
            weights = pixel_weights(source_answers)
            source_loss = self.loss(labels["source"], source_logits, weights)
            source_loss = part.scaled(source_loss, self.loss, "source")
            target_loss = self.loss(labels["target"], target_logits)
            target_loss = part.scaled(target_loss, self.loss)
            loss = self.loss_weight * (source_loss + target_loss)
            loss += self.regularization(self.segmenter)

            # Of each network, the half of the source and the half of the target.
            pixel, region, image = (
                domain_losses(source, target)
                for source, target in zip(source_answers, target_answers, strict=True)
            )
            pixel_loss, region_loss, image_loss = sum(pixel), sum(region), sum(image)
        updates.add(tape, loss, self.optimizer, self.segmenter)
        updates.add(tape, pixel_loss, self.pixel_optimizer, self.pixel_network)
        updates.add(tape, region_loss, self.region_optimizer, self.region_network)
        updates.add(tape, image_loss, self.image_optimizer, self.image_network)

        terms = {
            "loss": loss,
            "source_loss": source_loss,
            "target_loss": target_loss,
            "source_weight": part_of_mean(weights),
            "pixel_network_source": pixel[0],
            "pixel_network_target": pixel[1],
            "region_network_source": region[0],
            "region_network_target": region[1],
            "image_network_source": image[0],
            "image_network_target": image[1],
        }
        return terms, target_logits

    def weighting_logits(self, logits: Tensor, training: bool = False) -> Any:
        """Domain logits of predictions at the three levels.

        Args:
            logits: Of the segmenter, shape `(batch, height, width, classes)`; no
                gradient flows here.
            training: Whether the weighting networks train. Defaults to `False`.

        Returns:
            Three float32 tensors, of the pixels `(batch, height, width, 1)`, the
            regions `(batch, 8, 8, 1)` and the images `(batch, 1, 1, 1)`.
        """
        probabilities = ops.stop_gradient(ops.softmax(logits))
        size = ops.shape(logits)[1:3]
        pixel = self.pixel_network(probabilities, training=training)
        region = self.region_network(probabilities, training=training)
        image = self.image_network(probabilities, training=training)
        return (
            resize_logits(pixel, size),
            grid_average(resize_logits(region, size)),
            ops.mean(ops.cast(image, "float32"), axis=(1, 2), keepdims=True),
        )


# === Parts ===


def check_gives_a_map(loss: Any, num_classes: int) -> None:
    """Raise if a loss has no value a pixel that a weight could be put on."""
    pixels = ops.zeros((1, 2, 3)), ops.zeros((1, 2, 3, num_classes))
    shape = tuple(loss.call(*pixels).shape)
    if shape != (1, 2, 3):
        raise ValueError(
            f"The loss {loss.name!r} gives {shape} of (1, 2, 3) pixels, expected one "
            "value a pixel, which NAAE weighs: take another loss."
        )


def pixel_weights(weighting_logits: Sequence[Tensor]) -> Tensor:
    """Mean over the levels of the sigmoids, shape `(batch, height, width)`, detached.

    The first level has the size of the image; a pixel takes the answer of its cell.
    """
    height, width = ops.shape(weighting_logits[0])[1:3]
    total = 0.0
    for logits in weighting_logits:
        rows, columns = ops.shape(logits)[1:3]
        logits = ops.take(logits, cell_of_pixel(height, rows), axis=1)
        logits = ops.take(logits, cell_of_pixel(width, columns), axis=2)
        total += ops.sigmoid(logits[..., 0])
    return ops.stop_gradient(total / len(weighting_logits))


def grid_average(values: Tensor, cells: int = 8) -> Tensor:
    """Mean of `values`, channels last, over the pixels of each cell of a square grid.

    Where the size is no multiple of `cells`, cells differ by one pixel a side.
    """
    height, width = ops.shape(values)[1:3]
    rows = ops.one_hot(cell_of_pixel(height, cells), cells, dtype="float32")
    columns = ops.one_hot(cell_of_pixel(width, cells), cells, dtype="float32")
    rows = rows / ops.sum(rows, axis=0)
    columns = columns / ops.sum(columns, axis=0)
    return ops.einsum("bhwc,hk,wl->bklc", values, rows, columns)


def cell_of_pixel(size: Any, cells: int) -> Tensor:
    """Index of the cell that each of `size` pixels of a side lies in."""
    return ops.arange(size, dtype="int32") * cells // size
