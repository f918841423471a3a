"""A method on one's own segmenter and data, without a folder."""

from collections.abc import Iterable
from typing import Any

import keras

from keras_pixda.datasets import FewShotDomainDataset
from keras_pixda.methods.registry import METHODS
from keras_pixda.training.adapted_normalization import AdaptedNormalization
from keras_pixda.training.fit_steps import fit_steps


def adapt(
    segmenter: keras.Model,
    dataset: FewShotDomainDataset,
    settings: Any,
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> keras.Model:
    """Train a segmenter by the phases of a method, in memory.

    Nothing is written and nothing can be resumed: for that see
    `keras_pixda.runs.train`.

    Example:

    ```python
    import tempfile
    from keras_pixda import FewShotDomainDataset
    from keras_pixda.datasets import cityscapes, gta5
    from keras_pixda.methods import adapt
    from keras_pixda.models import small_segmenter
    from keras_pixda.runs import Settings
    from keras_pixda.toy_scenes import toy_scenes

    with tempfile.TemporaryDirectory() as root:
        toy_scenes(root, source_images=4, target_images_per_city=1,
                   validation_images=1, image_size=(32, 48))
        settings = Settings.preset(
            "small", source=f"gta5:{root}/gta5", target=f"cityscapes:{root}/cityscapes",
            method="fine_tuning", steps=1, distillation_steps=1,
        )
        dataset = FewShotDomainDataset(
            gta5(f"{root}/gta5"), cityscapes(f"{root}/cityscapes"),
            shots=1, batch_size=2, image_size=(32, 48),
        )
        segmenter = adapt(small_segmenter(19, filters=4), dataset, settings)
    assert segmenter.output_shape == (None, None, None, 19)
    ```

    Args:
        segmenter: The `keras.Model` to start from; it may be trained on.
        dataset: `FewShotDomainDataset` of both domains; the settings say nothing of it.
        settings: The `Settings`; `settings.method` is trained.
        callbacks: Callbacks of every phase. Defaults to none.

    Returns:
        The adapted segmenter.

    Raises:
        ValueError: If the method cannot train this network under the settings, or not
            on these data.
    """
    method = METHODS[settings.method]
    method.check(segmenter, settings)
    method.check_data(len(dataset.target) > 0, dataset.unlabelled is not None)
    normalization = AdaptedNormalization(
        segmenter, method.batch_normalization(settings)
    )
    for phase in method.phases(segmenter, dataset, settings):
        segmenter = phase.segmenter
        if phase.steps:
            own = [*phase.callbacks, *callbacks]
            fit_steps(phase.model, phase.data, phase.last_step, own)
    normalization.finish(segmenter, dataset)
    return segmenter
