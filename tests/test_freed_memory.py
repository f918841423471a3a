"""Page faults: what a step has freed is there for the next one."""

import os
import platform
import subprocess
import sys

import pytest

from keras_pixda import freed_memory
from keras_pixda.freed_memory import keep_freed_memory

# What a step of `fit` does with memory: take and free some large blocks.
SCRIPT = """
import resource, sys
import keras, numpy as np
from keras_pixda.freed_memory import keep_freed_memory
from keras_pixda.training.fit_steps import fit_steps

class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 40
    def __getitem__(self, index):
        return np.zeros((4, 128, 192, 3), "float32"), np.zeros((4, 128, 192, 3))

faults = []
class Faults(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)

conv = keras.layers.Conv2D
model = keras.Sequential([conv(32, 3, padding="same"), conv(3, 3, padding="same")])
model.compile("sgd", "mse", jit_compile=False)
if sys.argv[1] == "keep":
    fit_steps(model, Batches(), 40, [Faults()])
    assert keep_freed_memory()
else:
    model.fit(Batches(), verbose=0, callbacks=[Faults()])
print((faults[-1] - faults[9]) / 30)
"""
with_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="another library allocates"
)


@with_glibc
def test_steps_take_no_new_memory():
    def faults(word):
        # oneDNN has a pool of memory of its own, and each thread an arena: both hide
        # what is given back, from one run to the next more or less of it.
        environment = {
            **os.environ,
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "MALLOC_ARENA_MAX": "1",
        }
        command = [sys.executable, "-c", SCRIPT, word]
        return float(subprocess.check_output(command, env=environment).split()[-1])

    # 100 to 1 000, once in the first steps that a thread takes, against 34 000.
    assert faults("keep") < faults("as TensorFlow does it") / 5


@pytest.fixture
def asked(monkeypatch):
    """What glibc is asked, which it answers as an older version does."""
    asked = []

    def mallopt(name, value):
        asked.append((name, value))
        return int(name == freed_memory.M_TRIM_THRESHOLD or value <= 2**25)

    monkeypatch.setattr(freed_memory, "_mallopt", lambda: mallopt)
    keep_freed_memory.cache_clear()
    yield asked
    keep_freed_memory.cache_clear()


def test_an_older_library_gets_what_it_takes(asked):
    assert keep_freed_memory()
    assert asked == [(-3, 2**30), (-3, 2**25), (-1, 2**30)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MALLOC_TRIM_THRESHOLD_", "131072"),
        ("MALLOC_MMAP_THRESHOLD_", "131072"),
        ("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=131072"),
    ],
)
def test_what_the_environment_says_stays(asked, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert not keep_freed_memory()
    assert asked == []


def test_without_glibc_nothing_is_done(asked, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    keep_freed_memory.cache_clear()
    assert not keep_freed_memory()
