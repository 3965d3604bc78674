"""Reading a file in a process that may die in place of this one.

The HDF5 library and OpenCV's FileStorage crash on some damaged files.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import os
import pickle
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from kineograph.errors import InputError, KineographError

SHORTEST_CPU_S = 3
"""Of CPU time for any file: the import of the library takes a third of a second, a small file hundredths."""
CPU_S_PER_MB = 1
"""On top, for each MB: numbers as they are take 0.01 s, and compressed ones may be a hundred times as many."""
LONGEST_CPU_S = 30
"""At most: a file of the largest size that is read takes a few seconds."""
TIME_UP = (signal.SIGXCPU, signal.SIGKILL)

P = ParamSpec("P")
T = TypeVar("T")


def guarded(read: Callable[P, T]) -> Callable[P, T]:
    """The reader in a child process, which hands over what it has read: the file can't crash this process or hang it.

    Such libraries are not made for files of unknown origin: a byte that is wrong in the place of a pointer ends the process,
    and no error of Python's tells why; other files are read without an end. Changing bytes at random finds both. That a file was
    read once without harm is no proof: what memory holds decides whether a wrong pointer kills. The reader's first argument is
    the file; what it returns goes through pickle.
    """

    @functools.wraps(read)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        if not hasattr(os, "fork"):
            return read(*args, **kwargs)
        return _read_in_child(lambda: read(*args, **kwargs), Path(str(next(iter([*args, *kwargs.values()])))))

    return checked


def longest_cpu_s(path: Path) -> int:
    """How many seconds of CPU time the reading of a file may take, from its size."""
    megabytes = path.stat().st_size / 1e6 if path.is_file() else 0.0
    return min(LONGEST_CPU_S, SHORTEST_CPU_S + int(CPU_S_PER_MB * megabytes))


def _read_in_child(read: Callable[[], T], path: Path) -> T:
    """Read the file in a copy of this process; what it returns or raises is returned or raised here.

    Raises
    ------
    InputError
        Where the copy dies of it, or comes to no end.
    """
    longest_s = longest_cpu_s(path)
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):  # it must not go on as a second copy of the program
            limit = int(sum(os.times()[:2])) + longest_s
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            faulthandler.disable()
            os.close(receiver)
            content = pickle.dumps(_outcome(read), pickle.HIGHEST_PROTOCOL)
            with os.fdopen(sender, "wb") as file:
                file.write(content)
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as file:
        content = file.read()
    _, status = os.waitpid(child, 0)
    cause = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if cause or not content:
        crash = f"a crash (signal {cause})" if cause else "more than the memory holds"
        raise InputError(
            f"{path} can't be read",
            expected="an undamaged file",
            found=f"{longest_s} s of reading without an end" if cause in TIME_UP else crash,
            hint="export the file again, or copy it again",
        )
    result, error, record = pickle.loads(content)
    if record is not None:
        raise error.from_record(record)
    if error is not None:
        raise error
    return cast(T, result)


def _outcome(read: Callable[[], T]) -> tuple[T | None, type[KineographError] | Exception | None, dict[str, str] | None]:
    """What the reader returns, or else its error: one of the project's as its class and its record."""
    try:
        return read(), None, None
    except KineographError as error:
        return None, type(error), error.record()
    except Exception as error:  # a bug or what the reader lets through: said where the reader was called
        return None, error, None
