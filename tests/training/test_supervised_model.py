import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks import ExactResume
from keras_pixda.losses import DistillationLoss, FocalLoss
from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator, small_segmenter
from keras_pixda.optimizers import published_optimizers
from keras_pixda.training import SupervisedModel
from keras_pixda.training.fit_steps import fit_steps
from tests.training import test_batch_part as parts


def segmenter():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 128, -1.0)(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(3, 3, padding="same")(x))


def batch(seed=0):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (2, 32, 32, 3)).astype("float32")
    return images, random.choice([0, 1, 2, 255], (2, 32, 32)).astype("uint8")


def test_one_step_equals_the_objective_written_out():
    student, teacher = segmenter(), segmenter()
    kernel, bias = (tf.Variable(w) for w in student.get_weights())
    model = SupervisedModel(student, teacher, DistillationLoss(0.5), weight=0.5)
    model.compile(keras.optimizers.SGD(0.1), loss=FocalLoss())
    images, labels = batch()
    logs = model.train_on_batch(images, labels, return_dict=True)
    with tf.GradientTape() as tape:
        logits = tf.nn.conv2d(images / 128 - 1, kernel, 1, "SAME") + bias
        soft = tf.nn.softmax(0.5 * teacher(images))
        kept = -tf.reduce_mean(soft * tf.nn.log_softmax(logits))
        loss = FocalLoss()(labels, logits) + 0.5 * kept
    for variable, gradient, value in zip(
        (kernel, bias),
        tape.gradient(loss, (kernel, bias)),
        student.get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(value, variable - 0.1 * gradient, atol=1e-6)
    assert logs["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert logs["distillation_loss"] == pytest.approx(float(kept), rel=1e-5)


def test_distill_trains_the_segmenter_alone_and_the_schedule_runs_on():
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile(**published_optimizers(decay_steps=100, head=None))
    images, labels = batch()
    both = {"source": images, "target": images}, {"source": labels, "target": labels}
    model.train_on_batch(*both)
    before = [
        network.get_weights() for network in (model.segmenter, model.discriminator)
    ]
    history = model.distill(_Dataset(), verbose=0).history
    assert set(history) == {"loss", "distillation_loss"}
    assert int(model.optimizer.iterations) == 3
    after = [
        network.get_weights() for network in (model.segmenter, model.discriminator)
    ]
    assert not np.array_equal(before[0][0], after[0][0])
    for old, new in zip(before[1], after[1], strict=True):
        np.testing.assert_array_equal(old, new)
    model.train_on_batch(*both)  # Adaptation could go on.


class _Dataset(keras.utils.PyDataset):
    """Two target batches; a data set with domains gives them on request."""

    def __init__(self):
        super().__init__()

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return batch(index)


def test_distill_takes_the_target_of_a_few_shot_data_set():
    class FewShot:
        def target_dataset(self, steps):
            assert steps == 7
            return _Dataset()

    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", "sgd")
    model.distill(FewShot(), steps=7, verbose=0)
    assert int(model.optimizer.iterations) == 2


def test_works_in_half_precision(dtype_policy):
    dtype_policy("mixed_float16")
    model = PixDAModel(
        segmenter(), pixel_discriminator(3, 2), image_discriminator(3, 2)
    )
    model.compile("sgd", "sgd")
    history = model.distill(_Dataset(), verbose=0).history
    assert np.isfinite(history["loss"]).all()


class Batches(keras.utils.PyDataset):
    """Two batches of target images, every image with another share of labels."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        images, labels = parts.batch(seed=index)
        return images["target"], labels["target"]


def trained(accumulate, distil):
    """The losses of two passes, and the weights after them."""
    keras.utils.set_random_seed(0)
    student = parts.frozen(small_segmenter(3, filters=4))
    teacher = parts.frozen(small_segmenter(3, filters=4)) if distil else None
    model = SupervisedModel(student, teacher)
    model.compile(parts.sgd(), FocalLoss(), accumulate=accumulate)
    history = keras.callbacks.History()
    fit_steps(model, Batches(), 4, [history])
    assert model.optimizer.iterations == 4
    return history.history, student.get_weights()


@pytest.mark.parametrize("distil", [False, True], ids=["plain", "distillation"])
def test_parts_train_like_the_whole(distil):
    history, weights = trained(1, distil)
    history_of_parts, weights_of_parts = trained(3, distil)
    assert len(history["loss"]) == 2
    assert set(history_of_parts) == set(history)
    for name, values in history.items():
        assert history_of_parts[name] == pytest.approx(values, rel=1e-4), name
    for value, wanted in zip(weights_of_parts, weights, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)


def test_it_trains_as_plain_keras_does():
    """Source Only of 0.1 was `segmenter.compile(...)` and `fit`."""
    keras.utils.set_random_seed(0)
    plain = small_segmenter(3, filters=4)
    copy = keras.models.clone_model(plain)
    copy.set_weights(plain.get_weights())
    model = SupervisedModel(copy)
    found = []
    for it in (plain, model):
        it.compile(**_rates(), loss=FocalLoss())
        history = keras.callbacks.History()
        fit_steps(it, Batches(), 5, [history])
        found.append(history.history)
    assert found[0].keys() == found[1].keys() == {"loss"}
    np.testing.assert_allclose(found[1]["loss"], found[0]["loss"], rtol=1e-6)
    for value, wanted in zip(copy.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-6)


def _rates():
    rates = published_optimizers(learning_rate=0.01, decay_steps=20)
    return {"optimizer": rates["optimizer"]}


@pytest.mark.parametrize(
    ("distil", "policy"), [(False, "float32"), (True, "mixed_float16")]
)
def test_it_is_saved_and_goes_on_alike(distil, policy, dtype_policy, tmp_path):
    dtype_policy(policy)
    teacher = small_segmenter(3, filters=4) if distil else None
    model = SupervisedModel(
        small_segmenter(3, filters=4), teacher, DistillationLoss(0.7), weight=0.3
    )
    model.compile(**_rates(), loss=FocalLoss(gamma=1.0), accumulate=2)
    model.fit(Batches(), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert (again.weight, again.accumulate, again.loss.gamma) == (0.3, 2, 1.0)
    assert (again.teacher is not None) == distil
    if distil:
        assert again.distillation_loss.alpha == 0.7
        assert not again.teacher.trainable_weights
    np.testing.assert_equal(
        *([v.numpy() for v in m.optimizer.variables] for m in (model, again))
    )
    for m in (model, again):
        m.reset_metrics()
    images, labels = Batches()[0]
    np.testing.assert_array_equal(
        model.train_on_batch(images, labels), again.train_on_batch(images, labels)
    )
    np.testing.assert_equal(model.get_weights(), again.get_weights())


class Killed(BaseException):
    pass


def test_it_resumes_exactly(tmp_path):
    teacher = small_segmenter(3, filters=4)

    def train(folder, killed_at=None):
        keras.utils.set_random_seed(0)
        model = SupervisedModel(small_segmenter(3, filters=4), teacher)
        model.compile(**_rates(), accumulate=2)

        def die(batch, logs):
            if int(model.optimizer.iterations) == killed_at:
                raise Killed

        dies = keras.callbacks.LambdaCallback(on_train_batch_end=die)
        fit_steps(
            model, Resumable(), 5, [ExactResume(tmp_path / folder, every=1), dies]
        )
        return model

    whole = train("whole")
    with pytest.raises(Killed):
        train("killed", killed_at=3)
    resumed = train("killed")
    assert int(resumed.optimizer.iterations) == 5
    np.testing.assert_equal(resumed.get_weights(), whole.get_weights())


class Resumable(Batches):
    """Batches that may begin in midst of a pass, as those of this package."""

    first_batch = 0

    def __len__(self):
        return 2 - self.first_batch

    def __getitem__(self, index):
        return super().__getitem__(index + self.first_batch)


def test_what_is_no_labelled_batch():
    model = SupervisedModel(segmenter())
    model.compile()
    images, labels = batch()
    with pytest.raises(ValueError, match="received images alone"):
        model.train_on_batch(images)
    with pytest.raises(ValueError, match="labels are 16 x 16 .* their images 32 x 32"):
        model.fit(images, labels[:, ::2, ::2], verbose=0)


@pytest.mark.filterwarnings("ignore:DistillationModel has moved")
def test_its_former_name():
    from keras_pixda.models import DistillationModel

    model = DistillationModel(segmenter(), segmenter(), DistillationLoss(), 0.2)
    assert isinstance(model, SupervisedModel)
    assert model.weight == 0.2
