import copy
import dataclasses
import json
import pickle

import pytest

from keras_pixda.methods import METHODS, Method, MethodSettings
from keras_pixda.runs import Settings
from keras_pixda.setting import setting

DATA = {"source": "gta5:a", "target": "cityscapes:b"}
# What a run of 0.1 on the preset "small" has written.
OLD = {
    "source": "gta5:a",
    "target": "cityscapes:b",
    "image_size": [128, 192],
    "segmenter": "small",
    "discriminator_filters": 16,
    "source_steps": 1000,
    "steps": 600,
    "distillation_steps": 200,
    "learning_rate": 0.02,
    "head_factor": 1.0,
    "discriminator_learning_rate": 0.0002,
    "decay_steps": 1000,
    "selection_every": 4,
    "validation": None,
    "shots": 1,
    "shots_file": None,
    "batch_size": 4,
    "accumulate": 1,
    "seed": 0,
    "weights": None,
    "dtype": "float32",
    "coupled_decay": 0.0005,
    "gamma": 2.0,
    "adversarial_weight": 0.1,
    "adversarial": "pixda",
    "detach": True,
    "style_transfer": True,
    "style_window": 0.01,
    "selection": True,
    "threshold": 0.4,
    "growth": 0.4,
    "distillation_weight": 0.5,
    "augment": False,
    "source_augment": False,
    "cut_mix": 0.0,
    "rare_class_sampling": 0.0,
    "ema": 0.0,
    "on_bad_file": "stop",
    "save_every": 100,
    "panels": 6,
}


def small(**changes):
    return Settings.preset("small", **DATA, **changes)


def test_presets_differ_and_survive_json():
    published = Settings.preset("published", **DATA)
    assert published.training.steps == 30_000
    assert published.training.decay_steps == 62_500
    assert published.data.image_size == (512, 1024)
    changed = small(shots=3, detach=False, fda={"entropy_weight": 0.5}, method="fda")
    assert Settings.from_json(changed.to_json()) == changed != published
    for again in (copy.deepcopy(changed), pickle.loads(pickle.dumps(changed))):
        assert again == changed


def test_decay_follows_longer_runs():
    assert small(steps=5000).training.decay_steps >= 5000
    assert small(training={"steps": 5000}).training.decay_steps >= 5000
    with pytest.raises(ValueError, match="decay_steps is 10, expected at least"):
        small(decay_steps=10)


def test_given_weights_need_no_rate_for_the_source_only_phase():
    steps = {"steps": 8, "distillation_steps": 2, "decay_steps": 10}
    assert small(**steps, weights="a.keras").training.decay_steps == 10


def test_the_published_preset_has_what_each_method_has_published():
    published = Settings.preset("published", **DATA)
    assert published.training.learning_rate == 1e-3
    assert published["fsda"].learning_rate == 2.5e-4
    assert published["fsda"].discriminator_learning_rate == 1e-4
    assert published["fsda"].main_adversarial_weight == 1e-3
    assert published["fda"].entropy_weight == 0.005
    assert published["pixda"].discriminator_learning_rate == 4e-4
    assert published["pixda"].selection_every == 1
    # The figures on the drawn scenes were made at common rates.
    rates = {
        (own.learning_rate, getattr(own, "discriminator_learning_rate", 2e-4))
        for own in small().methods.values()
    }
    assert rates == {(None, 2e-4)}


# === Names ===


def test_a_name_goes_to_the_branch_that_has_it():
    changed = small(shots=3, dtype="mixed_float16", gamma=1.0, threshold=0.3)
    assert changed.data.shots == changed["data"].shots == 3
    assert changed.network.dtype == "mixed_float16"
    assert changed.training.gamma == 1.0
    assert changed["pixda"].threshold == 0.3
    assert small().change(shots=3, threshold=0.3).by_name() == {
        **small().by_name(),
        "shots": 3,
        "pixda.threshold": 0.3,
    }


