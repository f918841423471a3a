"""Standard error without what TensorFlow tells its developers.

Some of its lines come while it is being loaded, when no setting is in force yet. So
the lines pass through a small process of its own, this file, which survives whatever
happens to the one that trains. It holds no line back but those that it knows.
"""

import contextlib
import os
import re
import secrets
import select
import subprocess
import sys
from collections.abc import Iterator

# Where a line of TensorFlow's log begins, by the letter of its severity.
_LOG = rb"(?:%s0000 |\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: %s )"
KNOWN = re.compile(
    b"|".join(
        [
            rb"WARNING: All log messages before absl::InitializeLog\(\) is called",
            _LOG.replace(b"%s", b"I"),
            rb"To enable the following instructions: ",
            _LOG.replace(b"%s", b"[EW]") + rb".*("
            rb"failed call to cuInit"  # There is no GPU.
            rb"|Unable to register cu\w+ factory"
            rb"|computation placer already registered"
            rb"|meta_optimizer\.cc:\d+\] \w+ failed: )",  # It goes on without.
            rb"WARNING:tensorflow:\d+ out of the last \d+ calls to .* retracing",
        ]
    )
)
# What a line that is not complete may become.
STARTS = (b"WARNING:", b"To enable", b"I0000", b"E0000", b"W0000")


@contextlib.contextmanager
def filtered_stderr() -> Iterator[None]:
    """Pass this process's standard error through the filter, and its children's.

    Where that is not possible, everything is shown.
    """
    filtering = _start()
    try:
        yield
    finally:
        if filtering:
            _stop(*filtering)


def _start():
    if getattr(sys, "frozen", False) or not sys.executable:
        return None  # Python itself cannot be started.
    try:
        sys.stderr.flush()
        stderr = os.dup(2)
    except (AttributeError, OSError):
        return None
    done, tell_done = os.pipe()
    end = secrets.token_hex(16)
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, end, str(tell_done)],
            stdin=subprocess.PIPE,
            stdout=stderr,
            stderr=stderr,
            pass_fds=[tell_done],
            start_new_session=True,  # An interrupt is not meant for it.
        )
    except (OSError, ValueError):  # Nothing to start, or no pass_fds: Windows.
        for file in (stderr, done):
            os.close(file)
        return None
    finally:
        os.close(tell_done)
    os.dup2(process.stdin.fileno(), 2)
    return process, stderr, done, end


def _stop(process, stderr, done, end):
    """Wait until all that was written so far is shown, and write past the filter."""
    sys.stderr.flush()
    os.dup2(stderr, 2)
    with contextlib.suppress(OSError):
        process.stdin.write(f"{end}\n".encode())
        process.stdin.close()
        select.select([done], [], [], 5)
    for file in (stderr, done):
        os.close(file)
    # It ends when the last child of this process has closed its end, too.
    process.returncode = 0


def pump(read: int, write: int, end: bytes, tell_done: int) -> None:
    """Copy lines from a function to another but those that are known.

    Args:
        read: Function that returns the next bytes, none at the end.
        write: Function that takes bytes.
        end: A line, not copied, at which `tell_done` is called.
        tell_done: Function without arguments.
    """
    line, begun = b"", False
    while data := read():
        *lines, rest = (line + data).split(b"\n")
        for line in lines:
            if not begun and line == end:
                tell_done()
            elif begun or not KNOWN.match(line):
                write(line + b"\n")
            begun = False
        line = rest
        if line and (begun or not (end.startswith(line) or _may_be_known(line))):
            write(line)
            line, begun = b"", True
    if line and not KNOWN.match(line):
        write(line)


def _may_be_known(line):
    return line[:1].isdigit() or any(
        line.startswith(start[: len(line)]) for start in STARTS
    )


def _main(end, tell_done):
    def write(data):
        while data:
            data = data[os.write(1, data) :]

    def tell():
        os.write(int(tell_done), b".")

    pump(lambda: os.read(0, 65536), write, end.encode(), tell)


if __name__ == "__main__":
    _main(*sys.argv[1:])
