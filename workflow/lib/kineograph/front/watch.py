"""Running Snakemake to its end: passing on interrupts, showing progress, and leaving nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kineograph.front.head import HEARTBEAT_S, Head
from kineograph.front.processes import end, of_run
from kineograph.front.progress import Progress
from kineograph.front.snakemake import environment, parsed

PAUSE_S = 0.2
LINE_EVERY_S = 30.0
"""Where the output is no terminal, so often there is a line of progress."""
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")


def run_to_end(head: Head, command: list[str], progress: Progress) -> int:
    """Run Snakemake, and return its exit code; negative where a signal ended it.

    It runs in a session of its own. Whatever ends it, its jobs on this computer are ended with it.
    """
    events = head.record.events(head.workdir)
    with head.record.output(head.workdir).open("w") as output:
        process = subprocess.Popen(
            command,
            env=environment(events, head.record.run),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with _signals_passed_on(process):
                _watch(process, events, head, progress)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            end(of_run(head.record.run))
    return process.returncode


def _watch(process: subprocess.Popen[bytes], file: Path, head: Head, progress: Progress) -> None:
    follow = _new_events(file)
    beat = said = time.monotonic()
    while True:
        ended = process.poll() is not None
        for event in follow():
            progress.take(event)
        now = time.monotonic()
        if now - beat > HEARTBEAT_S:
            head.beat()
            beat = now
        if sys.stdout.isatty():
            print(
                f"\r\033[K{progress.line()[: os.get_terminal_size(sys.stdout.fileno()).columns - 1]}",
                end="",
                flush=True,
            )
        elif now - said > LINE_EVERY_S:
            print(progress.line(), flush=True)
            said = now
        if ended:
            if sys.stdout.isatty():
                print("\r\033[K", end="")
            return
        time.sleep(PAUSE_S)


def _new_events(file: Path) -> Callable[[], list[dict[str, object]]]:
    """A function that gives the events since it was last asked."""
    place = 0

    def new() -> list[dict[str, object]]:
        nonlocal place
        try:
            with file.open("rb") as content:
                content.seek(place)
                whole, _, _ = content.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        place += len(whole) + 1 if whole else 0
        return list(parsed(whole.decode(errors="replace").split("\n")))

    return new


@contextlib.contextmanager
def _signals_passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Interrupts go to Snakemake and its jobs, as a terminal sends them: it cancels what runs and ends in order."""
    names = [getattr(signal, name) for name in PASSED_ON if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in names}

    def pass_on(_number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)

    for number in names:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
