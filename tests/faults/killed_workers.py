"""Trains a run in two processes that are one job, killed one after another.

`python killed_workers.py CONFIG FOLDER [WHO:POINT:COUNT ...]`: for each point of
`killed_runs`, both processes resume the run, and WHO of them, `0`, `1` or `01`, is
killed there. Those that are left get some seconds to notice, as from a queue, and are
then killed too. The last two run to the end. What is noted is that of `killed_runs`.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
import time

import killed_runs

from keras_pixda.preemption import EXIT_STATUS, Preempted, Preemption
from keras_pixda.runs import Settings

# How long those that are left may go on.
NOTICE = 5


def cluster():
    """The addresses of two workers, free so far."""
    with contextlib.ExitStack() as open_ports:
        ports = [
            open_ports.enter_context(socket.create_server(("localhost", 0)))
            for _ in range(2)
        ]
        return [f"localhost:{port.getsockname()[1]}" for port in ports]


def start(workers, index, settings, folder, point):
    """The process of a worker."""
    child = os.fork()
    if child:
        return child
    task = {"type": "worker", "index": index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": workers}, "task": task})
    status = 1
    try:
        with Preemption(grace=0.05):
            killed_runs.run(settings, folder, "eager", point, notes=not index)
        status = 0
    except Preempted as stopped:
        status = stopped.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def ends(children):
    """How each child ended; what is left some seconds after the first is killed."""
    codes, deadline, told = {}, None, 0.0
    while len(codes) < len(children):
        for index, child in children.items():
            if index in codes:
                continue
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                codes[index] = os.waitstatus_to_exitcode(status)
                if codes[index] and deadline is None:
                    told = time.monotonic()
                    deadline = told + NOTICE
            elif deadline and time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
        time.sleep(0.02)
    return codes, time.monotonic() - told if told else 0.0


def main(config, folder, *points):
    settings, folder = Settings.from_file(config), pathlib.Path(folder)
    for point in (*points, None):
        who, _, place = point.partition(":") if point else ("", "", None)
        workers = cluster()
        children = {
            index: start(
                workers, index, settings, folder, place if str(index) in who else None
            )
            for index in range(2)
        }
        codes, seconds = ends(children)
        wanted = {-signal.SIGKILL, EXIT_STATUS}
        killed = any(codes[int(index)] in wanted for index in who)
        print(point, "killed" if killed else "", codes, f"{seconds:.1f} s", flush=True)
        if not killed and (point or any(codes.values())):
            return f"{point} was not reached"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
