"""Processes of this computer: who is alive, which belong to a run, and ending them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RUN_VARIABLE = "KINEOGRAPH_RUN"
"""Set for Snakemake and so for all its jobs: the run that they belong to."""
SLURM_JOB = "SLURM_JOB_ID"
FRONT = ("check", "plan", "run", "status", "clean")
"""The verbs that are no jobs."""
GONE_S = 10.0


def birth_s(pid: int) -> float | None:
    """When a process began, s since 1970; None where there is none. Numbers are used again, so a process is known by both."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def alive(pid: int, born_s: float) -> bool:
    """Whether that very process is alive."""
    born = birth_s(pid)
    return born is not None and abs(born - born_s) < 1.0


def of_run(run: str) -> list[Any]:
    """The living processes of a run, by what they inherited; this process itself and SLURM's jobs left out.

    SLURM's are SLURM's to end, also where its nodes are this computer.
    """
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            inherited = process.environ()
            ours = inherited.get(RUN_VARIABLE) == run and inherited.get(SLURM_JOB) == os.environ.get(SLURM_JOB)
            if ours and process.pid != os.getpid():
                found.append(process)
        except (psutil.Error, OSError):  # another user's, or just gone
            continue
    return found


def snakemakes_in(folder: Path, but_of: str) -> list[Any]:
    """The living Snakemake processes whose working directory is `folder`; those of the run `but_of` left out."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            named = any(Path(word).name == "snakemake" or word == "snakemake.cli" for word in command[:4])
            at_work = named and not set(command) & {"--dry-run", "-n", "--mode", "--lint", "--unlock"}
            if at_work and Path(process.cwd()) == folder and process.environ().get(RUN_VARIABLE, "-") != but_of:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def jobs_in(folder: Path) -> list[Any]:
    """The living jobs of a workflow whose working directory is `folder`, whoever started them; SLURM's left out."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            verb = command[command.index("kineograph.cli") + 1] if "kineograph.cli" in command[:-1] else ""
            if verb and verb not in FRONT and Path(process.cwd()) == folder and SLURM_JOB not in process.environ():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end(processes: Iterable[Any], gently_s: float = 0.0) -> list[Any]:
    """End processes; at first by an interrupt where they are given time. Returns those that live on.

    Parameters
    ----------
    processes : iterable of psutil.Process
        The processes.
    gently_s : float
        How long an interrupt is waited for, s.
    """
    import psutil

    alive = list(processes)
    for number, wait_s in ((signal.SIGINT, gently_s), (signal.SIGKILL, GONE_S)):
        if not wait_s:
            continue
        for process in alive:
            try:
                process.send_signal(number)
            except psutil.Error:
                continue
        stop = time.monotonic() + wait_s
        while alive and time.monotonic() < stop:
            alive = [process for process in alive if _lives(process)]
            time.sleep(0.05)
    return alive


def _lives(process: Any) -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
