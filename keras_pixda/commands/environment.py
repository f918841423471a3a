"""What TensorFlow reads from the environment, set before it is loaded."""

import os
import platform
import sys

# What platform.machine() calls the processors for which TensorFlow has oneDNN built in
# and leaves it off, without AVX-512, unless it is asked for.
X86 = ("x86_64", "AMD64")


def prepare_environment(log: bool = False) -> None:
    """Choose TensorFlow's settings unless the user has, or it is loaded already.

    Processes that this one starts inherit them.

    Args:
        log: Whether to leave its log as it is. Defaults to `False`, errors alone.
    """
    if "tensorflow" in sys.modules:
        return
    if platform.machine() in X86:
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if not log:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
