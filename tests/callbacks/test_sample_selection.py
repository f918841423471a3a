from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_pixda.callbacks import SampleSelection
from keras_pixda.methods import PixDAModel
from keras_pixda.models import image_discriminator, pixel_discriminator


class Pairs(keras.utils.PyDataset):
    """Six source images of rising brightness, in memory and in order."""

    def __init__(self, batch_size=2):
        super().__init__()
        self.batch_size = batch_size
        self.epoch = 0
        self.kept = np.arange(6)
        self.passes = []

    def images(self, indices):
        return np.stack([np.full((32, 32, 3), 40 * i, "float32") for i in indices])

    def __len__(self):
        return len(self.kept) // self.batch_size

    def __getitem__(self, index):
        chosen = self.kept[index * self.batch_size :][: self.batch_size]
        images = self.images(chosen)
        labels = np.zeros(images.shape[:3], "uint8")
        return {"source": images, "target": images}, {
            "source": labels,
            "target": labels,
        }

    def selection_pass(self, batch_size=None):
        self.passes.append(self.kept.tolist())
        return SelectionPass(self, batch_size or self.batch_size)


class SelectionPass(keras.utils.PyDataset):
    def __init__(self, pairs, batch_size):
        super().__init__()
        self.pairs, self.batch_size, self.kept = pairs, batch_size, pairs.kept

    def __len__(self):
        return -(-len(self.kept) // self.batch_size)

    def __getitem__(self, index):
        chosen = self.kept[index * self.batch_size :][: self.batch_size]
        images = self.pairs.images(chosen)
        return {"source": images, "target": images, "index": chosen}


def model_with_scores(scores, monkeypatch):
    """A model whose image discriminator is replaced by known scores."""
    inputs = keras.Input((None, None, 3))
    segmenter = keras.Model(inputs, keras.layers.Conv2D(2, 1)(inputs))
    model = PixDAModel(segmenter, pixel_discriminator(2, 2), image_discriminator(2, 2))
    rate = {"optimizer": keras.optimizers.SGD(0.0)}
    model.compile(**rate, discriminator_optimizer=keras.optimizers.SGD(0.0))

    def known(source_images, target_images):
        index = keras.ops.cast(source_images[:, 0, 0, 0] / 40.0 + 0.5, "int32")
        return keras.ops.take(keras.ops.convert_to_tensor(scores), index)

    monkeypatch.setattr(model, "selection_scores", known)
    return model


def test_scores_are_the_image_discriminators_cross_entropy_against_source():
    inputs = keras.Input((None, None, 3))
    segmenter = keras.Model(inputs, keras.layers.Conv2D(2, 1)(inputs))
    model = PixDAModel(segmenter, pixel_discriminator(2, 2), image_discriminator(2, 2))
    random = np.random.default_rng(0)
    source, target = random.uniform(0, 255, (2, 3, 64, 32, 3)).astype("float32")
    scores = model.selection_scores(source, target)
    styled = model.style_transfer((source, target))
    maps = keras.ops.softmax(model.segmenter(styled))
    answer = np.asarray(model.image_discriminator(maps), "float64")
    expected = np.log1p(np.exp(answer)).mean((1, 2, 3))
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_list_shrinks_threshold_grows_and_training_ends(monkeypatch, capsys):
    scores = np.array([0.1, 0.5, 0.9, 1.3, 0.7, 1.1], "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    selection = SampleSelection(pairs)
    history = model.fit(pairs, epochs=9, callbacks=[selection], verbose=0).history
    # Above 0.4: all but image 0. Above 0.8: 2, 3, 5. Above 1.2: 3, less than a batch.
    assert pairs.passes == [[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [2, 3, 5]]
    assert history["kept_source_images"] == [5, 3, 1]
    state = model.selection
    assert (state.kept.tolist(), state.passes) == ([3], 3)
    assert state.threshold == pytest.approx(1.6)
    # The last list that makes a batch stays in use, for instance by distillation.
    assert pairs.kept.tolist() == [2, 3, 5]
    shown = capsys.readouterr().out
    assert "Selection 1: kept 5 of 6 source images (threshold 0.40" in shown
    assert "adaptation ends here" in shown


def test_every_and_batch_size(monkeypatch, capsys):
    scores = np.full(6, 9.0, "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    selection = SampleSelection(pairs, every=2, batch_size=4, verbose=0)
    history = model.fit(pairs, epochs=5, callbacks=[selection], verbose=0).history
    assert len(pairs.passes) == 2
    assert history["kept_source_images"] == [6] * 5
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="counts passes from 1"):
        SampleSelection(pairs, every=0)


def test_the_best_stay_where_too_few_pass(monkeypatch, capsys):
    scores = np.array([0.1, 0.5, 0.3, 0.2, 0.0, 0.3], "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    selection = SampleSelection(pairs, least=0.6)
    model.fit(pairs, epochs=2, callbacks=[selection], verbose=0)
    # Only 1 passes; 4 of 6 stay, of 2 and 5 both. Then 3 of 4: the earlier of the two.
    assert pairs.passes[1] == [1, 2, 3, 5]
    assert pairs.kept.tolist() == [1, 2, 5]
    assert "Only 1 passed for target images; 60 % stay." in capsys.readouterr().out
    with pytest.raises(ValueError, match="least is a share from 0 to 1, received 2"):
        SampleSelection(pairs, least=2)


def test_scores_that_are_not_finite_are_named(monkeypatch):
    scores = np.array([0.1, np.nan, 0.9, 1.3, 0.7, 1.1], "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    pairs.source = SimpleNamespace(pairs=[(f"{i}.png", "") for i in range(6)])
    with pytest.raises(ValueError, match=r"1 source images have no .*'1.png'"):
        model.fit(pairs, callbacks=[SampleSelection(pairs, verbose=0)], verbose=0)
    assert model.selection.kept is None


def test_a_shorter_pass_ends_quietly_with_a_right_bar(monkeypatch, capsys):
    scores = np.array([0.0, 9.0, 9.0, 0.0, 9.0, 9.0], "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    seen = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    # Warnings are errors here: Keras would warn that the input ran out of data.
    model.fit(pairs, epochs=2, callbacks=[SampleSelection(pairs, verbose=0), count])
    assert seen == [0, 1, 2, 0, 1]
    shown = capsys.readouterr().out
    assert "3/3" in shown.split("Epoch 2/2")[0]
    assert "2/2" in shown.split("Epoch 2/2")[1]


def test_a_restored_model_goes_on_with_its_list(monkeypatch, tmp_path):
    scores = np.array([0.1, 0.5, 0.9, 1.3, 0.7, 1.1], "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    selection = SampleSelection(pairs, verbose=0)
    model.fit(pairs, epochs=1, callbacks=[selection], verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")

    again, fresh = model_with_scores(scores, monkeypatch), Pairs()
    again.load_weights(tmp_path / "model.weights.h5")
    selection = SampleSelection(fresh, verbose=0)
    again.fit(fresh, epochs=2, initial_epoch=1, callbacks=[selection], verbose=0)
    assert fresh.passes == [[1, 2, 3, 4, 5]]
    assert again.selection.kept.tolist() == [2, 3, 5]
    assert again.selection.passes == 2


def test_a_restored_model_whose_selection_ended_is_not_trained(monkeypatch, tmp_path):
    model = model_with_scores(np.zeros(6, "float32"), monkeypatch)
    pairs, backup = Pairs(), keras.callbacks.BackupAndRestore(str(tmp_path))

    def killed(logs=None):
        raise KeyboardInterrupt

    backup.on_train_end = killed
    with pytest.raises(KeyboardInterrupt):
        model.fit(pairs, epochs=9, callbacks=[SampleSelection(pairs), backup])
    again, fresh = model_with_scores(np.zeros(6, "float32"), monkeypatch), Pairs()
    backup = keras.callbacks.BackupAndRestore(str(tmp_path))
    again.fit(fresh, epochs=9, callbacks=[SampleSelection(fresh), backup])
    assert int(again.optimizer.iterations) == 3  # One pass.
    assert (again.selection.passes, fresh.passes) == (1, [])


@pytest.mark.parametrize(("score", "said"), [(9.0, "every"), (0.0, "no")])
def test_a_one_sided_selection_is_reported(monkeypatch, capsys, score, said):
    scores = np.full(6, score, "float32")
    model, pairs = model_with_scores(scores, monkeypatch), Pairs()
    model.fit(pairs, callbacks=[SampleSelection(pairs)], verbose=0)
    assert f"One-sided: {said} image passes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        (
            tf.data.Dataset.range(3),
            "RangeDataset has no kept and no batch_size and",
        ),
        (np.zeros(3), "ndarray has no kept"),
        (SimpleNamespace(kept=[0], batch_size=1), "Namespace has no selection_pass"),
    ],
)
def test_other_data_are_refused_at_once(data, missing):
    with pytest.raises(ValueError, match=f"of a FewShotDomainDataset.*{missing}"):
        SampleSelection(data)