def test_a_name_of_several_methods_goes_to_all_of_them_or_to_one():
    both = small(style_window=0.02)
    assert both["pixda"].style_window == both["fda"].style_window == 0.02
    for one in (
        {"fda.style_window": 0.03},
        {"fda": {"style_window": 0.03}},
        {"fda": dataclasses.replace(both["fda"], style_window=0.03)},
    ):
        for changed in (both.change(**one), small(style_window=0.02, **one)):
            assert changed["fda"].style_window == 0.03
            assert changed["pixda"].style_window == 0.02
    # The common rate is that of all methods without one of their own.
    assert small(learning_rate=0.1)["fsda"].learning_rate is None
    assert small(**{"fsda.learning_rate": 0.1}).training.learning_rate == 0.02


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stpes": 3}, "unknown setting 'stpes', did you mean 'steps'"),
        ({"pixda.thresold": 3}, "'pixda.thresold', did you mean 'pixda.threshold'"),
        (
            {"fda": {"entropy": 3}},
            "unknown setting 'fda.entropy', did you mean 'fda.en",
        ),
        ({"zzz": 3}, "unknown setting 'zzz'.$"),
        ({"fda": 3}, "fda is 3, expected its settings"),
        (
            {"fda": {"style_window": 0}, "fda.style_window": 0},
            "fda.style_window stands",
        ),
        ({"shots": 1, "data": {"shots": 2}}, "shots stands here again as data.shots"),
        ({"method": "magic"}, "method is 'magic', expected one of .*'fda'"),
    ],
)
def test_unknown_names_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)
    with pytest.raises(ValueError, match=message):
        small().change(**changes)


def test_attributes_of_earlier_versions_say_where_they_are():
    for name, place in (
        ("steps", "settings.training.steps"),
        ("threshold", r"settings\['pixda'\].threshold"),
        ("style_window", r"settings\['fda'\].* and settings\['pixda'\]"),
    ):
        with pytest.raises(AttributeError, match=f"'{name}': it is {place}"):
            getattr(small(), name)
    assert not hasattr(small(), "zzz")


# === Values ===


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shots": -1}, "shots is -1, expected at least 0"),
        ({"image_size": (16, 64)}, r"image_size is \(16, 64\), expected"),
        ({"image_size": (64,)}, r"image_size is \(64,\), expected two whole numbers"),
        ({"segmenter": "big"}, "segmenter is 'big', expected one of"),
        ({"pretrained": True}, "pretrained is True, expected false: small has no pre"),
        ({"pretrained": 1}, "pretrained is 1, expected true or false"),
        ({"dtype": "half"}, "dtype is 'half', expected one of"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0, expected above 0"),
        ({"steps": "3"}, "steps is '3', expected a whole number"),
        ({"seed": -1}, "seed is -1, expected at least 0"),
        ({"seed": 2**31}, "seed is 2147483648, expected at most 2147483647"),
        ({"on_bad_file": "go"}, "on_bad_file is 'go', expected one of"),
        ({"accumulate": 5}, "accumulate is 5, expected at most the batch_size 4"),
        ({"devices": "3"}, "devices is '3', expected a divisor of the batch_size 4"),
        ({"devices": "0"}, "devices is '0', expected a number from 1, or \"all\""),
        ({"devices": "two"}, "devices is 'two', expected a number from 1, or"),
        (
            {"devices": 2, "accumulate": 3},
            "accumulate is 3, expected at most a device's images, 2",
        ),
        ({"cut_mix": 1.5}, "cut_mix is 1.5, expected at most 1"),
        ({"ema": -0.5}, "ema is -0.5, expected at least 0"),
        ({"style_window": 0.5}, "fda.style_window is 0.5, expected below 0.5"),
        ({"fda.entropy_weight": -1}, "fda.entropy_weight is -1, expected at least 0"),
        ({"fsda.certainty": 2}, "fsda.certainty is 2, expected at most 1"),
        ({"fsda.learning_rate": 0}, "fsda.learning_rate is 0, expected above 0"),
        ({"auxiliary_weight": -1}, "fsda.auxiliary_weight is -1, expected at least 0"),
        ({"main_adversarial_weight": -1}, "fsda.main_adv.* -1, expected at least 0"),
        ({"auxiliary_adversarial_weight": -1}, "fsda.aux.* -1, expected at least 0"),
        ({"naae.discriminator_filters": 0}, "naae.discrim.* 0, expected at least 1"),
        ({"discriminator_learning_rate": 0}, "naae.disc.* 0, expected above 0"),
        ({"adversarial": "x"}, "pixda.adversarial is 'x', expected one of .*'image'"),
        ({"adversarial_weight": -1}, "pixda.adversarial_weight is -1, expected at l"),
        ({"selection_every": 0}, "pixda.selection_every is 0, expected at least 1"),
        ({"detach": 1}, "pixda.detach is 1, expected true or false"),
    ],
)
def test_bad_values_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)
    with pytest.raises(ValueError, match=message):
        small().change(**changes)


