"""The training data of a run, with the options of its settings."""

from typing import Any

from keras_pixda.datasets import FewShotDomainDataset, cut_mix
from keras_pixda.datasets.ordinary_augmentation import ordinary_augmentation
from keras_pixda.datasets.segmentation_record import SegmentationRecord
from keras_pixda.methods.registry import METHODS
from keras_pixda.runs.settings import Settings


def few_shot_data(
    settings: Settings,
    source: SegmentationRecord,
    target: SegmentationRecord,
    cache: Any = "memory",
    unlabelled: SegmentationRecord | None = None,
) -> FewShotDomainDataset:
    """The `FewShotDomainDataset` of the settings.

    Example:

    ```python
    import tempfile
    from keras_pixda.datasets import cityscapes, gta5
    from keras_pixda.toy_scenes import toy_scenes
    from keras_pixda.runs import Settings, few_shot_data

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes"
        )
        source, target = gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes")
        dataset = few_shot_data(settings, source, target)
    assert len(dataset) == 1
    ```

    Args:
        settings: The `Settings` of the run.
        source: `SegmentationRecord` of the source.
        target: `SegmentationRecord` of the whole target training set.
        cache: Where decoded images are kept, as in `FewShotDomainDataset`. Defaults to
            `"memory"`.
        unlabelled: `SegmentationRecord` of the unlabelled target images; not taken
            where the settings have none or their method does not read it. Defaults to
            `None`.
    """
    data = settings.data
    read = data.has_unlabelled and METHODS[settings.method].reads_unlabelled
    if data.has_shots and not read:
        unlabelled = None
    return FewShotDomainDataset(
        source,
        target,
        None if data.shots_file else data.shots,
        data.batch_size,
        data.image_size,
        seed=settings.training.seed,
        shots_file=data.shots_file,
        augmentation={
            "source": ordinary_augmentation(data.source_augment),
            "target": ordinary_augmentation(data.augment),
        },
        mixing=cut_mix(probability=data.cut_mix) if data.cut_mix else None,
        rare_class_sampling=data.rare_class_sampling or None,
        cache=cache,
        on_bad_file=data.on_bad_file,
        unlabelled=unlabelled,
    )
