"""Segment pictures with the segmenter of a finished run."""

import os
import pathlib
from collections.abc import Sequence

import numpy as np

from keras_pixda.datasets.bad_files import BadFiles
from keras_pixda.datasets.home import home
from keras_pixda.progress import Progress
from keras_pixda.runs.label_ids import label_ids
from keras_pixda.runs.pictures import find_pictures
from keras_pixda.runs.prediction_files import PredictionFiles
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
) -> list[pathlib.Path]:
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
    facts = saved_facts(folder, model)
    if image_size is None and window is None:
        image_size = facts["image_size"]
    palette = [tuple(colour) for colour in facts["palette"]]
    ids, ending = label_ids(facts["classes"])
    names, pictures, durations = find_pictures(images, bad_files, verbose)
    files = PredictionFiles(images, output, names, ending, durations, overwrite)
    # Mistakes are told without waiting for TensorFlow.
    from keras_pixda.runs.predicted_labels import predicted_labels
    from keras_pixda.runs.saved_run import saved_run
    from keras_pixda.serving import SlidingWindow
    from keras_pixda.serving.inference_function import inference_function
    from keras_pixda.visualization import colour_mask, overlay

    segmenter, _ = saved_run(folder, model)
    segmenter = inference_function(segmenter)
    segmenter = SlidingWindow(segmenter, window, overlap, flip, batch_size, scales)
    progress = Progress("prediction", len(names), verbose)
    written = []
    for done, (name, picture) in enumerate(zip(names, pictures, strict=True), start=1):
        if picture is None:
            progress(done)
            continue
        labels = predicted_labels(segmenter, picture, image_size)
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
