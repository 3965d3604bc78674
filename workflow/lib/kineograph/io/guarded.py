"""Reading a file in a process that may die, before reading it in this one.

The HDF5 library and OpenCV's FileStorage crash on some damaged files.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from kineograph.errors import InputError

SHORTEST_CPU_S = 3
"""Of CPU time for any file: the import of the library takes a third of a second, a small file hundredths."""
CPU_S_PER_MB = 1
"""On top, for each MB: reading takes 0.01 s of numbers as they are, and up to a hundred times as many may stand in a compressed file."""
LONGEST_CPU_S = 30
"""At most: a file of the largest size that is read takes a few seconds."""
TIME_UP = (signal.SIGXCPU, signal.SIGKILL)

P = ParamSpec("P")
T = TypeVar("T")


def guarded(read: Callable[P, T]) -> Callable[P, T]:
    """The reader, which gets no file that it would crash or hang on: a child process has read it before.

    Such libraries are not made for files of unknown origin: a byte that is wrong in the place of a pointer ends the process,
    and no error of Python's tells why; other files are read without an end. Changing bytes at random finds both. The reader's
    first argument is the file.
    """

    @functools.wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        if hasattr(os, "fork"):
            _try_in_child(lambda: read(*args, **kwargs), Path(str(next(iter([*args, *kwargs.values()])))))
        return read(*args, **kwargs)

    return checked


def longest_cpu_s(path: Path) -> int:
    """How many seconds of CPU time the reading of a file may take, from its size."""
    megabytes = path.stat().st_size / 1e6 if path.is_file() else 0.0
    return min(LONGEST_CPU_S, SHORTEST_CPU_S + int(CPU_S_PER_MB * megabytes))


def _try_in_child(read: Callable[[], object], path: Path) -> None:
    """Read the file in a copy of this process.

    Raises
    ------
    InputError
        Where the copy dies of it, or comes to no end.
    """
    longest_s = longest_cpu_s(path)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(
            BaseException
        ):  # what goes wrong here goes wrong in the parent again, and is said there
            used = sum(os.times()[:2])
            limit = int(used) + longest_s
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            faulthandler.disable()
            read()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        cause = os.WTERMSIG(status)
        found = f"{longest_s} s of reading without an end" if cause in TIME_UP else f"a crash (signal {cause})"
        raise InputError(
            f"{path} can't be read",
            expected="an undamaged file",
            found=found,
            hint="export the file again, or copy it again",
        )
