"""What an error of another package says, as part of a sentence of ours."""

import re

# Colours of the terminal, places in TensorFlow's graphs, what Keras adds in lines.
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_NODES = re.compile(r"\s*(for )?'?\{\{node [^}]*\}\}.*", re.DOTALL)
_CALLS = re.compile(r"\s*(Call arguments|Arguments) received by.*", re.DOTALL)


def plain_reason(error: BaseException) -> str:
    r"""The words of an error in one line, at most 300 letters, without a full stop.

    Example:

    ```python
    from keras_pixda.plain_reason import plain_reason

    error = ValueError(
        "\x1b[1mBad shape.\x1b[0m\n\nArguments received by Conv2D.call():"
    )
    assert plain_reason(error) == "Bad shape"
    assert plain_reason(KeyError()) == "KeyError"
    ```

    Args:
        error: Any error.

    Returns:
        Its text, or the name of its class where it has none.
    """
    text = str(error)
    for pattern in (_ESCAPES, _NODES, _CALLS):
        text = pattern.sub("", text)
    text = " ".join(text.split()).rstrip(".") or type(error).__name__
    return text if len(text) <= 300 else f"{text[:297]}..."
