"""The head of a run: one at a time in a working directory, with a record that outlives it, so that the next can clear up."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from kineograph.errors import InputError, KineographError
from kineograph.front.processes import alive, birth_s, snakemakes_in
from kineograph.io.atomic import write_text

FOLDER = Path(".kineograph")
HEARTBEAT_S = 10.0
KEPT_FILES = 60
"""Records of runs that are kept: two files a run, named by when it began."""
SILENT_S = 180.0
"""A head on another computer that has not shown a sign of life for so long is taken for dead."""


@dataclass(frozen=True)
class HeadRecord:
    """What a head leaves behind.

    Attributes
    ----------
    run : str
        The run's own name.
    host, user : str
        Where and by whom it was started.
    pid : int
        Its process.
    born_s, since_s : float
        When that process began, and when the run did, s since 1970.
    """

    run: str
    host: str
    user: str
    pid: int
    born_s: float
    since_s: float

    @property
    def since(self) -> str:
        """When the run began, as people write it."""
        return datetime.fromtimestamp(self.since_s).strftime("%Y-%m-%d %H:%M:%S")

    def events(self, workdir: Path) -> Path:
        """The file of what happened in the run."""
        return workdir / FOLDER / "runs" / f"{self.run}.jsonl"

    def output(self, workdir: Path) -> Path:
        """The file of what Snakemake printed."""
        return self.events(workdir).with_suffix(".log")


class Head:
    """Being the head: a context that holds the working directory's lock.

    Parameters
    ----------
    workdir : Path
        The working directory.
    take_over : bool
        Whether an earlier run that can't be looked at from here is known to be dead.

    Attributes
    ----------
    record : HeadRecord
        This run's.
    earlier : HeadRecord or None
        That of a run which was killed.
    killed : bool
        To be set where Snakemake was killed: the record then stays, for the next run to clear up.

    Raises
    ------
    InputError
        Where another run is at work there.
    """

    def __init__(self, workdir: Path, *, take_over: bool = False) -> None:
        self.workdir = workdir
        self._take_over = take_over
        self._lock: IO[str] | None = None
        self._file = workdir / FOLDER / "head.json"
        self.earlier: HeadRecord | None = None
        self.killed = False
        born = birth_s(os.getpid()) or time.time()
        run = f"{datetime.now().strftime('%Y%m%dT%H%M%S')}-{uuid.uuid4().hex[:8]}"
        self.record = HeadRecord(run, socket.gethostname(), getpass.getuser(), os.getpid(), born, time.time())

    def __enter__(self) -> Head:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        runs = self._file.parent / "runs"
        runs.mkdir(exist_ok=True)
        self._lock = self._file.with_suffix(".lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise busy(_read(self._file.with_suffix(".lock"))) from error
        try:
            self._look_for_others()
        except KineographError:
            self._lock.close()
            raise
        for old in sorted(runs.iterdir())[:-KEPT_FILES]:
            old.unlink()
        self._lock.truncate(0)
        self._lock.write(json.dumps(asdict(self.record)) + "\n")
        self._lock.flush()
        return self

    def begin(self) -> None:
        """Leave the record; until then that of an earlier run stays, so that a kill while clearing up loses nothing."""
        write_text(self._file, json.dumps(asdict(self.record)) + "\n")

    def __exit__(self, _kind: type | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        if error is None and not self.killed and read_head(self.workdir) == self.record:
            self._file.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()

    def beat(self) -> None:
        """Show a sign of life, for computers that can't see this process."""
        self._file.touch()

    def _look_for_others(self) -> None:
        self.earlier = read_head(self.workdir)
        if self.earlier is not None and not self._take_over and is_alive(self.earlier, self.workdir):
            raise busy(self.earlier)
        others = snakemakes_in(self.workdir, self.earlier.run if self.earlier else "")
        if others:
            born = others[0].create_time()
            raise busy(HeadRecord("", socket.gethostname(), others[0].username(), others[0].pid, born, born))
        locked = any((self.workdir / ".snakemake" / "locks").glob("*.lock"))
        if locked and self.earlier is None and not self._take_over:
            raise InputError(
                "the working directory is locked by a run of Snakemake that is not on this computer, or was killed",
                expected="no other run in this folder",
                found="locks in .snakemake/locks, and nothing that tells whose they are",
                hint="if it is at work on another computer, wait for it; if it is dead for certain, add --take-over",
            )


def read_head(workdir: Path) -> HeadRecord | None:
    """The record of the run that is at work in a folder, or was killed there; None where there is none."""
    return _read(workdir / FOLDER / "head.json")


def _read(file: Path) -> HeadRecord | None:
    try:
        return HeadRecord(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_alive(record: HeadRecord, workdir: Path) -> bool:
    """Whether a head is alive; one on another computer by its signs of life."""
    if record.host == socket.gethostname():
        return alive(record.pid, record.born_s)
    try:
        return time.time() - (workdir / FOLDER / "head.json").stat().st_mtime < SILENT_S
    except OSError:
        return False


def busy(record: HeadRecord | None) -> InputError:
    """The error where another run is at work."""
    who = (
        f"process {record.pid} of {record.user} on {record.host}, since {record.since}" if record else "another process"
    )
    return InputError(
        "another run is at work in this folder",
        expected="one run at a time, so that no file has two writers",
        found=who,
        hint="wait until it has ended, or end it"
        + (f" with: kill -INT {record.pid}" if record else "")
        + " (kineograph status shows what it does)",
    )
