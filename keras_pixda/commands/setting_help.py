"""What help says of a setting."""

import dataclasses
import inspect
import re

# A setting and what the docstring of its class says of it.
_SETTING = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)$", re.MULTILINE)
_DEFAULT = re.compile(r"\s*Defaults to (?:(?!Defaults to).)*\.$")


def setting_help(kind: type, name: str) -> str:
    """What the docstring of its class says of a setting, and what presets make of it.

    Example:

    ```python
    from keras_pixda.commands.setting_help import setting_help
    from keras_pixda.methods import PixDASettings

    text = setting_help(PixDASettings, "selection_every")
    assert text == "Passes from one selection to the next. [small: 4, published: 1]"
    ```

    Args:
        kind: The class of the settings.
        name: The setting.
    """
    texts = {}
    for base in reversed(kind.__mro__):
        texts |= _SETTING.findall(inspect.cleandoc(base.__doc__ or ""))
    text = " ".join(texts.get(name, "").split()).replace("`", "")
    if any(name in preset for preset in kind.presets.values()):
        default = {field.name: field.default for field in dataclasses.fields(kind)}
        values = ", ".join(
            f"{preset}: {_shown(changes.get(name, default[name]))}"
            for preset, changes in kind.presets.items()
        )
        text = f"{_DEFAULT.sub('', text)} [{values}]"
    return text.replace("%", "%%")  # As argparse has it.


def _shown(value):
    if value is None:
        return "the common one"
    return " x ".join(map(str, value)) if isinstance(value, tuple) else str(value)
