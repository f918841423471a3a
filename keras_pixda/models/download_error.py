"""What is said of weights that keras.applications cannot download."""

from keras_pixda.plain_reason import plain_reason


def download_error(network: str, error: Exception, size: str = "") -> ValueError:
    """An error that says how to bring the weights by hand.

    Args:
        network: Its name in keras.applications.
        error: What Keras has raised, with the address.
        size: How large the file is, in words. Defaults to `""`, not known.
    """
    return ValueError(
        f"The weights of keras.applications.{network}{size and f' ({size})'} cannot be "
        f"had: {plain_reason(error)}. Put the file of that address into the folder "
        "models of KERAS_HOME (~/.keras), or go without them, pretrained=False "
        "(--no-pretrained)."
    )
