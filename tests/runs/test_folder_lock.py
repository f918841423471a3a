import os
import signal
import subprocess
import sys

import pytest

from keras_pixda.runs import FolderLock
from keras_pixda.runs.folder_lock import LOCK

HOLD = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("folder_lock", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
lock = module.FolderLock(sys.argv[2])
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path):
    # Without the package, whose import takes seconds.
    from keras_pixda.runs import folder_lock

    words = [sys.executable, "-c", HOLD, folder_lock.__file__, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError, match=rf"in use.*process {holder.pid}"):
            FolderLock(tmp_path)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert (tmp_path / LOCK).exists()
        FolderLock(tmp_path).release()


def test_a_lock_is_released_once_or_with_its_object(tmp_path):
    lock = FolderLock(tmp_path)
    with pytest.raises(BlockingIOError, match=str(os.getpid())):
        FolderLock(tmp_path)
    lock.release()
    lock.release()
    FolderLock(tmp_path)  # Nobody keeps it.
    FolderLock(tmp_path).release()
