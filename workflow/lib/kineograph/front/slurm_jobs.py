"""SLURM's jobs of a killed run: found by the name that Snakemake's plug-in gives to all jobs of a run, and cancelled."""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from kineograph.errors import InputError

RUN_ID = re.compile(r"SLURM run ID: (\S+)")
GONE_S = 120.0
"""How long jobs are waited for after they were cancelled: a node may be ending them."""
PAUSE_S = 0.5


def run_ids(workdir: Path, since_s: float | None) -> set[str]:
    """The names of SLURM's jobs of the Snakemake runs in a folder, from Snakemake's own logs.

    Parameters
    ----------
    workdir : Path
        The working directory.
    since_s : float or None
        Only of runs from then on, s since 1970; None for all.
    """
    found: set[str] = set()
    for log in (workdir / ".snakemake" / "log").glob("*.snakemake.log"):
        if since_s is None or log.stat().st_mtime >= since_s:
            found |= set(RUN_ID.findall(log.read_text(encoding="utf-8", errors="replace")))
    return found


def cancel(names: Iterable[str]) -> list[str]:
    """Cancel the jobs of these names and wait until none is left; returns their numbers.

    Raises
    ------
    InputError
        Where SLURM can't be asked, or jobs don't end.
    """
    wanted = set(names)
    if not wanted:
        return []
    if shutil.which("squeue") is None:
        raise InputError(
            "the jobs of a killed run may still be in SLURM's queue, and SLURM can't be asked from here",
            expected="squeue and scancel on the PATH",
            found="none",
            hint="run the command on a computer of the cluster",
        )
    cancelled = jobs_of(wanted)
    if cancelled:
        _run("scancel", *cancelled)
    stop = time.monotonic() + GONE_S
    while left := jobs_of(wanted):
        if time.monotonic() > stop:
            raise InputError(
                f"jobs of a killed run don't end: {', '.join(left[:8])}",
                expected=f"none in SLURM's queue {GONE_S:g} s after they were cancelled",
                found=f"{len(left)} that may still write",
                hint="see squeue for their nodes, and run the command again when they are gone",
            )
        time.sleep(PAUSE_S)
    return cancelled


def jobs_of(names: set[str]) -> list[str]:
    """The numbers of this user's jobs in the queue that have these names."""
    rows = [line.partition(" ") for line in _run("squeue", "-h", "-u", getpass.getuser(), "-o", "%i %j").splitlines()]
    return [number for number, _, name in rows if name.strip() in names]


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(
            f"{command[0]} failed, which is needed to clear up after a killed run",
            expected="an answer of SLURM's",
            found=" ".join(done.stderr.split()) or f"exit code {done.returncode}",
            hint="run the command again when SLURM's controller answers",
        )
    return done.stdout
