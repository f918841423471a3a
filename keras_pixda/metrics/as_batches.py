"""Evaluation data as a list of batches."""

from typing import Any

# As `batch_size` of `keras.Model.evaluate`.
BATCH_SIZE = 32


def as_batches(data: Any) -> Any:
    """Batches from a list of them, or from the arrays of all images and labels.

    Args:
        data: List or tuple of batches `(images, labels)` or `(images, labels, weights)`
            or, as in `validation_data`, one such tuple of whole arrays; or a data set.

    Returns:
        A list of batches; a data set as it is.

    Raises:
        ValueError: If an entry is no such tuple, or `data` is one array.
    """
    if hasattr(data, "shape"):
        raise ValueError(f"Data are {_described(data)}, expected (images, labels).")
    if not isinstance(data, list | tuple):
        return data
    if isinstance(data, tuple) and data and all(hasattr(d, "shape") for d in data):
        sizes = [len(array) for array in data]
        if len(data) not in (2, 3) or len(set(sizes)) != 1:
            raise ValueError(
                f"Arrays of {_described(data)}: expected (images, labels), as many of "
                "one as of the other."
            )
        return [
            tuple(array[start : start + BATCH_SIZE] for array in data)
            for start in range(0, sizes[0], BATCH_SIZE)
        ]
    for number, batch in enumerate(data):
        if not isinstance(batch, list | tuple) or len(batch) not in (2, 3):
            raise ValueError(
                f"Batch {number} is {_described(batch)}, expected (images, labels)."
            )
    return list(data)


def _described(value):
    """A value in few words, never its pixels."""
    if hasattr(value, "shape"):
        return f"an array of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} of {len(value)}: " + ", ".join(
            map(_described, value[:4])
        )
    return f"a {type(value).__name__}"
