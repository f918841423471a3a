"""Distillation that ends when the segmenter leaves its teacher."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_pixda.datasets import FewShotDomainDataset
from keras_pixda.training.few_shot_model import logits_of
from keras_pixda.typing import Logs


class EndOnDisagreement(keras.callbacks.Callback):
    """End when segmenter and teacher agree on too few pixels of the shots.

    The last phase trains on the shots alone. How far its segmenter may go from what
    adaptation has learned of both domains is the share of pixels that both give to the
    same class.

    Example:

    ```python
    from keras_pixda.methods.pixda.end_on_disagreement import EndOnDisagreement

    assert EndOnDisagreement(data=None, agreement=0.9).every == 10
    ```

    Args:
        data: The `FewShotDomainDataset` whose shots are looked at.
        agreement: Least share of the pixels, 0..1.
        every: Steps from one look to the next. Defaults to 10.
    """

    def __init__(self, data: FewShotDomainDataset, agreement: float, every: int = 10):
        super().__init__()
        self.data = data
        self.agreement = agreement
        self.every = every
        self._begun = False

    def on_train_begin(self, logs: Logs = None) -> None:
        """Compile the comparison once."""
        self._begun = False
        model = self.model

        @tf.function(reduce_retracing=True)
        def same(image):
            answers = [
                ops.argmax(logits_of(network, image, training=False), axis=-1)
                for network in (model.teacher, model.segmenter)
            ]
            return ops.mean(ops.cast(ops.equal(*answers), "float32"))

        self._same = same

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """End at once if a restored segmenter has left its teacher."""
        if not self._begun and self._is_over():
            self.model.stop_training = True
            raise StopIteration  # Ends the pass.
        self._begun = True

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look, and end."""
        if self._is_over():
            self.model.stop_training = True

    def share(self) -> float:
        """The share of the shots' pixels on which both agree."""
        shots = range(len(self.data.target))
        images = (self.data.read_shot(index)[0] for index in shots)
        return float(np.mean([self._same(image[None]) for image in images]))

    def _is_over(self):
        steps = int(self.model.optimizer.iterations.numpy())
        return steps % self.every == 0 and self.share() < self.agreement