def test_a_preset_is_named():
    with pytest.raises(ValueError, match="Unknown preset 'tiny', expected one of"):
        Settings.preset("tiny", **DATA)


# === Files ===


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_files_of_0_1_mean_the_same(tmp_path):
    path = write(tmp_path / "config.json", OLD)
    assert Settings.from_file(path) == small()
    changed = OLD | {"threshold": 0.3, "style_window": 0.02, "seed": 7}
    read = Settings.from_file(write(path, changed))
    assert read == small(threshold=0.3, style_window=0.02, seed=7)
    assert set(OLD) <= {name.rpartition(".")[2] for name in read.by_name()}


def test_files_hold_a_tree(tmp_path):
    path = write(
        tmp_path / "config.yaml",
        """\
preset: small
method: fda
data: {source: "gta5:a", target: "cityscapes:b"}
training:
  steps: 700
threshold: 0.3
fda:
  style_window: 0.02
""",
    )
    expected = small(
        method="fda", steps=700, threshold=0.3, **{"fda.style_window": 0.02}
    )
    assert Settings.from_file(path) == expected
    text = path.read_text()
    for before, after, message in (
        ("steps: 700", "steps: 0", "line 5: steps is 0, expected at least 1"),
        ("steps: 700", "step: 7", "line 5: unknown setting 'training.step', did you"),
        ("0.02", "2", "line 8: fda.style_window is 2, expected below 0.5"),
        ("threshold: 0.3", "threshold: x", "line 6: pixda.threshold is 'x', expected"),
        ("method: fda", "method: magic", "line 2: method is 'magic', expected one of"),
        ("method: fda", "method: [fda]", "line 2: method is .*, expected one of"),
        ("preset: small", "preset: tiny", "line 1: Unknown preset 'tiny'"),
        ("steps: 700", "steps: 700\nsteps: 7", "line 6: steps stands here again"),
        ("preset: small", "", r"missing settings \['image_size', .*one of \['small'"),
    ):
        write(path, text.replace(before, after))
        with pytest.raises(ValueError, match=rf"config\.yaml.*{message}"):
            Settings.from_file(path)


def test_bad_files_are_named_with_the_line(tmp_path):
    path = tmp_path / "config.json"
    whole = json.dumps(OLD, indent=2)
    lines = whole.splitlines()
    place = next(i for i, line in enumerate(lines) if '"selection_every"' in line)
    here = f"line {place + 1}"

    def changed(line):
        return "\n".join([*lines[:place], line, *lines[place + 1 :]])

    for content, message in (
        ('{\n"shots": 1,\n oops}', "line 3: Expecting property name"),
        ('{\n"shots": 1\n "seed": 1}', "line 3: Expecting ',' delimiter"),
        ('{\n"shots": 1,\n "seed": }', "line 3: Expecting value"),
        ('{\n"shots": 1,\n "seed": "a', "line 3: Unterminated string"),
        ('{\n"shots": ' + "[" * 99_999, "line 2: too deeply nested"),
        ('{\n"shots": ' + "9" * 9_999, "line 2: Exceeds the limit"),
        ("[]", "line 1: expected an object"),
        ("", "line 1: Expecting value"),
        (whole + "\n{}", f"line {len(lines) + 1}: Extra data"),
        (changed('"stpes": 3,'), f"{here}: unknown setting 'stpes', did you mean 'st"),
        (
            changed('"selection_every": 1, "seed": 7,'),
            f"'seed' stands here again, first in {here}",
        ),
        ('{"source": "a"}', "missing settings"),
        (changed('"selection_every": 0,'), f"{here}: .*selection_every is 0, expected"),
        (changed('"selection_every": true,'), f"{here}: .*selection_every is True, ex"),
        (changed('"selection_every": 1.5,'), "is 1.5, expected a whole number"),
        (changed('"selection_every": "4",'), "is '4', expected a whole number"),
        (changed('"selection_every": null,'), "is None, expected a whole number"),
        (changed('"selection_every": NaN,'), f"{here}: NaN is no number"),
        (whole.replace("0.02", "1e999"), "learning_rate is inf, expected a number"),
        (whole.replace('"float32"', "[]"), r"dtype is \(\), expected text"),
        (whole.replace("128,", '"128",'), "image_size is .*expected two whole numbers"),
    ):
        path.write_text(content)
        with pytest.raises(ValueError, match=rf"config\.json.*{message}"):
            Settings.from_file(path)
    path.write_bytes(b'{\n"source": "\xff"}')
    with pytest.raises(ValueError, match=r"config\.json, line 2: is not UTF-8"):
        Settings.from_file(path)
    path.write_text("\ufeff" + whole, "utf-8")
    assert Settings.from_file(path) == small()


