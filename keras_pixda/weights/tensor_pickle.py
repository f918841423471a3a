"""Reads the pickles of PyTorch checkpoints; nothing that they name is ever called.

A pickle is a list of instructions. Here only those that make plain values are followed,
and the few names of PyTorch that a state dict needs stand for our own tensor records;
any other name is an error that says which.
"""

import math
import pickletools
from typing import Any, BinaryIO, NamedTuple

import numpy as np

# NumPy has no bfloat16: two raw bytes.
BFLOAT16 = np.dtype("V2")
NUMBERS = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": BFLOAT16,
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("<i1"),
    "ByteStorage": np.dtype("<u1"),
    "BoolStorage": np.dtype("?"),
}
ORDERED_DICT = "collections OrderedDict"
REBUILD_TENSOR = ("torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2")
VALUES = {
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINUNICODE", "SHORT_BINUNICODE"),
    *("BINSTRING", "SHORT_BINSTRING"),  # Text of Python 2.
}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
NEW = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}


class CheckpointError(ValueError):
    """What is wrong with a checkpoint."""


class Name(NamedTuple):
    """A name of PyTorch or Python that the pickle asks for, allowed ones only."""

    text: str
    numbers: np.dtype | None = None


class Storage(NamedTuple):
    """A run of numbers in the file."""

    numbers: np.dtype
    key: str
    size: int


class Tensor(NamedTuple):
    """A tensor's place in a storage; offset and strides count numbers."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple


def read_pickle(file: BinaryIO) -> tuple[Any, dict[str, Storage]]:
    """The value of the pickle that starts here, and its storages by their key."""
    stack, outer, memo, storages = [], [], {}, {}
    for opcode, argument, _ in pickletools.genops(file):
        code = opcode.name
        if code in VALUES:
            stack.append(argument)
        elif code in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif code in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif code == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif code in CONSTANTS:
            stack.append(CONSTANTS[code])
        elif code in NEW:
            stack.append(NEW[code]())
        elif code == "MARK":
            outer.append(stack)
            stack = []
        elif code in ("TUPLE", "APPENDS", "SETITEMS"):
            items, stack = stack, outer.pop()
            if code == "TUPLE":
                stack.append(tuple(items))
            elif code == "APPENDS":
                _append(stack[-1], items)
            else:
                _set_items(stack[-1], zip(items[::2], items[1::2], strict=True))
        elif code in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(code[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif code == "APPEND":
            item = stack.pop()
            _append(stack[-1], [item])
        elif code == "SETITEM":
            item, key = stack.pop(), stack.pop()
            _set_items(stack[-1], [(key, item)])
        elif code == "GLOBAL":
            stack.append(_allowed(argument))
        elif code == "STACK_GLOBAL":
            name, module = stack.pop(), stack.pop()
            stack.append(_allowed(f"{_text(module)} {_text(name)}"))
        elif code == "BINPERSID":
            storage = _storage(stack.pop())
            if storages.setdefault(storage.key, storage) != storage:
                raise CheckpointError(f"its storage {storage.key} has two sizes")
            stack.append(storage)
        elif code == "REDUCE":
            arguments, name = stack.pop(), stack.pop()
            stack.append(_rebuild(name, arguments))
        elif code == "BUILD":
            stack.pop()  # The attributes of a dict, such as `_metadata`.
            _expect(type(stack[-1]) is dict)
        elif code == "STOP":
            return stack.pop(), storages
        elif code not in ("PROTO", "FRAME"):
            raise CheckpointError(f"its pickle has the instruction {code}: refused")
    raise CheckpointError("its pickle has no end")


def _expect(condition):
    if not condition:
        raise CheckpointError("its pickle is damaged")


def _text(value):
    _expect(type(value) is str)
    return value


def _append(values, items):
    _expect(type(values) is list)
    values.extend(items)


def _set_items(values, items):
    _expect(type(values) is dict)
    for key, item in items:
        # No other keys: the hash of a deep tuple overflows the interpreter's stack.
        _expect(type(key) in (str, int))
        values[key] = item


def _allowed(text):
    """The record of an allowed name; any other is refused, unseen by Python."""
    module, _, name = text.partition(" ")
    if module in ("torch", "torch.cuda") and name in NUMBERS:
        return Name(text, NUMBERS[name])
    if text == ORDERED_DICT or text in REBUILD_TENSOR:
        return Name(text)
    asked = ascii(text[:100].replace(" ", "."))
    raise CheckpointError(
        f"it asks for {asked}, which tensors do not need: refused, nothing of it was "
        "run. Expected a file of torch.save(network.state_dict(), path)"
    )


def _storage(identity):
    _expect(type(identity) is tuple and len(identity) in (5, 6))
    kind, name, key, _, size, *view = identity
    if kind != "storage" or view not in ([], [None]):
        raise CheckpointError(
            "it holds a whole network or views, expected a state dict"
        )
    _expect(type(name) is Name and name.numbers is not None and _is_count(size))
    return Storage(name.numbers, _text(key), size)


def _rebuild(name, arguments):
    _expect(type(name) is Name and type(arguments) is tuple)
    if name.text == ORDERED_DICT:
        values = {}
        if arguments:  # Python 2 hands over a list of pairs.
            pairs = arguments[0]
            _expect(type(pairs) is list)
            _set_items(values, pairs)
            pairs.clear()  # Or a few bytes could ask for copies without end.
        return values
    _expect(name.text in REBUILD_TENSOR and len(arguments) >= 4)
    tensor = Tensor(*arguments[:4])
    storage, offset, shape, strides = tensor
    _expect(type(storage) is Storage and _is_count(offset))
    _expect(type(shape) is tuple and type(strides) is tuple)
    _expect(len(shape) == len(strides) <= 8)
    _expect(all(map(_is_count, shape + strides)))
    last = sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    count = math.prod(shape)
    if count > storage.size or (count and offset + last >= storage.size):
        raise CheckpointError(
            f"a tensor {shape} does not fit its {storage.size} numbers"
        )
    return tensor


def _is_count(value):
    return type(value) is int and 0 <= value < 2**48
