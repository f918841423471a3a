"""The methods, by name: the one place that lists them."""

import importlib.metadata
from collections.abc import Iterator

from keras_pixda.methods.fda import FDA
from keras_pixda.methods.fine_tuning import FineTuning
from keras_pixda.methods.fsda.fsda import FSDA
from keras_pixda.methods.joint_training.joint_training import JointTraining
from keras_pixda.methods.method import Method
from keras_pixda.methods.naae.naae import NAAE
from keras_pixda.methods.pixda.pixda import PixDA
from keras_pixda.methods.pixda_plus import PixDAPlus
from keras_pixda.methods.self_training.self_training import SelfTraining
from keras_pixda.methods.source_only import SourceOnly

# Where installed packages declare an instance of a method of theirs.
GROUP = "keras_pixda.methods"


def _installed() -> Iterator[tuple[str, Method]]:
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            method = point.load()
        except Exception as error:  # Whatever the other package raises.
            raise ImportError(f"{point.value}, a method, fails: {error}") from error
        if not isinstance(method, Method) or method.name != point.name:
            raise ImportError(
                f"{point.value} is {method!r}, expected an instance of a Method with "
                f"the name of its entry point, {point.name!r}."
            )
        yield point.name, method


# In the order of the published table, then those beyond it. A method from elsewhere is
# added as an entry.
METHODS = {
    method.name: method
    for method in (
        SourceOnly(),
        NAAE(),
        JointTraining(),
        FDA(),
        FineTuning(),
        FSDA(),
        PixDA(),
        SelfTraining(),
        PixDAPlus(),
    )
}
METHODS.update(_installed())
