"""One line of progress, in a terminal or in a log."""

import shutil
import sys
import time


class Progress:
    """Shows how far a long job is: one line that is rewritten, or a few in a log.

    In a terminal the line is redrawn at most five times a second. In a file or a pipe a
    long job prints a line for every tenth of it, a short one only the last.

    Example:

    ```python
    from keras_pixda.progress import Progress

    progress = Progress("reading", total=3)
    for done in range(1, 4):
        progress(done, 3)
    ```

    Args:
        title: What is going on, at most 14 characters.
        total: Number of steps.
        verbose: Whether to show anything. Defaults to `True`.
        stream: Where to write. Defaults to `None`, standard output.
    """

    def __init__(self, title, total, verbose=True, stream=None):
        self.title = title
        self.total = total
        self.verbose = verbose
        self.stream = stream or sys.stdout
        self._started = time.monotonic()
        self._first = None
        self._shown = time.monotonic()
        self._tenth = 0
        self._open = False

    def __call__(self, done, total=None, note=""):
        """Show that `done` of `total` steps are done.

        Args:
            done: Steps done so far.
            total: Steps in all. Defaults to `None`, as before.
            note: A few words, such as the loss. Defaults to `""`.
        """
        self.total = total or self.total
        if self._first is None:
            # The first step compiles and would spoil the estimate.
            self._first = (done, time.monotonic())
        if not self.verbose:
            return
        over, now = done >= self.total, time.monotonic()
        if self.stream.isatty():
            if over or now - self._shown >= 0.2:
                self._shown = now
                end = "\n" if over else ""
                width = min(shutil.get_terminal_size().columns, 80) - 1
                line = self._line(done, note)[:width].ljust(width)
                print(f"\r{line}", end=end, file=self.stream, flush=True)
                self._open = not over
        elif over or (self._is_next_tenth(done) and now - self._shown >= 2):
            self._shown = now
            self._tenth = done * 10 // self.total
            print(self._line(done, note)[:79].rstrip(), file=self.stream, flush=True)

    def pause(self):
        """Leave the line, so that something else can be printed below it."""
        if self.verbose and self.stream.isatty() and self._open:
            print(file=self.stream, flush=True)
            self._open = False

    def _is_next_tenth(self, done):
        return done * 10 // self.total > self._tenth

    def _line(self, done, note):
        filled = round(16 * done / self.total)
        bar = "#" * filled + "." * (16 - filled)
        counts = f"{done}/{self.total}"
        return f"{self.title:<14} [{bar}] {counts:>13} {self._time(done):>10}  {note}"

    def _time(self, done):
        now = time.monotonic()
        if done >= self.total:
            return f"{_clock(now - self._started)}     "
        first, since = self._first
        if done == first:
            return ""
        left = (now - since) / (done - first) * (self.total - done)
        return f"{_clock(left)} left"


def _clock(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"
