"""Segment pictures with the segmenter of a finished run."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np

from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.datasets.home import home
from keras_pixda.progress import Progress
from keras_pixda.runs.label_ids import label_ids
from keras_pixda.runs.manifest import file_sum
from keras_pixda.runs.pictures import find_pictures
from keras_pixda.runs.prediction_files import PredictionFiles
from keras_pixda.runs.prediction_notes import PredictionNotes
from keras_pixda.runs.saved_facts import saved_facts


def predict(
    folder: str | os.PathLike,
    images: str | os.PathLike,
    output: str | os.PathLike,
    model: str = "segmenter.keras",
    image_size: tuple[int, int] | None = None,
    window: tuple[int, int] | None = None,
    overlap: float = 0.25,
    flip: bool = False,
    batch_size: int = 4,
    overwrite: bool = False,
    verbose: bool = True,
    on_bad_file: str = "stop",
    scales: Sequence[float] = (1.0,),
    devices: str = "1",
    shard: tuple[int, int] | None = None,
    resume: bool = False,
) -> list[pathlib.Path]:
    """Write a label file, a colour mask and an overlay for every picture.

    Pictures are segmented at the image size of the run, or window by window at their
    own; the answer has the size of the picture. Below `output`, `labels/` holds class
    ids as gray values, `colours/` the classes' colours and `overlays/` these over the
    picture, in the sub-folders of the pictures. Where all classes are among the 19 of
    Cityscapes, the ids are the official ones (road 7) and the files end in
    `_labelIds.png`, which is what the official evaluation reads; otherwise they are
    the positions in `classes.json`, and the files end in `_labelTrainIds.png`. The
    overlays of an animation are put together to one again. `prediction.json` says what
    they were made with.

    Several devices segment a picture each. Several machines, or the tasks of a queue,
    take a shard each of one folder and may write into the same output.

    Example:

    ```python
    import json
    import pathlib
    import tempfile
    from PIL import Image
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import predict

    facts = {"classes": ["road", "car"], "palette": [[128, 64, 128], [0, 0, 142]],
             "ignore_class": 255, "well": ["road"], "image_size": [32, 48]}
    with tempfile.TemporaryDirectory() as root:  # What a run leaves behind.
        small_segmenter(2, filters=4).save(f"{root}/segmenter.keras")
        pathlib.Path(root, "classes.json").write_text(json.dumps(facts))
        Image.new("RGB", (96, 64)).save(f"{root}/photo.png")
        [labels] = predict(root, f"{root}/photo.png", f"{root}/out", window=(32, 48),
                           flip=True, verbose=False)
        assert labels.name == "photo_labelIds.png"
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
        flip: Whether to average with the mirrored picture: the mean of probabilities.
            Defaults to `False`.
        batch_size: Windows at a time. Defaults to 4.
        overwrite: Whether to replace files of an earlier prediction. Defaults to
            `False`.
        verbose: Whether to show progress. Defaults to `True`.
        on_bad_file: What happens to pictures of a folder that cannot be read or are no
            PNG or JPEG: `"stop"`, an error that lists all of them before anything is
            written; or `"skip"`, they are left out and listed at the end. Defaults to
            `"stop"`.
        scales: Factors of the size that pictures are segmented at, averaged like
            `flip`, such as `(0.75, 1, 1.25)`. Defaults to `(1.0,)`.
        devices: How many devices share the pictures, or `"all"` for the GPUs of this
            machine; without GPUs, parts of the processor. Defaults to `"1"`.
        shard: `(number, count)`: of every `count` pictures of a folder the
            `number`-th, from 1. Defaults to `None`, all of them.
        resume: Whether to leave out pictures whose results are in the output already,
            made with the same file and options. An animation is made anew unless it is
            finished. Defaults to `False`.

    Returns:
        The paths of the label files that were written.

    Raises:
        DataError: If a picture cannot be read.
        FileExistsError: If a file is there already; nothing has been written then.
        FileNotFoundError: If there is no picture, or the folder holds no run.
        ValueError: If the output lies among the pictures or would leave its folder, or
            if no picture can be read; if the shard is none of its count, or of an
            animation; if results to go on with were made with something else.
    """
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ValueError(
            f"shard is {shard[0]}/{shard[1]}, expected a number from 1 to {shard[1]}."
        )
    if resume and overwrite:
        raise ValueError("resume keeps earlier results, overwrite replaces them.")
    bad_files = BadFiles(on_bad_file)
    images, output = home(images), home(output)
    facts = saved_facts(folder, model)
    if image_size is None and window is None:
        image_size = facts["image_size"]
    palette = [tuple(colour) for colour in facts["palette"]]
    ids, ending = label_ids(facts["classes"])
    facts_of_results = {
        "model": file_sum(pathlib.Path(folder, model)),
        "image_size": image_size,
        "window": window,
        "overlap": overlap if window else None,
        "flip": flip,
        "scales": [float(factor) for factor in scales],
    }
    notes = PredictionNotes(output, facts_of_results, shard)
    earlier = PredictionFiles(images, output, [], ending) if resume else None
    there = []

    def chosen(place, name):
        if shard is not None and place % shard[1] != shard[0] - 1:
            return False
        if earlier and earlier.all_written(name):
            there.append(name)
            return False
        return True

    names, pictures, durations = find_pictures(images, bad_files, verbose, chosen)
    if shard is not None and durations is not None:
        raise ValueError(
            f"{images} is an animation, which is one thing: leave --shard out."
        )
    if there:
        notes.expect_same()
    files = PredictionFiles(
        images, output, names, ending, durations, overwrite or resume
    )
    if resume and files.animation is not None and files.animation.exists():
        notes.expect_same()
        return []
    if not names and not bad_files.left_out:
        return []
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.runs.device_names import device_names
    from keras_pixda.runs.on_devices import on_devices
    from keras_pixda.runs.predicted_labels import predicted_labels
    from keras_pixda.runs.saved_run import saved_run
    from keras_pixda.serving import SlidingWindow
    from keras_pixda.serving.inference_function import inference_function
    from keras_pixda.visualization import colour_mask, overlay

    def segmenter_of_device():
        segmenter = inference_function(saved_run(folder, model)[0])
        return SlidingWindow(segmenter, window, overlap, flip, batch_size, scales)

    def segment(segmenter, named):
        name, picture = named
        if picture is None:
            return None
        labels = predicted_labels(segmenter, picture, image_size)
        picture = np.asarray(picture)
        files.save("labels", name, ids[labels])
        files.save("colours", name, colour_mask(labels, palette))
        files.save("overlays", name, overlay(picture[None], labels[None], palette)[0])
        return files.path("labels", name)

    progress = Progress("prediction", len(names), verbose)
    written = []
    named = _noted(zip(names, pictures, strict=True), notes)
    paths = on_devices(device_names(devices), segmenter_of_device, segment, named)
    for done, path in enumerate(paths, start=1):
        written += [] if path is None else [path]
        progress(done)
    left_out = bad_files.left_out
    if not written and not there:
        raise ValueError(f"{images}: no picture can be read, such as {left_out[-1]}")
    files.animate(names)
    if left_out and verbose:
        print(f"Left out, {len(left_out)} files:", *left_out, sep="\n", flush=True)
    return written


def _noted(pairs, notes):
    """Yield pairs; before the first, when all could be read, a note is written."""
    for number, pair in enumerate(pairs):
        if not number:
            notes.write()
        yield pair
