"""The commands of `keras-pixda`, one a file, in the order that the help lists them."""

from keras_pixda.commands import (
    check,
    compare,
    demo,
    evaluate,
    export,
    predict,
    scenes,
    train,
    verify,
)

COMMANDS = (demo, scenes, check, train, compare, evaluate, predict, export, verify)

__all__ = ["COMMANDS"]
