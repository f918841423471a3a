"""Pictures of what the segmenter predicts, after each epoch."""

import pathlib
from collections.abc import Sequence

import keras
import numpy as np

from keras_pixda.metrics import labels_from_logits
from keras_pixda.replicas import is_chief, strategy_of
from keras_pixda.typing import FilePath, Logs, Palette
from keras_pixda.visualization import panel, summary_writer
from keras_pixda.whole_file import whole_file


class PredictionImages(keras.callbacks.Callback):
    """Draw image, truth and prediction side by side after an epoch.

    Example:
    ```python
    import os
    import tempfile

    import keras
    import numpy as np
    from keras_pixda.callbacks import PredictionImages

    images = np.random.rand(2, 8, 8, 3).astype("float32")
    labels = np.random.randint(0, 2, (2, 8, 8)).astype("uint8")
    segmenter = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 1)])
    segmenter.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    with tempfile.TemporaryDirectory() as folder:
        pictures = PredictionImages(
            images,
            labels,
            palette=[(128, 64, 128), (0, 0, 142)],
            classes=("road", "car"),
            folder=folder,
        )
        segmenter.fit(images, labels, verbose=0, callbacks=[pictures])
        assert os.listdir(folder) == ["epoch_0001.png"]
    ```

    Args:
        images: RGB images `(number, height, width, 3)`, 0..255, a few.
        labels: Integer class ids `(number, height, width)`, of any height and width; a
            list serves where they differ in size.
        palette: One RGB colour, 0..255, for each class.
        classes: Class names of the legend.
        folder: Where `epoch_0001.png` and so on are written, the first epoch being 1 as
            in the names of `keras.callbacks.ModelCheckpoint`; it is made. Defaults to
            `None`.
        log_dir: TensorBoard folder, for which the package `tensorboard` is needed.
            Defaults to `None`.
        every: Draw at the end of every so many epochs. Defaults to 1.
        ignore_class: Label value that is hatched. Defaults to 255.
        captions: One line of text above each row. Defaults to `None`.

    Raises:
        ValueError: If neither `folder` nor `log_dir` is given, if there is no image, or
            if the arguments do not fit each other.
        ImportError: If `log_dir` is given and `tensorboard` is not installed.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray | Sequence[np.ndarray],
        palette: Palette,
        classes: Sequence[str],
        folder: FilePath | None = None,
        log_dir: FilePath | None = None,
        every: int = 1,
        ignore_class: int = 255,
        captions: Sequence[str] | None = None,
    ):
        super().__init__()
        if folder is None and log_dir is None:
            raise ValueError("Nowhere to draw to: give `folder`, `log_dir` or both.")
        if every < 1:
            raise ValueError(f"`every` counts epochs from 1, received {every}.")
        self.images = np.asarray(images)
        self.labels = [np.asarray(part) for part in labels]
        self.palette = palette
        self.classes = tuple(classes)
        self.folder = None if folder is None else pathlib.Path(folder)
        self.log_dir = log_dir
        self.every = every
        self.ignore_class = ignore_class
        self.captions = captions
        # Wrong pictures show now, not after an epoch of training.
        self._panel(self.labels)
        self._writer = None if log_dir is None else summary_writer(log_dir)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Draw the pictures."""
        if (epoch + 1) % self.every:
            return
        logits = self.model.predict(self.images, verbose=0)
        if not is_chief(strategy_of(self.model)):
            return
        predictions = [
            labels_from_logits(logits[number, None], *part.shape[:2])[0]
            for number, part in enumerate(self.labels)
        ]
        picture = self._panel([*map(keras.ops.convert_to_numpy, predictions)])
        if self.folder is not None:
            with whole_file(self.folder / f"epoch_{epoch + 1:04d}.png") as unfinished:
                picture.save(unfinished, format="PNG")
        if self._writer is not None:
            self._writer.image("predictions", np.asarray(picture), step=epoch)

    def _panel(self, predictions):
        return panel(
            {"image": self.images, "truth": self.labels, "prediction": predictions},
            self.palette,
            self.classes,
            captions=self.captions,
            ignore_class=self.ignore_class,
        )
