"""Importing the package costs little beside Keras."""

import subprocess
import sys

# Processor time, which other work on the machine does not lengthen much.
SCRIPT = """
import time
import keras
started = time.process_time()
import keras_pixda
for name in keras_pixda.__all__:
    getattr(keras_pixda, name)
print(time.process_time() - started)
"""


def test_import_adds_little_to_that_of_keras():
    seconds = [
        float(subprocess.check_output([sys.executable, "-c", SCRIPT]).split()[-1])
        for _ in range(2)
    ]
    assert min(seconds) < 0.3, f"import keras_pixda takes {seconds} s after Keras"
