"""The whole method on drawn scenes."""

import pathlib
from typing import Any

from keras_pixda.methods.registry import METHODS
from keras_pixda.progress import Progress
from keras_pixda.runs.settings import Settings
from keras_pixda.toy_scenes import toy_scenes
from keras_pixda.typing import FilePath


def demo(
    output: FilePath = "demo",
    overwrite: bool = False,
    verbose: bool = True,
    scenes: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Draw toy scenes, adapt to them with one shot a city, show before and after.

    Example:

    ```python
    import tempfile
    from keras_pixda.runs import demo

    with tempfile.TemporaryDirectory() as root:
        # Far too short to learn anything; `demo()` takes some minutes.
        result = demo(
            root, verbose=False, image_size=(32, 48), batch_size=2,
            source_steps=1, steps=1, distillation_steps=1, panels=1,
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
        **changes: Settings that differ from the preset `"small"`.

    Returns:
        What `train` returns.
    """
    output = pathlib.Path(output).resolve()
    settings = Settings.preset(
        "small",
        source=f"gta5:{output / 'scenes' / 'gta5'}",
        target=f"cityscapes:{output / 'scenes' / 'cityscapes'}",
        **changes,
    )
    progress = Progress("drawing", 1, verbose)
    scenes = {"image_size": settings.data.image_size, **(scenes or {})}
    toy_scenes(output / "scenes", progress=progress, **scenes)
    from keras_pixda.runs.train import train

    result = train(settings, output / "run", overwrite=overwrite, verbose=verbose)
    if verbose:
        before, after = (
            100 * result[k]["mean_iou"] for k in ("source_only", "adapted")
        )
        title = METHODS[settings.method].title
        print(
            f"Mean IoU on the photos: {before:.1f} % source only, {after:.1f} % after "
            f"{title} with {settings.data.shots} labelled photo from each city."
        )
    return result
