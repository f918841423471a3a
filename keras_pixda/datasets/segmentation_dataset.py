"""Batches of images and labels of one data set."""

import collections
import copy
import functools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_pixda.datasets.arguments import (
    as_batch_size,
    as_cache,
    as_size,
    expect_records,
)
from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.datasets.batches_of_one_size import batches_of_one_size
from keras_pixda.datasets.counted_passes import CountedPasses
from keras_pixda.datasets.data_error import Finding
from keras_pixda.datasets.mask_size import mask_size
from keras_pixda.datasets.pair_cache import PairCache
from keras_pixda.datasets.reader import read_pair
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.typing import FilePath, Size


class SegmentationDataset(CountedPasses):
    """Batches of one labelled data set, for validation and for training.

    A batch is `(images, labels)`: `uint8` `(batch, height, width, 3)` in 0..255 and
    `uint8` train ids `(batch, label height, label width)`. Where labels keep their
    sizes and these differ, a batch holds labels of one size, and the last batch of
    each size may be smaller: every image is measured at the size of its own mask. A
    loop of one's own calls `on_epoch_end()` after each pass, as `fit` does, to get the
    order and the augmentation of the next.

    Example:
    ```python
    import pathlib
    import tempfile

    from PIL import Image

    from keras_pixda.datasets import SegmentationDataset, folder

    with tempfile.TemporaryDirectory() as root:
        for kind, mode in (("images", "RGB"), ("masks", "L")):
            pathlib.Path(root, kind).mkdir()
            Image.new(mode, (32, 24)).save(f"{root}/{kind}/a.png")
        record = folder(f"{root}/images", f"{root}/masks", ("road",))
        images, labels = SegmentationDataset(record, image_size=(12, 16))[0]
    assert images.shape == (1, 12, 16, 3)
    assert labels.shape == (1, 24, 32)
    ```

    Args:
        record: The `SegmentationRecord` to read.
        batch_size: Images a batch. Defaults to `1`.
        image_size: `(height, width)` of the images.
        label_size: `(height, width)` of the labels; `"native"`, as they are on disk,
            which is what an evaluation wants; or `"image"`, as the images. Defaults
            to `"native"`.
        shuffle: Whether each epoch has an order of its own. Defaults to `False`.
        seed: Where the orders and the augmentation come from. Defaults to `0`.
        augmentation: What `augmentation(...)` returned; wants labels of the size of
            the images. Defaults to `None`.
        drop_remainder: Whether a last, smaller batch, or that of each size of labels,
            is left out. Defaults to `False`.
        cache: Keeps decoded pairs for later epochs: `"memory"`, a folder or a
            `PairCache`. Defaults to `None`, every epoch decodes them.
        on_bad_file: `"stop"`, or `"skip"`: a pair that cannot be read, as when its
            files vanish, becomes black with every pixel ignored, which counts for
            nothing. Defaults to `"stop"`.
        workers: Number of threads that prepare batches. Defaults to `2`.
        max_queue_size: Number of batches prepared ahead. Defaults to `10`.

    Attributes:
        epoch: Number of finished epochs; may be set.
        first_batch: Batches to leave out at the beginning of this epoch; may be set.
        left_out: The `Finding` of every file that was left out so far, a list.

    Raises:
        ValueError: If an argument does not fit, or the record has no masks.
        TypeError: If the record is a text or a path.
    """

    def __init__(
        self,
        record: SegmentationRecord,
        batch_size: int = 1,
        image_size: Size | None = None,
        label_size: Size | str = "native",
        shuffle: bool = False,
        seed: int = 0,
        augmentation: Callable | None = None,
        drop_remainder: bool = False,
        cache: FilePath | PairCache | None = None,
        on_bad_file: str = "stop",
        workers: int = 2,
        max_queue_size: int = 10,
    ):
        super().__init__(workers=workers, max_queue_size=max_queue_size)
        expect_records(record=record)
        record.require_masks()
        self.record = record
        self.batch_size = as_batch_size(batch_size, record, drop_remainder)
        self.image_size = as_size(image_size, "image_size")
        if label_size not in ("native", "image"):
            label_size = as_size(label_size, 'label_size, if not "native" or "image",')
        self.label_size = label_size
        self.shuffle = shuffle
        self.seed = seed
        if augmentation and label_size != "image":
            raise ValueError(
                "augmentation needs labels of the size of the images, "
                f'label_size="image", received {label_size!r}'
            )
        self.augmentation = augmentation
        self.drop_remainder = drop_remainder
        self.cache = as_cache(cache)
        self._bad_files = BadFiles(on_bad_file)
        self._batches = None, ()
        self._pass_length = None

    def in_passes(self, length: int) -> "SegmentationDataset":
        """The same batches in the same order, in passes of another length.

        The batches of all epochs, one after the other, are cut anew: each is what it
        would have been, augmentation included, and only the ends of passes move.

        Args:
            length: Batches a pass.
        """
        if length < 1:
            raise ValueError(f"length counts batches from 1, received {length}.")
        cut = copy.copy(self)
        cut.epoch = cut.first_batch = 0
        cut._pass_length = length
        return cut

    def __len__(self) -> int:
        return (self._pass_length or self._whole()) - self.first_batch

    def _whole(self):
        """Number of batches that hold the record once."""
        counts = collections.Counter(self.label_sizes or [None] * len(self.record))
        round_ = math.floor if self.drop_remainder else math.ceil
        return sum(round_(count / self.batch_size) for count in counts.values())

    @functools.cached_property
    def label_sizes(self) -> list[Size] | None:
        """`(height, width)` of each pair's labels; `None` if all are alike."""
        if self.label_size != "native":
            return None
        crop = self.record.crop

        def size_of(pair):
            return mask_size(pair[1], crop)

        with ThreadPoolExecutor(max(self.workers, 1)) as pool:
            sizes = [*pool.map(size_of, self.record.pairs)]
        known = collections.Counter(size for size in sizes if size)
        if len(known) < 2:
            return None
        if self.drop_remainder and max(known.values()) < self.batch_size:
            raise ValueError(
                f"{self.record.name} has masks of {len(known)} sizes, none of them "
                f"{self.batch_size} times, the batch_size: there would be no batch"
            )
        # What cannot be read will be black there, or an error.
        [(usual, _)] = known.most_common(1)
        return [size or usual for size in sizes]

    @property
    def mixed_sizes(self) -> bool:
        """Whether batches differ in the size of their labels."""
        return self.label_sizes is not None

    @property
    def smaller_batches(self) -> bool:
        """Whether some batches are smaller than others."""
        counts = collections.Counter(self.label_sizes or [None] * len(self.record))
        left = any(count % self.batch_size for count in counts.values())
        return left and not self.drop_remainder

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self.part(index, 0, self.batch_size)

    def part(self, index: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """What lies from `start` to `stop` in a batch; only that is read."""
        self.note_reading()
        first, chosen, epoch = self._batch(index)
        first, chosen = first + start, chosen[start:stop]
        size = self.label_sizes[chosen[0]] if self.mixed_sizes else None
        samples = []
        for position, sample in enumerate(chosen, first):
            pair = self._bad_files.read(self._read, (sample, None))
            if self.augmentation and pair is not None:
                pair = self.augmentation(*pair, seed=(self.seed, epoch, position))
            samples.append(pair)
        if any(pair is None for pair in samples):
            blank = self._blank(samples, size)
            samples = [blank if pair is None else pair for pair in samples]
        images, labels = zip(*samples, strict=True)
        if len({mask.shape for mask in labels}) > 1:
            sizes = ", ".join(
                f"{self.record.pairs[sample][1]} {mask.shape[1]}x{mask.shape[0]}"
                for sample, mask in zip(chosen, labels, strict=True)
            )
            raise ValueError(
                f"The masks of a batch differ in size: {sizes}. A file has changed "
                "since the data set was made: make it anew, or give a label_size"
            )
        return np.stack(images), np.stack(labels)

    def batch_names(self, index: int) -> list[str]:
        """The image paths of a batch of this epoch."""
        return [self.record.pairs[sample][0] for sample in self._batch(index)[1]]

    def _batch(self, index):
        """Where a batch begins, its positions in the record, and its epoch."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        epoch, number = self.epoch, self.first_batch + index
        if self._pass_length:
            epoch, number = divmod(epoch * self._pass_length + number, self._whole())
        order = np.arange(len(self.record))
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(order)
        first = number * self.batch_size
        if self.mixed_sizes:
            return first, self._of_one_size(order, epoch)[number], epoch
        return first, order[first : first + self.batch_size], epoch

    def _of_one_size(self, order, epoch):
        """The batches of an epoch, which are found once for each."""
        known, batches = self._batches
        if known != (self.seed, epoch):
            batches = batches_of_one_size(
                order.tolist(), self.label_sizes, self.batch_size, self.drop_remainder
            )
            self._batches = (self.seed, epoch), batches
        return batches

    @property
    def left_out(self) -> list[Finding]:
        """The `Finding` of every file that was left out so far, a list."""
        return self._bad_files.left_out

    def _blank(self, samples, label_size):
        """A pair without labels, as large as the others of a batch."""
        for pair in samples:
            if pair is not None:
                image, labels = map(np.empty_like, pair)
                break
        else:
            if isinstance(self.label_size, tuple):
                label_size = self.label_size
            image = np.empty((*self.image_size, 3), np.uint8)
            labels = np.empty(label_size or self.image_size, np.uint8)
        image[:], labels[:] = 0, self.record.ignore_class
        return image, labels

    def _read(self, sample):
        if sample is None:
            return None
        sizes = {"image": self.image_size, "native": None}
        label_size = sizes.get(self.label_size, self.label_size)
        arguments = self.record, sample, self.image_size, label_size
        if self.cache:
            return self.cache.read(*arguments, read=read_pair)
        return read_pair(*arguments)
