"""A method with other settings, as a row of its own."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Variant:
    """What a method is called with some of its settings changed.

    Example:

    ```python
    from keras_pixda.methods import METHODS

    variant = METHODS["pixda"].variants["no_selection"]
    assert variant.title == "PixDA without selection"
    assert variant.changes == {"pixda.selection": False}
    ```

    Args:
        title: In tables and figures.
        changes: Settings that differ, by the names that `Settings.change` takes.
        group: `"beyond"` for what a comparison runs by default beside the methods,
            `"part"` for the method without or with another one of its parts,
            `"option"` for the method with an option.
    """

    title: str
    changes: dict
    group: str