def test_mistakes_in_a_tree_are_named_with_the_line(tmp_path):
    path = tmp_path / "config.json"
    whole = small().to_json()
    for before, after, message in (
        ('"shots": 1', '"shots": -1', "shots is -1, expected at least 0"),
        ('"threshold": 0.4', '"threshold": "x"', "pixda.threshold is 'x', expected"),
        ('"threshold": 0.4', '"thresold": 1', "unknown setting 'pixda.thresold', did"),
    ):
        [line] = [n for n, row in enumerate(whole.splitlines(), 1) if before in row]
        path.write_text(whole.replace(before, after))
        with pytest.raises(ValueError, match=rf"config\.json, line {line}: {message}"):
            Settings.from_file(path)


# === Methods from elsewhere ===


@dataclasses.dataclass(frozen=True, kw_only=True)
class StrangeSettings(MethodSettings):
    """Settings of a method that this package does not know.

    Args:
        strangeness: Of the loss. Defaults to 1.0.
        style_window: As in others. Defaults to 0.1.
    """

    strangeness: float = setting(1.0, at_least=0)
    style_window: float = setting(0.1, at_least=0)

    presets = {"small": {"strangeness": 2.0}}


class Strange(Method):
    name = "strange"
    title = "Strange"
    Settings = StrangeSettings


def test_a_method_from_elsewhere_has_its_branch(monkeypatch):
    before = small()
    monkeypatch.setitem(METHODS, "strange", Strange())
    settings = small(method="strange", style_window=0.02)
    assert settings["strange"].strangeness == 2.0
    assert settings["strange"].style_window == settings["fda"].style_window == 0.02
    assert Settings.from_json(settings.to_json()) == settings
    assert settings.change(strangeness=3)["strange"].strangeness == 3
    with pytest.raises(ValueError, match="strange.strangeness is -1, expected at l"):
        small(strangeness=-1)
    # Settings from before have the method's defaults.
    assert before["strange"] == StrangeSettings()


def test_a_run_made_beside_a_method_can_be_read_without_it(monkeypatch, tmp_path):
    path = tmp_path / "config.json"
    with monkeypatch.context() as installed:
        installed.setitem(METHODS, "mine", type("Mine", (Method,), {})())
        path.write_text(small(method="fda").to_json())
        own = small(method="mine").to_json()
    assert '"mine"' in path.read_text()
    assert Settings.from_file(path) == small(method="fda")
    path.write_text(own)
    with pytest.raises(ValueError, match="method is 'mine', expected one of"):
        Settings.from_file(path)


def test_a_mistyped_branch_is_never_passed_over(tmp_path):
    text = small().to_json()
    for name, branch in (("config.json", "pixad"), ("config.yaml", "strange")):
        path = tmp_path / name
        path.write_text(text.replace('"pixda": {', f'"{branch}": {{'))
        with pytest.raises(ValueError, match=f"unknown setting '{branch}'"):
            Settings.from_file(path)


def test_names_given_to_the_tree_are_told_where_they_go():
    with pytest.raises(TypeError, match=r"Settings.preset\(.small., source=...\)"):
        Settings(source="gta5:a")
    with pytest.raises(TypeError, match=r"settings.change\(steps=...\)"):
        dataclasses.replace(small(), steps=3)
    assert dataclasses.replace(small(), method="fda") == small(method="fda")


def test_a_variant_is_no_method():
    with pytest.raises(ValueError, match=r"Variants are given as --method cut_mix\."):
        small(method="cut_mix")
