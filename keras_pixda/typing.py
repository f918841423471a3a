"""Names for what the signatures of this package take and give."""

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

# What `keras.ops` takes: an array, a tensor of the backend, or a symbolic one.
Tensor: TypeAlias = Any
# Height and width in pixels.
Size: TypeAlias = tuple[int, int]
# One colour a class: red, green, blue, 0..255.
Palette: TypeAlias = Sequence[tuple[int, int, int]]
FilePath: TypeAlias = str | os.PathLike[str]
# What Keras hands to callbacks.
Logs: TypeAlias = dict[str, Any] | None
