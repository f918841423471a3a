"""What several machines say to each other; here they are threads of one process."""

import threading

import numpy as np
import pytest
import tensorflow as tf

from keras_pixda import machines
from keras_pixda.runs import Settings
from keras_pixda.runs.machine_folder import MachineFolder


class Cluster:
    """The strategy of one of three machines."""

    num_replicas_in_sync = 3

    def __init__(self, index):
        self.cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({"chief": ["a:1"], "worker": ["b:1", "c:1"]}),
            task_type="worker" if index else "chief",
            task_id=max(index - 1, 0),
        )


@pytest.fixture
def on_all(monkeypatch):
    """Call a function of a strategy on three machines; what each gives or raises."""
    barrier, said = threading.Barrier(3, timeout=10), {}

    def sum_of(strategy, numbers):
        said[machines.machine_number(strategy)] = numbers
        barrier.wait()
        total = np.sum([said[number] for number in range(3)], axis=0, dtype="int32")
        barrier.wait()
        return total

    monkeypatch.setattr(machines, "_sum_of", sum_of)
    monkeypatch.setattr(machines, "SENT", (4, 8))

    def on_all(work):
        results = {}

        def here(index):
            try:
                results[index] = work(Cluster(index), index)
            except Exception as error:
                results[index] = error

        threads = [threading.Thread(target=here, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [results[index] for index in range(3)]

    return on_all


def test_everyone_hears_everyone(on_all):
    said = [b"", bytes(range(256)), b"four."]
    heard = on_all(lambda strategy, n: machines.bytes_of_machines(strategy, said[n]))
    assert heard == [said] * 3
    heard = on_all(lambda strategy, n: machines.bytes_of_chief(strategy, lambda: b"!"))
    assert heard == [b"!"] * 3


def test_a_failure_of_one_stops_all(on_all):
    def work(strategy, number):
        def fail():
            if number == 1:
                raise OSError("no such disk")
            return number

        return machines.done_by_all(strategy, fail)

    first, second, third = on_all(work)
    assert isinstance(second, OSError)
    assert str(first) == str(third) == "Machine 2 has stopped: no such disk"


def test_one_alone_says_nothing_and_raises_its_own():
    strategy = tf.distribute.get_strategy()
    assert machines.machine_number(strategy) == 0
    assert machines.bytes_of_machines(strategy, b"data") == [b"data"]
    with pytest.raises(ZeroDivisionError):
        machines.done_by_all(strategy, lambda: 1 / 0)


def test_one_folder_is_written_and_all_see_what_it_holds(on_all, tmp_path):
    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    run = tmp_path / "run"

    def begin(strategy, number):
        with MachineFolder.of(strategy, run) as machine:
            folder = machine.open(settings)
            folder.write("note.txt", f"of {number}")
            folder.write("state/1.txt", "")
            assert machine.writes == (folder.path == run) == (number == 0)
            folder.close()
        return folder.path.exists()

    assert on_all(begin) == [True, False, False]  # The others' are thrown away.
    assert (run / "note.txt").read_text() == "of 0"

    def go_on(strategy, number):
        with MachineFolder.of(strategy, run) as machine:
            assert (machine.path / "note.txt").read_text() == "of 0"
            folder = machine.open(settings, resume=True)
            folder.close()
            return folder.has("config.json"), folder.has("state/1.txt")

    assert on_all(go_on) == [(True, True), (True, False), (True, False)]


def test_all_stop_if_the_first_cannot_open_or_settings_differ(on_all, tmp_path):
    settings = Settings.preset("small", source="gta5:a", target="cityscapes:b")
    (tmp_path / "other.txt").touch()

    def begin(strategy, number):
        with MachineFolder.of(strategy, tmp_path) as machine:
            machine.open(settings)

    first, second, _ = on_all(begin)
    assert isinstance(first, FileExistsError)
    assert "Machine 1 has stopped" in str(second)
    assert "holds other files and no run" in str(second)

    def differ(strategy, number):
        with MachineFolder.of(strategy, tmp_path / "new") as machine:
            machine.open(settings.change(seed=number // 2))

    first, _, third = on_all(differ)
    assert "The first machine has other settings: seed is 1, expected 0" in str(third)
    assert "Machine 3 has stopped" in str(first)
    assert not (tmp_path / "new").exists()
