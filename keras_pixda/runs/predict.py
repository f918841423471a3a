"""Segment pictures with the segmenter of a finished run."""

import pathlib

import keras
import numpy as np
from PIL import Image

from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.datasets.cityscapes_classes import (
    CITYSCAPES_CLASSES,
    CITYSCAPES_ID_MAP,
)
from keras_pixda.datasets.home import home
from keras_pixda.metrics import labels_from_logits
from keras_pixda.progress import Progress
from keras_pixda.runs.pictures import find_pictures
from keras_pixda.runs.saved_run import saved_run
from keras_pixda.serving import SlidingWindow
from keras_pixda.visualization import colour_mask, overlay
from keras_pixda.whole_file import whole_file


def predict(
    folder,
    images,
    output,
    model="segmenter.keras",
    image_size=None,
    window=None,
    overlap=0.25,
    flip=False,
    batch_size=4,
    overwrite=False,
    verbose=True,
    on_bad_file="stop",
):
    """Write a label file, a colour mask and an overlay for every picture.

    Pictures are segmented at the image size of the run, or window by window at their
    own; the answer has the size of the picture. Below `output`, `labels/` holds class
    ids as gray values, `colours/` the classes' colours and `overlays/` these over the
    picture, in the sub-folders of the pictures. Where all classes are among the 19 of
    Cityscapes, the ids are the official ones (road 7) and the files end in
    `_labelIds.png`, which is what the official evaluation reads; otherwise they are
    the positions in `classes.json`, and the files end in `_labelTrainIds.png`. The
    overlays of an animation are put together to one again.

    Example:

    ```python
    from keras_pixda.runs import predict

    def main(folder):
        return predict(folder, "photos", "segmented", window=(512, 1024), flip=True)
    ```

    Args:
        folder: Folder that `train` wrote.
        images: A PNG or JPEG file, a folder of them at any depth, such as the frames of
            a video, or an animated GIF, WebP or PNG.
        output: Folder to write into; it is made if needed.
        model: File in the run's folder. Defaults to `"segmenter.keras"`.
        image_size: `(height, width)` that pictures are segmented at. Defaults to
            `None`, that of the run, or with a window that of each picture.
        window: `(height, width)` of a sliding window, see `SlidingWindow`, for pictures
            that are too large for one pass. Defaults to `None`, whole pictures.
        overlap: Share of a window that the next one covers too. Defaults to 0.25.
        flip: Whether to average with the mirrored picture. Defaults to `False`.
        batch_size: Windows at a time. Defaults to 4.
        overwrite: Whether to replace files of an earlier prediction. Defaults to
            `False`.
        verbose: Whether to show progress. Defaults to `True`.
        on_bad_file: What happens to pictures of a folder that cannot be read or are no
            PNG or JPEG: `"stop"`, an error that lists all of them before anything is
            written; or `"skip"`, they are left out and listed at the end. Defaults to
            `"stop"`.

    Returns:
        The paths of the label files.

    Raises:
        DataError: If a picture cannot be read.
        FileExistsError: If a file is there already; nothing has been written then.
        FileNotFoundError: If there is no picture, or the folder holds no run.
        ValueError: If the output lies among the pictures or would leave its folder, or
            if no picture can be read.
    """
    bad_files = BadFiles(on_bad_file)
    images, output = home(images), home(output)
    segmenter, facts = saved_run(folder, model)
    segmenter = SlidingWindow(segmenter, window, overlap, flip, batch_size)
    if image_size is None and window is None:
        image_size = facts["image_size"]
    palette = [tuple(colour) for colour in facts["palette"]]
    ids, ending = label_ids(facts["classes"])
    names, pictures, durations = find_pictures(images, bad_files, verbose)
    files = _Files(images, output, names, ending, durations, overwrite)
    progress = Progress("prediction", len(names), verbose)
    written = []
    for done, (name, picture) in enumerate(zip(names, pictures, strict=True), start=1):
        if picture is None:
            progress(done)
            continue
        labels = _labels(segmenter, picture, image_size)
        picture = np.asarray(picture)
        files.save("labels", name, ids[labels])
        files.save("colours", name, colour_mask(labels, palette))
        files.save("overlays", name, overlay(picture[None], labels[None], palette)[0])
        written.append(files.path("labels", name))
        progress(done)
    left_out = bad_files.left_out
    if not written:
        raise ValueError(f"{images}: no picture can be read, such as {left_out[-1]}")
    files.animate(names)
    if left_out and verbose:
        print(f"Left out, {len(left_out)} files:", *left_out, sep="\n", flush=True)
    return written


