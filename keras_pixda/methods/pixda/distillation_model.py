"""The model of PixDA's last phase."""

import keras

from keras_pixda.losses import DistillationLoss
from keras_pixda.methods.pixda.distillation_with_source import DistillationWithSource
from keras_pixda.models.copied_network import copied_network
from keras_pixda.training.few_shot_model import FewShotModel
from keras_pixda.training.supervised_model import SupervisedModel


def distillation_model(
    model: keras.Model,
    weight: float = 0.5,
    alpha: float = 0.5,
    with_source: bool = False,
) -> FewShotModel:
    """A model that trains a segmenter on, held to what it says now.

    A frozen copy of the segmenter teaches. Loss, optimizer and schedule run on, and
    batches are done in as many parts.

    Example:

    ```python
    from keras_pixda.methods import PixDAModel
    from keras_pixda.methods.pixda.distillation_model import distillation_model
    from keras_pixda.models import small_segmenter

    pixda = PixDAModel(small_segmenter(num_classes=3, filters=4))
    pixda.compile("adam", accumulate=2)
    model = distillation_model(pixda)
    assert model.segmenter is pixda.segmenter
    assert model.optimizer is pixda.optimizer
    assert model.accumulate == 2
    ```

    Args:
        model: A compiled `PixDAModel`.
        weight: Of the distillation loss. Defaults to 0.5.
        alpha: Factor on the teacher's logits. Defaults to 0.5.
        with_source: Whether it goes on reading styled source images, see
            `DistillationWithSource`. Defaults to `False`.

    Returns:
        A compiled `SupervisedModel` or `DistillationWithSource`.

    Raises:
        ValueError: If the model is not compiled.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """
    if not model.compiled:
        raise ValueError("You must call `compile()` before calling `distill()`.")
    with model.distribute_strategy.scope():
        teacher = copied_network(model.segmenter)
        own = {"weight": weight, "name": "distillation"}
        own["distillation_loss"] = DistillationLoss(alpha)
        if with_source:
            own["style_transfer"] = model.style_transfer or None
        kind = DistillationWithSource if with_source else SupervisedModel
        student = kind(model.segmenter, teacher, **own)
        student.compile(
            model.optimizer,
            loss=model.loss,
            loss_weights=model.loss_weight,
            **({} if with_source else {"auto_scale_loss": False}),
            accumulate=model.accumulate,
            run_eagerly=model.run_eagerly,
            jit_compile=model.jit_compile,
        )
    return student
