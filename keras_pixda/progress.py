"""One line of progress, in a terminal, a notebook or a log."""

import sys
import time
from collections.abc import Callable
from typing import TextIO


class Progress:
    """Show how far a long job is: one line that is rewritten, or a few in a log.

    In a terminal and in a notebook the line is redrawn at most five times a second. In
    a file or a pipe a long job prints a line for every tenth of it, a short one only
    the last.

    Example:

    ```python
    import io
    from keras_pixda.progress import Progress

    log = io.StringIO()
    progress = Progress("reading", total=3, stream=log)
    for done in range(1, 4):
        progress(done, note=f"file {done}")
    assert log.getvalue().startswith("reading        3/3 ")
    ```

    Args:
        title: What is going on, at most 14 characters.
        total: Number of steps.
        verbose: Whether to show anything. Defaults to `True`.
        stream: Where to write. Defaults to `None`, standard output.
    """

    def __init__(
        self,
        title: str,
        total: int,
        verbose: bool = True,
        stream: TextIO | None = None,
    ):
        self.title = title
        self.total = total
        self.verbose = verbose
        self.stream = stream or sys.stdout
        self._started = time.monotonic()
        self._looked = None
        self._line = None

    def __call__(
        self, done: int, total: int | None = None, note: str | Callable[[], str] = ""
    ) -> None:
        """Show that `done` of `total` steps are done.

        Args:
            done: Steps done so far.
            total: Steps in all. Defaults to `None`, as before.
            note: A few words, such as the loss, or a function that says them, called
                only when they are shown. Defaults to `""`.
        """
        self.total = total or self.total
        if not self.verbose:
            return
        over, now = done >= self.total, time.monotonic()
        # Most steps end here: they cost next to nothing.
        if self._looked is not None and now - self._looked < 0.2 and not over:
            return
        self._looked = now
        if self._line is None:
            self._line = _line(self.title, self.total, self._started, self.stream)
        self._line.show(done, self.total, note, over)

    def pause(self) -> None:
        """Leave the line, so that something else can be printed below it."""
        if self._line is not None:
            self._line.leave()


def _line(title, total, started, stream):
    # Not before it is needed: the command line answers faster without it.
    from rich.console import Console

    if stream.isatty():
        console = Console(file=stream, force_terminal=True, force_jupyter=False)
        return _TerminalLine(title, total, started, console)
    notebook = stream is sys.stdout and Console().is_jupyter
    kind = _NotebookLine if notebook else _LogLine
    console = Console(
        file=stream, width=79, force_terminal=False, force_jupyter=False, no_color=True
    )
    return kind(title, total, started, console)


class _Line:
    """A task of `rich`, which knows how long it takes, and where it is shown."""

    def __init__(self, title, total, started, console):
        from rich.progress import (
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.table import Column

        # Without an ellipsis, which a log in ASCII cannot hold.
        rest = Column(no_wrap=True, overflow="crop", ratio=1)
        self.console = console
        self.rich = Progress(
            TextColumn("{task.description:<14}", markup=False),
            *self.bar_columns(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[note]}", markup=False, table_column=rest),
            console=console,
            expand=True,
            auto_refresh=False,  # No thread beside the training.
            redirect_stdout=False,
            redirect_stderr=False,
            # The mean of all: a step may take minutes.
            speed_estimate_period=float("inf"),
            get_time=lambda: time.monotonic(),
        )
        self.task = self.rich.add_task(title, total=total, note="")
        self.rich.tasks[0].start_time = started

    def bar_columns(self):
        return ()  # In a log, a picture says less than the figures.

    def show(self, done, total, note, over):
        # The first step, which compiles, is no part of what `rich` estimates from.
        self.rich.update(self.task, completed=done, total=total)
        if self.is_due(done, total, over):
            note = note() if callable(note) else note
            # After the time, which is then the time that it took.
            self.rich.update(self.task, note=note if over else f"left {note}")
            self.draw(over)

    def is_due(self, done, total, over):
        return True

    def leave(self):
        pass

    def text(self):
        with self.console.capture() as text:
            self.console.print(self.rich.get_renderable())
        return text.get().rstrip()


class _TerminalLine(_Line):
    def bar_columns(self):
        from rich.progress import BarColumn

        return (BarColumn(16),)

    def draw(self, over):
        if self.rich.live.is_started:
            self.rich.refresh()
        else:
            self.rich.start()
            # An error may end the job in the middle: nothing would show it again.
            self.console.show_cursor(True)
        if over:
            self.rich.stop()

    def leave(self):
        if self.rich.live.is_started:
            self.rich.stop()


class _NotebookLine(_Line):
    handle = None

    def draw(self, over):
        from IPython.display import display

        content = {"text/plain": self.text()}
        if self.handle is None:
            self.handle = display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)


class _LogLine(_Line):
    tenth = 0

    def __init__(self, title, total, started, console):
        super().__init__(title, total, started, console)
        self.printed = started

    def is_due(self, done, total, over):
        tenth = done * 10 // total if total else 10
        now = time.monotonic()
        if over or (tenth > self.tenth and now - self.printed >= 2):
            self.tenth, self.printed = tenth, now
            return True
        return False

    def draw(self, over):
        print(self.text(), file=self.console.file, flush=True)
