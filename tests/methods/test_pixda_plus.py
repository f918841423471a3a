import numpy as np
import pytest

from keras_pixda.comparison.rows import ROWS
from keras_pixda.methods import METHODS, SelfTrainingModel
from keras_pixda.runs import few_shot_data


@pytest.mark.usefixtures("eagerly")
def test_it_trains_on_augmented_shots_with_unlabelled_images_and_without(
    start, dataset, unlabelled_dataset, own_settings
):
    method = METHODS["pixda+"]
    method.check_data(shots=True, unlabelled=False)
    own = {"confidence": 0.5, "rare_class_sampling": 0.0}
    settings = own_settings.change(**{"pixda+": own})
    for data in (dataset, unlabelled_dataset):
        [phase] = method.phases(start, data, settings)
        assert isinstance(phase.model, SelfTrainingModel)
        assert phase.model.confidence == 0.5
        assert phase.model.pseudo_weights == "pixel"
        assert phase.segmenter is phase.model.segmenter
        assert data.augmentation["target"] is None  # It has augmented a copy.
        (images, _), (plain, _) = phase.data[0], data[0]
        np.testing.assert_array_equal(images["source"], plain["source"])
        assert not np.array_equal(images["target"], plain["target"])
        assert images.keys() == plain.keys()
        logs = phase.model.train_on_batch(*phase.data[0], return_dict=True)
        assert (logs["sure"] == 1) == ("unlabelled" not in images)


@pytest.mark.parametrize(("of_data", "temperature"), [(None, 0.2), (0.5, 0.5)])
def test_rare_classes_are_drawn_as_the_data_say_or_else_it(
    start, dataset, own_settings, of_data, temperature
):
    dataset.rare_class_sampling = of_data
    settings = own_settings.change(**{"pixda+": {"rare_class_sampling": 0.2}})
    [phase] = METHODS["pixda+"].phases(start, dataset, settings)
    assert dataset.rare_class_sampling == of_data
    assert phase.data.rare_class_sampling == temperature
    dataset.rare_class_sampling = temperature
    for index in range(len(dataset)):
        assert phase.data.batch_names(index) == dataset.batch_names(index)


def test_a_row_of_it_leaves_unlabelled_images_out(own_settings, unlabelled_dataset):
    settings = own_settings.change(unlabelled=own_settings.data.target)
    data = unlabelled_dataset
    for name, reads in (("pixda+", True), ("labelled_only", False)):
        assert ROWS[name].reads_unlabelled == ROWS[name].runs_with(shots=0) == reads
        own = ROWS[name].apply(settings)
        given = few_shot_data(
            own, data.source, data.target, unlabelled=data.unlabelled
        ).unlabelled
        assert (given is not None) == reads
