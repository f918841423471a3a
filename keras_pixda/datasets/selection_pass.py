"""One ordered pass over the kept source images, to choose among them."""

import math

import keras
import numpy as np


class SelectionPass(keras.utils.PyDataset):
    """The kept source images of a few-shot data set in order, each with a shot.

    `FewShotDomainDataset.selection_pass` makes it. A batch is a dictionary: images
    `"source"` and `"target"`, `uint8` `(batch, height, width, 3)`, and `"index"`,
    `int64` positions in `source.pairs`. The last batch may be smaller. Masks are not
    read, nothing is augmented, and what is kept later does not change it.

    Args:
        dataset: The `FewShotDomainDataset`.
        batch_size: Images a batch.
    """

    def __init__(self, dataset: keras.utils.PyDataset, batch_size: int):
        super().__init__(workers=dataset.workers, max_queue_size=dataset.max_queue_size)
        self.dataset = dataset
        self.batch_size = batch_size
        self.kept = dataset.kept

    def __len__(self) -> int:
        return math.ceil(len(self.kept) / self.batch_size)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        first = index * self.batch_size
        chosen = self.kept[first : first + self.batch_size]
        images = [self.dataset.read_source_image(i) for i in chosen]
        targets = [
            self.dataset.read_target_image(position)
            for position in range(first, first + len(chosen))
        ]
        return {
            "source": np.stack(images),
            "target": np.stack(targets),
            "index": np.array(chosen),
        }
