"""Pair every source batch with a batch of the few target images."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_pixda.datasets.arguments import (
    as_augmentation,
    as_batch_size,
    as_cache,
    as_size,
)
from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.datasets.choose_shots import choose_shots
from keras_pixda.datasets.class_pixels import class_pixels
from keras_pixda.datasets.counted_passes import CountedPasses
from keras_pixda.datasets.data_error import Finding
from keras_pixda.datasets.pair_cache import PairCache
from keras_pixda.datasets.rare_class_sampling import RareClassSampling
from keras_pixda.datasets.reader import read_image, read_pair
from keras_pixda.datasets.segmentation_dataset import SegmentationDataset
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.datasets.selection_pass import SelectionPass
from keras_pixda.typing import FilePath, Size


class FewShotDomainDataset(CountedPasses):
    """Batches of many labelled source images and a few labelled target images.

    A batch is `(images, labels)`, each a dictionary with the keys `"source"` and
    `"target"`: images `uint8` `(batch, height, width, 3)` in 0..255, labels `uint8`
    train ids `(batch, height, width)`. An epoch is one pass over the kept source
    images in a new order, or as many images drawn by `rare_class_sampling`; the target
    images go round endlessly, each as often as the others. A batch depends on `seed`,
    `epoch`, its index and `kept` alone, so threads and restarts change nothing;
    `fit(..., shuffle=False)` keeps Keras from mixing the order of the batches once
    more. A loop of one's own calls `on_epoch_end()` after each pass, as `fit` does, to
    get the next one.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import FewShotDomainDataset, folder

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            for name in "abc":
                Image.new(mode, (32, 24)).save(f"{root}/{kind}/{name}.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        dataset = FewShotDomainDataset(
            record, record, shots=1, batch_size=2, image_size=(12, 16)
        )
        images, labels = dataset[0]
    assert images["source"].shape == images["target"].shape == (2, 12, 16, 3)
    assert labels["target"].shape == (2, 12, 16)
    assert len(dataset.target) == 1
    ```

    Args:
        source: `SegmentationRecord` of the many images.
        target: `SegmentationRecord` to take the few images from.
        shots: Images to take from every city of the target. `None` takes a
            `shots_file` as it is.
        batch_size: Source images a batch, and as many target images.
        image_size: `(height, width)` of images and labels.
        seed: Where the shots, the orders, the augmentation and the mixing come from.
            Defaults to `0`.
        shots_file: Text file that names the target images to take, one a line; a name
            that comes twice counts twice. Defaults to `None`: the seed chooses.
        augmentation: What `augmentation(...)` returned, for both domains; or a dict
            from `"source"` or `"target"` to it, for one. Defaults to `None`.
        mixing: What `cut_mix(...)` returned: puts parts of a batch's source images
            into its target images, after the augmentation. Defaults to `None`.
        rare_class_sampling: Temperature, such as 0.01; the smaller, the more of the
            source images hold rare classes. An image may then come more than once an
            epoch, or not at all, and all masks of the source are read at once to count
            their classes. Defaults to `None`, every image once.
        cache: Keeps decoded source images for later epochs: `"memory"`, a folder or
            a `PairCache`. The shots stay in memory anyway. Defaults to `None`, every
            epoch decodes them.
        on_bad_file: `"stop"`, or `"skip"`: in place of a pair that cannot be read, as
            when its files vanish, the next that can is taken. Defaults to `"stop"`.
        workers: Number of threads that prepare batches. Defaults to `2`.
        max_queue_size: Number of batches prepared ahead. Defaults to `10`.

    Attributes:
        epoch: Number of finished epochs; may be set.
        first_batch: Batches to leave out at the beginning of this epoch, which is that
            much shorter; may be set, to go on in the midst of one.
        kept: Positions in `source.pairs` that are used, sorted. Starts as all; may be
            set.
        target: The record of the chosen shots.
        left_out: The `Finding` of every file that was left out so far, a list.

    Raises:
        DataError: If `shots_file` names an image that is not in the target.
        ValueError: If the classes of the two differ, a city has too few images or an
            argument does not fit.
    """

    def __init__(
        self,
        source: SegmentationRecord,
        target: SegmentationRecord,
        shots: int | None,
        batch_size: int,
        image_size: Size,
        seed: int = 0,
        shots_file: FilePath | None = None,
        augmentation: Callable | dict[str, Callable | None] | None = None,
        mixing: Callable | None = None,
        rare_class_sampling: float | None = None,
        cache: FilePath | PairCache | None = None,
        on_bad_file: str = "stop",
        workers: int = 2,
        max_queue_size: int = 10,
    ):
        super().__init__(workers=workers, max_queue_size=max_queue_size)
        for fact in ("classes", "ignore_class"):
            if getattr(source, fact) != getattr(target, fact):
                raise ValueError(
                    f"Source and target must have the same {fact}: {source.name} has "
                    f"{getattr(source, fact)}, {target.name} has "
                    f"{getattr(target, fact)}"
                )
        self.source = source
        self.batch_size = as_batch_size(batch_size, source, full_batches=True)
        self.image_size = as_size(image_size, "image_size")
        self.seed = seed
        self.shots = shots
        self.shots_file = shots_file
        self.target = target.select(choose_shots(target, shots, seed, shots_file))
        self.augmentation = as_augmentation(augmentation)
        self.mixing = mixing
        self.cache = as_cache(cache)
        self._bad_files = BadFiles(on_bad_file)
        self.rare_class_sampling = rare_class_sampling
        self.kept = np.arange(len(source))
        self._shots = PairCache()
        self._rare_classes = None
        if rare_class_sampling is not None:
            self._rare_classes = RareClassSampling(
                class_pixels(source, self.image_size, self.cache, workers),
                math.prod(self.image_size),
                rare_class_sampling,
            )

    @property
    def on_bad_file(self) -> str:
        """`"stop"` or `"skip"`."""
        return self._bad_files.on_bad_file

    @property
    def left_out(self) -> list[Finding]:
        """The `Finding` of every file that was left out so far, a list."""
        return self._bad_files.left_out

    @property
    def kept(self) -> np.ndarray:
        """Positions in `source.pairs` that are used: a sorted integer array."""
        return self._kept

    @kept.setter
    def kept(self, indices: Sequence[int] | np.ndarray) -> None:
        indices = np.asarray(indices)
        if indices.size == 0:
            indices = indices.astype(np.int64)
        if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
            raise ValueError(
                "kept must be a list of integers, positions in source.pairs, received "
                f"{indices.dtype} of shape {indices.shape}"
            )
        kept = np.unique(indices).astype(np.int64)
        if len(kept) < len(indices):
            raise ValueError("kept names an image twice")
        if len(kept) and not 0 <= kept[0] <= kept[-1] < len(self.source):
            raise ValueError(
                f"kept must lie in 0..{len(self.source) - 1}, received "
                f"{kept[0]}..{kept[-1]}"
            )
        kept.flags.writeable = False
        self._kept = kept

    def __len__(self) -> int:
        return len(self.kept) // self.batch_size - self.first_batch

    def __getitem__(self, index: int) -> tuple[dict, dict]:
        return self.part(index, 0, self.batch_size)

    def part(self, index: int, start: int, stop: int) -> tuple[dict, dict]:
        """What lies from `start` to `stop` in a batch; only that is read."""
        self.note_reading()
        index += self.first_batch
        sources, targets, epoch = self._batch(index)
        pairs = {
            "source": [self._read_source(i) for i in sources[start:stop]],
            "target": [self.read_shot(i) for i in targets[start:stop]],
        }
        first = index * self.batch_size + start
        for domain, key in enumerate(pairs):
            if augment := self.augmentation[key]:
                pairs[key] = [
                    augment(*pair, seed=(self.seed, epoch, domain, position))
                    for position, pair in enumerate(pairs[key], first)
                ]
        if self.mixing:
            pairs["target"] = [
                self.mixing(source, target, seed=(self.seed, epoch, 2, position))
                for position, (source, target) in enumerate(
                    zip(pairs["source"], pairs["target"], strict=True), first
                )
            ]
        images, labels = (
            {key: np.stack([pair[part] for pair in pairs[key]]) for key in pairs}
            for part in (0, 1)
        )
        return images, labels

    def batch_names(self, index: int) -> dict[str, list[str]]:
        """The image paths of a batch of this epoch, by domain."""
        sources, targets, _ = self._batch(self.first_batch + index)
        return {
            "source": [self.source.pairs[sample][0] for sample in sources],
            "target": [self.target.pairs[sample][0] for sample in targets],
        }

    def selection_pass(self, batch_size: int | None = None) -> SelectionPass:
        """The kept source images in order, each with a target image.

        Batches are dictionaries: `"source"` and `"target"` images and `"index"`, the
        positions in `source.pairs`. Nothing is shuffled, augmented or left out.

        Args:
            batch_size: Images a batch. Defaults to `None`, that of this data set.
        """
        return SelectionPass(self, batch_size or self.batch_size)

    def target_dataset(
        self, batch_size: int | None = None, steps: int | None = None, **options: Any
    ) -> SegmentationDataset:
        """The shots alone, augmented as here, for fine-tuning and distillation.

        Args:
            batch_size: Images a batch. Defaults to `None`, that of this data set.
            steps: Number of batches; the shots go round until they are filled.
                Defaults to `None`, one pass over the shots.
            **options: Further arguments of `SegmentationDataset`.
        """
        batch_size = batch_size or self.batch_size
        record = self.target
        if steps is not None:
            record = record.select(self._shots_from(0, steps * batch_size))
        return SegmentationDataset(
            record,
            batch_size,
            self.image_size,
            **{
                "label_size": "image",
                "shuffle": steps is None,
                "seed": self.seed,
                "augmentation": self.augmentation["target"],
                "on_bad_file": self.on_bad_file,
                "cache": self._shots,
                "workers": self.workers,
                "max_queue_size": self.max_queue_size,
            }
            | options,
        )

    def read_shot(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Image and labels of a shot; they are few and stay in memory."""
        size = self.image_size

        def read(index):
            return self._shots.read(self.target, index, size, size, read_pair)

        return self._bad_files.read(read, _from(index, np.arange(len(self.target))))

    def read_source_image(self, index: int) -> np.ndarray:
        """A source image alone; its labels are not decoded for it."""
        return self._bad_files.read(self._read_image, _from(index, self.kept))

    def _read_image(self, index):
        size = self.image_size
        pair = self.cache and self.cache.find(self.source, index, size, size)
        if pair:
            return pair[0]
        return read_image(self.source.pairs[index][0], size, self.source.crop)

    def _read_source(self, index):
        return self._bad_files.read(self._read_pair, _from(index, self.kept))

    def _read_pair(self, index):
        size = self.image_size
        if self.cache:
            return self.cache.read(self.source, index, size, size, read_pair)
        return read_pair(self.source, index, size, size)

    def _batch(self, index):
        """The source and target positions of a batch, and its epoch."""
        # Read once: a callback may change both while threads prepare batches.
        kept, epoch = self.kept, self.epoch
        batches = len(kept) // self.batch_size
        if not self.first_batch <= index < batches:
            raise IndexError(f"batch {index} of {batches}")
        if self._rare_classes:
            random = np.random.default_rng([self.seed, epoch, 3, index])
            sources = self._rare_classes.draw(kept, self.batch_size, random)
        else:
            order = np.random.default_rng([self.seed, epoch]).permutation(kept)
            sources = order[index * self.batch_size :][: self.batch_size]
        targets = self._shots_from(
            (epoch * batches + index) * self.batch_size, self.batch_size
        )
        return sources, targets, epoch

    def _shots_from(self, start, count):
        """A stretch of an endless row of permutations of the shots."""
        shots = len(self.target)
        rounds = range(start // shots, (start + count - 1) // shots + 1)
        row = [
            np.random.default_rng([self.seed, r, 1]).permutation(shots) for r in rounds
        ]
        return np.concatenate(row)[start % shots :][:count]


def _from(index, positions):
    """Yield a position, then those after it and those before it."""
    yield index
    place = np.searchsorted(positions, index)
    for position in np.roll(positions, -place).tolist():
        if position != index:
            yield position
