import pytest

from keras_pixda.layers import FourierStyleTransfer
from keras_pixda.methods import METHODS, SelfTrainingModel

OWN = {
    "confidence": 0.8,
    "teacher_momentum": 0.9,
    "mixed_weight": 0.7,
    "shot_share": 0.3,
    "colour": 0.2,
    "blur": 0.1,
    "pseudo_weights": "pixel",
}


def test_its_model_is_as_the_settings_say(start, unlabelled_dataset, own_settings):
    settings = own_settings.change(
        self_training={**OWN, "result": "teacher"}, accumulate=2, seed=7
    )
    method = METHODS["self_training"]
    method.check(start, settings)
    [phase] = method.phases(start, unlabelled_dataset, settings)
    assert (phase.title, phase.steps, phase.callbacks) == ("adaptation", 7, ())
    assert phase.data.rare_class_sampling == 0.01
    assert unlabelled_dataset.rare_class_sampling is None
    model = phase.model
    assert isinstance(model, SelfTrainingModel)
    assert model.segmenter is start
    assert phase.segmenter is model.teacher
    assert {name: getattr(model, name) for name in OWN} == OWN
    assert (model.seed, model.accumulate, model.loss.gamma) == (7, 2, 1.5)
    assert model.style_transfer.window == 0.1
    own = {"style_transfer": False, "rare_class_sampling": 0.0}
    settings = own_settings.change(self_training=own)
    [phase] = method.phases(start, unlabelled_dataset, settings)
    assert phase.data is unlabelled_dataset
    assert phase.model.style_transfer is None
    assert phase.segmenter is phase.model.segmenter is start


def test_it_needs_unlabelled_images_and_no_shots():
    method = METHODS["self_training"]
    method.check_data(shots=False, unlabelled=True)
    with pytest.raises(ValueError, match="such as --unlabelled images:FOLDER"):
        method.check_data(shots=True, unlabelled=False)


def test_it_trains_without_shots_and_on_one_unlabelled_image(
    start, dataset, own_settings
):
    few = dataset.source, dataset.source.select([0])
    data = type(dataset)(
        few[0], few[1], 0, 2, (32, 48), unlabelled=few[1].pictures(), workers=1
    )
    [phase] = METHODS["self_training"].phases(start, data, own_settings)
    before = start.get_weights()
    logs = phase.model.fit(data, steps_per_epoch=1, verbose=0).history
    assert logs["mixed_loss"][0] > 0
    assert logs["target_loss"] == [0.0]
    assert any((a != b).any() for a, b in zip(before, start.get_weights(), strict=True))
    assert isinstance(phase.model.style_transfer, FourierStyleTransfer)
