"""Running a command and knowing what it cost: CPU seconds and memory from the operating system, not wall time."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Both tools are measured on one thread."""


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Attributes
    ----------
    code : int
        Exit code.
    cpu_s : float
        User and system seconds of the process and of the children that it waited for.
    memory_mb : float
        Largest resident set, MB.
    """

    code: int
    cpu_s: float
    memory_mb: float


def run(command: Sequence[str], *, cwd: Path, log: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command with its output in `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **ONE_THREAD, **(environment or {})}, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
