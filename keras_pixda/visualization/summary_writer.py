"""Where callbacks write what TensorBoard shows."""

import importlib.util

from keras_pixda.typing import FilePath


def summary_writer(log_dir: FilePath) -> "_SummaryWriter":
    """Open a TensorBoard folder.

    Example:
    ```python
    import importlib.util
    import os
    import tempfile
    from keras_pixda.visualization import summary_writer

    if importlib.util.find_spec("tensorboard"):
        with tempfile.TemporaryDirectory() as folder:
            summary_writer(folder).scalars({"iou/road": 0.9}, step=0)
            assert os.listdir(folder)[0].startswith("events.out")
    ```

    Args:
        log_dir: Folder for the event files; it is made.

    Returns:
        Object with `scalars(values, step)`, `values` a dict of floats, and
        `image(name, picture, step)`, `picture` an RGB uint8 array.

    Raises:
        ImportError: If the package `tensorboard` is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise ImportError(
            f"log_dir={str(log_dir)!r} needs the package `tensorboard`: "
            f"pip install tensorboard"
        )
    return _SummaryWriter(log_dir)


class _SummaryWriter:
    def __init__(self, log_dir):
        # Only here: nothing else of this package needs TensorFlow's event files.
        import tensorflow as tf

        self.summary = tf.summary
        self.writer = tf.summary.create_file_writer(str(log_dir))

    def scalars(self, values, step):
        with self.writer.as_default(step), self.summary.record_if(True):
            for name, value in values.items():
                self.summary.scalar(name, value)
        self.writer.flush()

    def image(self, name, picture, step):
        with self.writer.as_default(step), self.summary.record_if(True):
            self.summary.image(name, picture[None])
        self.writer.flush()