def label_ids(classes):
    """The id of every class in label files, and how the files' names end."""
    official = {train_id: id for id, train_id in CITYSCAPES_ID_MAP.items()}
    if set(classes) <= set(CITYSCAPES_CLASSES):
        ids = [official[CITYSCAPES_CLASSES.index(name)] for name in classes]
        return np.array(ids, "uint8"), "labelIds"
    return np.arange(len(classes), dtype="uint8"), "labelTrainIds"


def _labels(segmenter, picture, image_size):
    """Class ids of a Pillow picture, as large as it."""
    width, height = picture.size
    if image_size is not None and tuple(image_size) != (height, width):
        picture = picture.resize(image_size[::-1], Image.Resampling.BICUBIC)
    logits = segmenter(np.asarray(picture)[None])
    if logits.shape[1:3] == (height, width):
        # In NumPy: the logits of a large picture are not copied once more.
        return logits[0].argmax(axis=-1).astype("uint8")
    labels = keras.ops.convert_to_numpy(labels_from_logits(logits, height, width))
    return labels[0].astype("uint8")


class _Files:
    """Where results go: inside the output folder, whole, over nothing unasked."""

    def __init__(self, images, output, names, ending, durations, overwrite):
        self.output = pathlib.Path(output)
        self.durations = durations
        self.endings = {"labels": ending, "colours": "colours", "overlays": "overlay"}
        inside = self.output.resolve()
        if inside.is_relative_to(pathlib.Path(images).resolve()):
            raise ValueError(
                f"{output} lies in the folder of pictures {images}: choose another "
                "one, the next prediction would take results for pictures."
            )
        paths = [self.path(kind, name) for kind in self.endings for name in names]
        self.animation = None
        if durations is not None:
            self.animation = self.output / "overlays" / pathlib.Path(images).name
            paths.append(self.animation)
        for path in paths:
            # A link in the output folder may lead out of it.
            if not path.parent.resolve().is_relative_to(inside):
                raise ValueError(f"{path} would lie outside of {output}.")
        there = [path for path in paths if path.exists()]
        if there and not overwrite:
            raise FileExistsError(
                f"{there[0]} exists, and {len(there) - 1} more results: choose "
                "another output folder, or overwrite them."
            )

    def path(self, kind, name):
        return self.output / kind / f"{name}_{self.endings[kind]}.png"

    def save(self, kind, name, pixels):
        _save(Image.fromarray(pixels), self.path(kind, name))

    def animate(self, names):
        """The overlays of an animation as an animation of the same format."""
        if self.animation is not None:
            paths = [self.path("overlays", name) for name in names]
            _save(
                next(iter(_Pictures(paths[:1]))),
                self.animation,
                save_all=True,
                append_images=_Pictures(paths[1:]),
                duration=self.durations,
                loop=0,
            )


class _Pictures:
    """Pictures read one at a time; Pillow goes through them more than once."""

    def __init__(self, paths):
        self.paths = paths

    def __iter__(self):
        for path in self.paths:
            with Image.open(path) as picture:
                # A copy outlives the file.
                yield picture.copy()


def _save(picture, path, **options):
    with whole_file(path) as unfinished:
        picture.save(unfinished, **options)
