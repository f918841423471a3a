"""Segment pictures with the segmenter of a finished run."""

import pathlib

import keras
import numpy as np
from PIL import Image

from keras_pixda.datasets import read_image
from keras_pixda.metrics import labels_from_logits
from keras_pixda.progress import Progress
from keras_pixda.runs.saved_run import saved_run
from keras_pixda.visualization import overlay

SUFFIXES = (".png", ".jpg", ".jpeg")


def predict(folder, images, output, model="segmenter.keras", verbose=True):
    """Write class ids and a coloured overlay for every picture.

    Pictures are segmented at the image size of the run; the answer has the size of the
    picture. `<name>_labels.png` holds class ids, shown in the classes' colours, and
    `<name>_overlay.png` the picture under these colours.

    Example:

    ```python
    from keras_pixda.runs import predict

    def main(folder):
        return predict(folder, "photos", "segmented")
    ```

    Args:
        folder: Folder that `train` wrote.
        images: A PNG or JPEG file, or a folder of them.
        output: Folder to write into; it is made if needed.
        model: File in the run's folder. Defaults to `"segmenter.keras"`.
        verbose: Whether to show progress. Defaults to `True`.

    Returns:
        The paths of the label files.

    Raises:
        FileNotFoundError: If there is no picture, or the folder holds no run.
        ValueError: If two pictures would be written to the same file.
    """
    segmenter, facts = saved_run(folder, model)
    pictures = find_pictures(images)
    output = pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    palette = np.array(facts["palette"], dtype="uint8")
    progress = Progress("prediction", len(pictures), verbose)
    written = []
    for done, path in enumerate(pictures, start=1):
        picture = read_image(path)
        image = read_image(path, facts["image_size"])
        logits = segmenter(image[None], training=False)
        labels = keras.ops.convert_to_numpy(
            labels_from_logits(logits, *picture.shape[:2])
        )[0].astype("uint8")
        ids = Image.fromarray(labels)
        ids.putpalette(palette.tobytes())
        ids.save(output / f"{path.stem}_labels.png")
        laid_over = overlay(picture[None], labels[None], palette)[0]
        Image.fromarray(laid_over).save(output / f"{path.stem}_overlay.png")
        written.append(output / f"{path.stem}_labels.png")
        progress(done)
    return written


def find_pictures(images):
    """The picture, or the pictures of a folder, sorted by name."""
    images = pathlib.Path(images)
    if images.is_file():
        return [images]
    if not images.is_dir():
        raise FileNotFoundError(f"{images}: no such file or folder of pictures.")
    pictures = sorted(p for p in images.iterdir() if p.suffix.lower() in SUFFIXES)
    if not pictures:
        raise FileNotFoundError(f"{images}: no picture in it, expected {SUFFIXES}.")
    stems = [p.stem for p in pictures]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise ValueError(
            f"{images}: {twice[:5]} are the names of several pictures; rename them, "
            "their results would overwrite each other."
        )
    return pictures
