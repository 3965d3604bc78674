"""Clearing up after a killed run, so that no file has two writers, no half file is trusted and no finished job is repeated."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kineograph.errors import InputError
from kineograph.front.head import HeadRecord
from kineograph.front.processes import end, jobs_in, of_run
from kineograph.front.slurm_jobs import cancel, run_ids
from kineograph.front.snakemake import PROGRAM

TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}(\.\w+)?")
"""Names of files that were being written (io/atomic)."""
GENTLY_S = 10.0


def clear_up(
    workdir: Path, results: Path, earlier: HeadRecord | None, configfile: Path, *, take_over: bool
) -> list[str]:
    """Do it, and say what was done, a line each; nothing where no run was killed.

    Parameters
    ----------
    workdir, results : Path
        The working directory and the results' folder: nothing outside of them is touched.
    earlier : HeadRecord or None
        The killed run's record; None where none was killed that `kineograph run` had started.
    configfile : Path
        The configuration, which Snakemake takes for its own unlocking.
    take_over : bool
        Whether Snakemake was killed that was started by hand.
    """
    locked = any((workdir / ".snakemake" / "locks").glob("*.lock"))
    if earlier is None and not (locked and take_over):
        return []
    told = []
    if earlier is not None:
        told.append(
            f"the run of {earlier.since} (process {earlier.pid} of {earlier.user} on {earlier.host}) was killed"
        )
        told += _end_processes(earlier)
    else:
        end(jobs_in(workdir))
    cancelled = cancel(run_ids(workdir, earlier.since_s - 1 if earlier else None))
    if cancelled:
        told.append(f"{len(cancelled)} of its jobs were still SLURM's and are cancelled: {', '.join(cancelled[:8])}")
    half = list(half_files(workdir, results))
    for path in half:
        path.unlink(missing_ok=True)
    if half:
        told.append(f"{len(half)} files that it was writing are removed; they are made again")
    if locked:
        unlock(workdir, configfile)
        told.append("Snakemake's lock is removed")
    return told


def half_files(workdir: Path, results: Path) -> Iterator[Path]:
    """The results that a job was writing: those that Snakemake has marked, and files with temporary names."""
    marks = workdir / ".snakemake" / "incomplete"
    root = results.absolute()
    for folder, _, names in os.walk(marks):
        for name in names:
            encoded = (Path(folder) / name).relative_to(marks).as_posix().replace("/", "").replace("@", "")
            try:
                path = workdir / base64.urlsafe_b64decode(encoded).decode()
            except ValueError:
                continue
            if path.absolute().is_relative_to(root) and path.is_file():
                yield path
    for folder, _, names in os.walk(root):
        yield from (Path(folder) / name for name in names if TEMPORARY.fullmatch(name))


def unlock(workdir: Path, configfile: Path) -> None:
    """Let Snakemake remove its lock.

    Raises
    ------
    InputError
        Where it can't.
    """
    command = [*PROGRAM, "--unlock", "--configfile", str(configfile), "--cores", "1"]
    done = subprocess.run(command, cwd=workdir, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(
            "Snakemake can't remove the lock of a killed run",
            expected="an exit code of 0 of snakemake --unlock",
            found=" ".join(done.stderr.split()[-40:]),
            hint="see what it says, and remove .snakemake/locks where that is all that is left",
        )


def _end_processes(earlier: HeadRecord) -> list[str]:
    """End what the killed run left running on this computer: its Snakemake, which then ends its jobs, and its jobs."""
    left = of_run(earlier.run)
    if not left:
        return []
    heads = [process for process in left if "snakemake" in " ".join(process.cmdline()[:4])]
    end(heads, GENTLY_S)
    stubborn = end(of_run(earlier.run))
    if stubborn:
        raise InputError(
            "processes of a killed run can't be ended",
            expected="none that may still write results",
            found=", ".join(str(process.pid) for process in stubborn),
            hint="end them, and run the command again",
        )
    return [f"{len(left)} processes of it were still running and are ended"]
