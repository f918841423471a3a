"""Whether the tensors of a checkpoint are those of a network."""

from collections.abc import Mapping, Sequence

from keras_pixda.weights.tensor_pickle import Tensor

SHOWN = 40
# PyTorch counts the batches that its normalisation has seen.
COUNTER = ".num_batches_tracked"


def fit_problems(
    tensors: Mapping[str, Tensor],
    expected: Mapping[str, tuple],
    unused: Sequence[str] = (),
) -> list[str]:
    """Every weight that does not fit, in a line for each kind of problem.

    Args:
        tensors: Of the checkpoint, by name.
        expected: Shapes that the network's weights have in a checkpoint, by name.
        unused: Starts of names that the network need not have. Defaults to `()`.

    Returns:
        A list of lines, empty if all fits.
    """
    missing = [name for name in expected if name not in tensors]
    surplus = [
        name
        for name in tensors.keys() - expected.keys()
        if not name.startswith(tuple(unused)) and not name.endswith(COUNTER)
    ]
    misshapen = []
    for name in expected.keys() & tensors.keys():
        shape, numbers = tensors[name].shape, tensors[name].storage.numbers
        if shape != expected[name]:
            misshapen.append(f"{name} {shape}, expected {expected[name]}")
        elif numbers.kind not in "fV":
            misshapen.append(f"{name} holds {numbers}, expected floating point")
    kinds = {"missing": missing, "surplus": surplus, "misshapen": misshapen}
    return [f"{kind}: {listed(sorted(n))}" for kind, n in kinds.items() if n]


def listed(names: Sequence) -> str:
    """Names in a row, the first of them if they are many."""
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*map(str, names[:SHOWN]), *more])
