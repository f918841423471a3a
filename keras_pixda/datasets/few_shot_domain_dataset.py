"""Pair every source batch with target images, a few labelled and many not."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_pixda.datasets.arguments import (
    as_augmentation,
    as_batch_size,
    as_cache,
    as_size,
    expect_records,
)
from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.datasets.choose_shots import choose_shots
from keras_pixda.datasets.class_pixels import class_pixels
from keras_pixda.datasets.counted_passes import CountedPasses
from keras_pixda.datasets.data_error import Finding
from keras_pixda.datasets.endless_order import endless_order
from keras_pixda.datasets.pair_cache import PairCache
from keras_pixda.datasets.rare_class_sampling import RareClassSampling
from keras_pixda.datasets.reader import read_image, read_pair
from keras_pixda.datasets.segmentation_dataset import SegmentationDataset
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.datasets.selection_pass import SelectionPass
from keras_pixda.datasets.without_shots import without_shots
from keras_pixda.typing import FilePath, Size

# Streams of random numbers; mixing takes 2, and rare classes 3.
_SHOTS, _UNLABELLED = 1, 4


class FewShotDomainDataset(CountedPasses):
    """Batches of many labelled source images and a few labelled target images.

    There may be unlabelled target images as well, as many a batch as of the others.

    A batch is `(images, labels)`, each a dictionary with the keys `"source"` and
    `"target"`: images `uint8` `(batch, height, width, 3)` in 0..255, labels `uint8`
    train ids `(batch, height, width)`. With `unlabelled`, images have that key, too;
    without shots neither images nor labels have `"target"`.

    An epoch is one pass over the kept source images in a new order, or as many images
    drawn by `rare_class_sampling`; the shots, and the unlabelled images, go round
    endlessly, each as often as the others. A batch depends on `seed`, `epoch`, its
    index and `kept` alone, so threads and restarts change nothing; `fit(...,
    shuffle=False)` keeps Keras from mixing the order of the batches once more. A loop
    of one's own calls `on_epoch_end()` after each pass, as `fit` does, to get the next
    one.

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
        target: `SegmentationRecord` to take the few images from. With `shots=0` it may
            be `None`, or have no masks: then it is `unlabelled` if that is not given.
        shots: Images to take from every city of the target. `None` takes a
            `shots_file` as it is; 0 takes none, which needs `unlabelled`.
        batch_size: Source images a batch, and as many of each other kind.
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
        unlabelled: `SegmentationRecord` of target images whose masks, if it has any,
            are never read. Those that are shots are left out, which is said on
            standard error. They are neither augmented nor mixed. Defaults to `None`.

    Attributes:
        epoch: Number of finished epochs; may be set.
        first_batch: Batches to leave out at the beginning of this epoch, which is that
            much shorter; may be set, to go on in the midst of one.
        kept: Positions in `source.pairs` that are used, sorted. Starts as all; may be
            set.
        target: The record of the chosen shots, empty if there are none.
        unlabelled: The record of the unlabelled images, without shots and masks, or
            `None`.
        left_out: The `Finding` of every file that was left out so far, a list.

    Raises:
        DataError: If `shots_file` names an image that is not in the target.
        ValueError: If the classes of the two differ, a city has too few images, there
            is no target image at all, or an argument does not fit.
        TypeError: If a record is a text or a path.
    """

    def __init__(
        self,
        source: SegmentationRecord,
        target: SegmentationRecord | None,
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
        unlabelled: SegmentationRecord | None = None,
    ):
        super().__init__(workers=workers, max_queue_size=max_queue_size)
        expect_records(source=source, target=target, unlabelled=unlabelled)
        source.require_masks()
        none_asked_for = shots == 0 and shots_file is None
        if none_asked_for and (target is None or not target.labelled):
            unlabelled = target if unlabelled is None else unlabelled
            target = source.select([])
        if target is None:
            raise ValueError(f"target is None, expected shots=0, received {shots}")
        target.require_masks()
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
        self.unlabelled = unlabelled
        if unlabelled is not None:
            self.unlabelled = without_shots(unlabelled, self.target)
        elif not len(self.target):
            raise ValueError(
                "shots=0 leaves no target image: expected pictures without masks, "
                "unlabelled=... or --unlabelled"
            )
        if mixing and not len(self.target):
            raise ValueError(
                "mixing puts parts of source images into labelled target images, of "
                "which shots=0 leaves none: expected None"
            )
        self.augmentation = as_augmentation(augmentation)
        self.mixing = mixing
        self.cache = as_cache(cache)
        self._bad_files = BadFiles(on_bad_file)
        self.rare_class_sampling = rare_class_sampling
        self.kept = np.arange(len(source))
        self._shots = PairCache()

    @property
    def rare_class_sampling(self) -> float | None:
        """The temperature; classes are counted when one is set."""
        return self._rare_classes and self._rare_classes.temperature

    @rare_class_sampling.setter
    def rare_class_sampling(self, temperature: float | None) -> None:
        self._rare_classes = None
        if temperature is not None:
            skip = self.on_bad_file == "skip"
            self._rare_classes = RareClassSampling(
                class_pixels(
                    self.source, self.image_size, self.cache, self.workers, skip=skip
                ),
                math.prod(self.image_size),
                temperature,
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
        positions, epoch = self._batch(index)
        unlabelled = positions.pop("unlabelled", None)
        readers = {"source": self._read_source, "target": self.read_shot}
        pairs = {
            domain: [readers[domain](i) for i in chosen[start:stop]]
            for domain, chosen in positions.items()
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
        if unlabelled is not None:
            pictures = [self.read_unlabelled(i) for i in unlabelled[start:stop]]
            images["unlabelled"] = np.stack(pictures)
        return images, labels

    def batch_names(self, index: int) -> dict[str, list[str]]:
        """The image paths of a batch of this epoch, by domain."""
        positions, _ = self._batch(self.first_batch + index)
        return {
            domain: [getattr(self, domain).pairs[sample][0] for sample in chosen]
            for domain, chosen in positions.items()
        }

    def selection_pass(self, batch_size: int | None = None) -> SelectionPass:
        """The kept source images in order, each with a shot.

        Without shots it is an unlabelled image. Batches are dictionaries: `"source"`
        and `"target"` images and `"index"`, the positions in `source.pairs`. Nothing is
        shuffled, augmented or left out.

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
        if not len(record):
            raise ValueError(
                "shots=0 leaves no labelled target image, expected one at least"
            )
        if steps is not None:
            length = steps * batch_size
            order = endless_order(len(record), 0, length, self.seed, _SHOTS)
            record = record.select(order)
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

    def read_target_image(self, position: int) -> np.ndarray:
        """An image of the endless row of shots or, without shots, unlabelled ones."""
        if len(self.target):
            return self.read_shot(position % len(self.target))[0]
        return self.read_unlabelled(position % len(self.unlabelled))

    def read_unlabelled(self, index: int) -> np.ndarray:
        """An unlabelled target image."""
        record, size = self.unlabelled, self.image_size

        def read(index):
            if self.cache:
                return self.cache.read(record, index, size, None, _read_alone)
            return _read_alone(record, index, size)

        return self._bad_files.read(read, _from(index, np.arange(len(record))))[0]

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
        """Each domain's positions of a batch, and its epoch."""
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
        start = (epoch * batches + index) * self.batch_size
        positions = {"source": sources}
        for domain, stream in (("target", _SHOTS), ("unlabelled", _UNLABELLED)):
            if count := len(getattr(self, domain) or ()):
                positions[domain] = endless_order(
                    count, start, self.batch_size, self.seed, stream
                )
        return positions, epoch


def _read_alone(record, index, size, label_size=None):
    """A picture and no labels, since a cache keeps pairs."""
    image = read_image(record.pairs[index][0], size, record.crop)
    return image, np.zeros((0, 0), np.uint8)


def _from(index, positions):
    """Yield a position, then those after it and those before it."""
    yield index
    place = np.searchsorted(positions, index)
    for position in np.roll(positions, -place).tolist():
        if position != index:
            yield position
