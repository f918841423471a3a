"""Sample selection: keep the source images that pass for target images."""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_pixda.callbacks.selection_state import SelectionState
from keras_pixda.callbacks.share_of_replicas import ShareOfReplicas
from keras_pixda.progress import Progress
from keras_pixda.replicas import is_chief
from keras_pixda.typing import Logs

# What it needs of a data set.
NEEDED = ("kept", "batch_size", "selection_pass")


class SampleSelection(keras.callbacks.Callback):
    """After each pass, keep the source images that the image discriminator mistakes.

    A source image stays if its styled version, segmented, gets a mean binary
    cross-entropy against the label source above the threshold: the discriminator takes
    it for a target image. The threshold grows with every pass, the list only shrinks,
    and training stops when less than a batch is left. What was decided is saved with
    the model's weights and taken up again by a restarted run.

    Adds `kept_source_images` to the logs of the epoch.

    Example:

    ```python
    import tempfile
    from keras_pixda import FewShotDomainDataset, PixDAModel
    from keras_pixda import models
    from keras_pixda.callbacks import SampleSelection
    from keras_pixda.datasets import cityscapes, gta5
    from keras_pixda.toy_scenes import toy_scenes

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        dataset = FewShotDomainDataset(
            gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes"),
            shots=1, batch_size=2, image_size=(32, 48),
        )
        model = PixDAModel(
            models.small_segmenter(19, filters=2),
            models.pixel_discriminator(19, filters=2),
            models.image_discriminator(19, filters=2),
        )
        model.compile("adam", "adam")
        selection = SampleSelection(dataset, threshold=0.0, verbose=0)
        model.fit(dataset, callbacks=[selection], verbose=0)
    assert model.selection.passes == 1 and len(model.selection.kept) == 4
    ```

    Args:
        dataset: The `FewShotDomainDataset` given to `fit`, or a `PyDataset` that has
            `kept`, `batch_size` and `selection_pass` as that has.
        threshold: Of the first selection, in nats. Defaults to 0.4.
        growth: Added to the threshold at every pass. Defaults to 0.4.
        every: Passes from one selection to the next; more for a short source list,
            whose passes end before the discriminator has learned anything. Defaults
            to 1, as published for some 5 000 steps a pass.
        batch_size: Images judged at once. Defaults to `None`, that of the data set.
        verbose: 1 shows progress and a summary, 0 nothing. Defaults to 1.
        least: Share of the images judged that is kept at least, those of the best
            scores. Defaults to 0.0, as published.

    Raises:
        ValueError: If `every` is less than 1, `least` is no share, or `dataset` is
            another kind of data.

    Reference:
        Tavera et al., [Pixel-by-Pixel Cross-Domain Alignment for Few-Shot Semantic
        Segmentation](https://arxiv.org/abs/2110.11650), WACV 2022.
    """

    def __init__(
        self,
        dataset: keras.utils.PyDataset,
        threshold: float = 0.4,
        growth: float = 0.4,
        every: int = 1,
        batch_size: int | None = None,
        verbose: int = 1,
        least: float = 0.0,
    ):
        super().__init__()
        missing = [name for name in NEEDED if not hasattr(dataset, name)]
        if missing:
            raise ValueError(
                "SampleSelection chooses among the source images of a "
                "FewShotDomainDataset, or of a PyDataset of yours that also has "
                f"{', '.join(NEEDED)}; {type(dataset).__name__} has no "
                f"{' and no '.join(missing)}."
            )
        if every < 1:
            raise ValueError(f"every counts passes from 1, received {every}.")
        if not 0 <= least <= 1:
            raise ValueError(f"least is a share from 0 to 1, received {least}.")
        self.dataset = dataset
        self.threshold = threshold
        self.growth = growth
        self.least = least
        self.every = every
        self.batch_size = batch_size
        self.verbose = verbose
        self._scores = None
        self._ended = False

    def on_train_begin(self, logs: Logs = None) -> None:
        """Compile the scoring once for this model."""
        if not hasattr(self.model, "selection_scores"):
            raise ValueError(
                "SampleSelection asks the image discriminator of a PixDAModel, which a "
                f"{type(self.model).__name__} has not: leave it out."
            )
        self._scores = tf.function(self.model.selection_scores, reduce_retracing=True)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Take up the list of a restored model."""
        kept = self.model.selection.kept
        self._ended = kept is not None and not self._enough(kept)
        if self._ended:
            self.model.stop_training = True
        elif kept is not None:
            self.dataset.kept = kept

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Do nothing more if the selection of a restored model left too little."""
        if self._ended:
            raise StopIteration  # Ends the pass.

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Judge every source image that is still kept."""
        if self._ended:
            return
        if logs is not None:
            logs["kept_source_images"] = len(self.dataset.kept)
        if (epoch + 1) % self.every:
            return
        state = self.model.selection
        threshold = self.threshold if state.threshold is None else state.threshold
        indices, scores = self.score()
        if not np.isfinite(scores).all():
            wrong = indices[~np.isfinite(scores)]
            source = getattr(self.dataset, "source", None)
            names = [source.pairs[i][0] if source else int(i) for i in wrong[:3]]
            raise ValueError(
                f"{len(wrong)} source images have no finite score, such as {names}: "
                "the networks have diverged; lower the learning rates."
            )
        passed = np.count_nonzero(scores > threshold)
        # The best first; of equal ones the earlier.
        order = np.argsort(-scores, kind="stable")
        kept = np.sort(
            indices[order[: max(passed, math.ceil(self.least * len(order)))]]
        )
        self.model.selection = SelectionState(
            kept=kept, threshold=threshold + self.growth, passes=state.passes + 1
        )
        if logs is not None:
            logs["kept_source_images"] = len(kept)
        verbose = self.verbose and is_chief(self.model.distribute_strategy)
        if verbose:
            print(
                f"Selection {state.passes + 1}: kept {len(kept)} of {len(indices)} "
                f"source images (threshold {threshold:.2f}, "
                f"scores {scores.min():.2f} to {scores.max():.2f})"
            )
            if passed < len(kept):
                share = f"{100 * self.least:.0f} %"
                print(f"Only {passed} passed for target images; {share} stay.")
            elif len(kept) == len(indices):
                print("One-sided: every image passes for a target image.")
            elif not len(kept):
                print("One-sided: no image passes for a target image.")
        if self._enough(kept):
            self.dataset.kept = kept
            return
        if verbose:
            print(
                f"Fewer than a batch of {self.dataset.batch_size} source images are "
                "left: adaptation ends here."
            )
        self.model.stop_training = True

    def get_state(self) -> dict[str, Any]:
        """What was decided so far."""
        state = self.model.selection
        kept = None if state.kept is None else state.kept.tolist()
        return {"kept": kept, "threshold": state.threshold, "passes": state.passes}

    def set_state(self, state: Mapping | None) -> None:
        """Go back to what was decided; it is taken up when the next pass begins."""
        state = dict(state or {})
        if state.get("kept") is not None:
            state["kept"] = np.array(state["kept"], dtype="int64")
        self.model.selection = SelectionState(**state)

    def score(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the kept source images and the score of each.

        Returns:
            Two arrays of the same length, int64 and float32.
        """
        batches = self.dataset.selection_pass(self.batch_size)
        verbose = self.verbose and is_chief(self.model.distribute_strategy)
        if verbose and self.params.get("verbose"):
            print()  # Leaves the line of Keras's own progress bar.
        score = self._scores
        if self.model.distribute_strategy.num_replicas_in_sync > 1:
            batches = ShareOfReplicas(batches, self.model.distribute_strategy)
            score = batches.on_every_replica(score)
        progress = Progress("selection", batches.num_batches, verbose)
        indices, scores = [], []
        with ThreadPoolExecutor(1) as reader:
            # The next batch is read while this one is judged.
            coming = reader.submit(batches.__getitem__, 0)
            for number in range(1, batches.num_batches + 1):
                batch = coming.result()
                if number < batches.num_batches:
                    coming = reader.submit(batches.__getitem__, number)
                indices.append(batch["index"])
                judged = score(batch["source"], batch["target"]).numpy()
                scores.append(judged[: len(batch["index"])])
                progress(number)
        return np.concatenate(indices), np.concatenate(scores)

    def _enough(self, kept):
        return len(kept) >= self.dataset.batch_size
