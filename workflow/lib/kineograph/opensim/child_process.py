"""Running OpenSim's tools where their crashes and endless loops can't take this process along.

A tool holds Python's lock while it runs, so that no signal handler and no thread of this process could stop it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable


def in_child_process(run: Callable[[], object], most_s: float) -> None:
    """Run something in a copy of this process; it leaves its results in files.

    Parameters
    ----------
    run : callable
        What to run.
    most_s : float
        It is stopped after so many seconds.

    Raises
    ------
    RuntimeError
        Where it raises, crashes, or is stopped.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def child() -> None:
        problem = ""
        try:
            run()
        except BaseException as error:  # told to the parent, which raises it
            problem = str(error).strip() or traceback.format_exc()
        sender.send(problem)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # nothing of the parent's is tidied up twice

    process = context.Process(target=child)
    process.start()
    sender.close()
    process.join(most_s)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise RuntimeError(f"it did not end within {most_s:.0f} s and was stopped")
    if process.exitcode < 0:
        raise RuntimeError(f"it crashed ({signal.Signals(-process.exitcode).name})")
    problem = receiver.recv() if receiver.poll() else "it ended without a word"
    if problem:
        raise RuntimeError(problem)
