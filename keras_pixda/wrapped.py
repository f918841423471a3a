"""Sentences for a terminal."""

import textwrap


def wrapped(text: str) -> str:
    r"""A text in lines of at most 79 letters; what is longer, as a path, stays whole.

    Example:

    ```python
    from keras_pixda.wrapped import wrapped

    path = f"/{'a-b/' * 25}"
    assert wrapped(f"The file {path} is empty.") == f"The file\n{path}\nis empty."
    ```

    Args:
        text: A sentence or more, in one line.

    Returns:
        The text without a newline at its end.
    """
    return textwrap.fill(text, 79, break_long_words=False, break_on_hyphens=False)
