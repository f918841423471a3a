"""Errors of converters, put into words that name a remedy."""

import contextlib
import re
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def converter_errors(
    segmenter: keras.Model, format: str, size: tuple[int | None, int | None]
) -> Iterator[None]:
    """Turn what a converter raises into a `ValueError` that says what to do.

    Args:
        segmenter: The `keras.Model` that is exported.
        format: What it is exported as, for the message.
        size: `(height, width)` of the images, with `None` for a side of any length.
    """
    try:
        yield
    # A missing package, or a place that cannot be written to, has names already.
    except (ImportError, OSError):
        raise
    except Exception as error:  # Each converter has errors of its own.
        if re.match("Unrecognized format|.* requires", str(error)):  # Keras's words.
            raise
        where, remedy = "", "another format may do"
        if None in size:
            where = " for images of any size"
            remedy = (
                "fix it to one, export_segmenter(..., image_size=(height, width)) or "
                "--image-size HEIGHT WIDTH"
            )
        raise ValueError(
            f"The segmenter {segmenter.name!r} cannot be exported as {format}{where}, "
            f"{remedy}. The converter says: {_reason(error)}"
        ) from error


def _reason(error):
    """The line of an error that says what is wrong, without Keras's list of inputs."""
    text = re.sub(r"\x1b\[\d+m", "", str(error)).split("Arguments received by")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
