"""`fit` that stops at bad numbers and says in which batch labels are wrong."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras

from keras_pixda.freed_memory import keep_freed_memory
from keras_pixda.training.compile_loss import check_ignore_class, records_of

# Keras's own guard, which ends a training without an error.
QUIET = keras.callbacks.TerminateOnNaN


def guarded_fit(fit: Callable) -> Callable:
    """A `fit` with `BadNumbers` before its other callbacks, unless told otherwise.

    It takes a further argument, `bad_numbers=True`; a `BadNumbers` among the callbacks
    is used as it is, and `TerminateOnNaN` instead of one. Data and callbacks must
    ignore the same class as the losses.

    Args:
        fit: The method of a `LabelCheck`.
    """
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def guarded(self, *args, bad_numbers=True, **kwargs):
        keep_freed_memory()
        given = signature.bind(self, *args, **kwargs)
        named = {**given.arguments, **given.arguments.get("kwargs", {})}
        data, callbacks = named.get("x"), named.get("callbacks")
        if isinstance(callbacks, keras.callbacks.CallbackList):
            return fit(*given.args, **given.kwargs)
        callbacks = [x for x in keras.tree.flatten(callbacks) if x is not None]
        check_ignore_class(
            getattr(self, "agreed", None),
            *records_of(data),
            *records_of(named.get("validation_data")),
            *callbacks,
        )
        if not bad_numbers or any(isinstance(x, QUIET) for x in callbacks):
            return fit(*given.args, **given.kwargs)
        guard, callbacks = with_bad_numbers(callbacks, data)
        given.arguments["callbacks"] = callbacks
        with guard.naming_batches():
            return fit(*given.args, **given.kwargs)

    parameters = list(signature.parameters.values())
    last = parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    own = inspect.Parameter("bad_numbers", inspect.Parameter.KEYWORD_ONLY, default=True)
    parameters.insert(len(parameters) - last, own)
    guarded.__signature__ = signature.replace(parameters=parameters)
    return guarded


def with_bad_numbers(callbacks: Any, data: Any) -> Any:
    """The `BadNumbers` among callbacks, or a new one before them, and all callbacks."""
    # The callbacks import the models.
    from keras_pixda.callbacks import BadNumbers

    found = [x for x in callbacks if isinstance(x, BadNumbers)]
    guard = found[0] if found else BadNumbers()
    if guard.dataset is None and hasattr(data, "batch_names"):
        guard.dataset = data
    return guard, callbacks if found else [guard, *callbacks]
