"""Joint training on both domains; with two options it is FDA."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_pixda.losses import EntropyLoss, FocalLoss
from keras_pixda.training.batch_part import BatchPart
from keras_pixda.training.few_shot_model import FewShotModel
from keras_pixda.training.ready_optimizers import ready_optimizers
from keras_pixda.training.updates import Updates


@keras.saving.register_keras_serializable("keras_pixda")
class JointModel(FewShotModel):
    """Joint training of any segmenter on source and few target images, and FDA.

    Every step segments one source batch and one target batch and takes the plain sum of
    their two segmentation losses. Two options, both off, make it FDA: Fourier style
    transfer of the source batch, and an entropy loss on the target.

    The call is the segmenter, so `evaluate` and `predict` take plain images.

    Example:

    ```python
    import numpy as np
    from keras_pixda.layers import FourierStyleTransfer
    from keras_pixda.methods import JointModel
    from keras_pixda.models import small_segmenter

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    labels = np.random.default_rng(1).integers(0, 3, (2, 32, 32))
    fda = JointModel(
        small_segmenter(num_classes=3, filters=4), FourierStyleTransfer(0.01)
    )
    fda.compile("adam", entropy_weight=0.005)
    both = {"source": images, "target": images}
    fda.fit(both, {"source": labels, "target": labels}, batch_size=2, verbose=0)
    assert fda.predict(images, verbose=0).shape == (2, 32, 32, 3)
    ```

    Args:
        segmenter: Any `keras.Model` from RGB images `(batch, height, width, 3)`,
            0..255, to logits `(batch, height, width, classes)`; smaller logits are
            resized to the image.
        style_transfer: Layer called on `(source, target)` images. Defaults to `None`,
            the source images as they are.
        name: Name of the model. Defaults to `"joint"`.

    Raises:
        ValueError: If the segmenter is not built or has another kind of output.

    Reference:
        Yang and Soatto, [FDA: Fourier Domain Adaptation for Semantic
        Segmentation](https://arxiv.org/abs/2004.05498), CVPR 2020.
    """

    loss_terms = ("source_loss", "target_loss", "entropy_loss")
    parts = ("segmenter", "style_transfer")
    accumulates = True

    def __init__(
        self,
        segmenter: keras.Model,
        style_transfer: keras.layers.Layer | None = None,
        name: str = "joint",
        **kwargs: Any,
    ) -> None:
        super().__init__(segmenter, name=name, **kwargs)
        self.style_transfer = style_transfer
        if style_transfer:
            style_transfer.build([(None, None, None, 3)] * 2)

    # === Compile ===

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "sgd",
        loss: str | Callable | keras.losses.Loss | None = None,
        entropy_weight: float = 0.0,
        metrics: list | None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Configure training; the defaults are plain joint training.

        Args:
            optimizer: Of the segmenter. Defaults to `"sgd"`.
            loss: Segmentation loss of labels and logits, for both domains: whatever
                `keras.Model.compile` takes for one output, with its meaning there, or
                the name of a loss of this package. Defaults to `None`,
                `FocalLoss(gamma=2.0)`.
            entropy_weight: Of the `EntropyLoss` of all target pixels; 0.005 in FDA.
                Defaults to 0.0.
            metrics: Metrics of labels and logits. Defaults to `None`.
            auto_scale_loss: Whether the optimizer scales its loss when the segmenter
                works in float16. Defaults to `True`.
            **kwargs: `accumulate`, the parts that a batch is done in, one after the
                other, for the memory of one part (defaults to 1), and as in
                `keras.Model.compile`; `loss_weights` is the weight of `loss`.
        """
        [optimizer] = ready_optimizers([(optimizer, self.segmenter)], auto_scale_loss)
        loss = FocalLoss() if loss is None else loss
        super().compile(optimizer, loss, metrics, **kwargs)
        self.entropy_loss = EntropyLoss()
        self.entropy_weight = entropy_weight

    def compile_arguments(self) -> dict[str, Any]:
        """Arguments of `compile` as they are in force."""
        return {**super().compile_arguments(), "entropy_weight": self.entropy_weight}

    # === Train ===

    def train_part(self, part: BatchPart, updates: Updates) -> Any:
        """One stage a domain.

        Args:
            part: The `BatchPart` to train on.
            updates: The `Updates` of the step.

        Returns:
            The loss terms, and the logits of the target images.
        """
        labels = part.labels
        _, source_loss = self.train_on_source(part, updates)

        target_images = updates.after(part.images["target"])
        with tf.GradientTape() as tape:
            target_logits = self(target_images, training=True)
            target_loss = self.loss(labels["target"], target_logits)
            target_loss = part.scaled(target_loss, self.loss)
            entropy_loss = self.entropy_loss(labels["target"], target_logits)
            entropy_loss *= part.share(self.entropy_loss)
            loss = self.loss_weight * target_loss
            loss += self.entropy_weight * entropy_loss
            loss += self.regularization(self.segmenter) * part.share()
        updates.add(tape, loss, self.optimizer, self.segmenter)

        terms = {
            "loss": self.loss_weight * source_loss + loss,
            "source_loss": source_loss,
            "target_loss": target_loss,
            "entropy_loss": entropy_loss,
        }
        return terms, target_logits
