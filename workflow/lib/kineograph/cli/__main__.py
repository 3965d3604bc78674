"""Finding the verb and running it; errors of the user's become three lines and exit code 2."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import errno
import importlib
import os
import resource
import sys
from pathlib import Path
from types import ModuleType

from kineograph import __version__
from kineograph.errors import InputError, KineographError, MachineError, nearest
from kineograph.io.room import NO_ROOM, room
from kineograph.model.report import StageReport

HERE = Path(__file__).parent
USER_ERROR = 2
UNREADABLE = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
"""Errors of the operating system that a wrong path or permission causes."""
MACHINE = {
    errno.ENOSPC: "free some room on that disk",
    errno.EDQUOT: "free some room: the quota of this user is used up",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "make that folder writable, or set 'results' in the configuration to another one",
    errno.EIO: "see whether the disk or the network drive is in order",
    errno.ESTALE: "see whether the network drive is in order",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}
"""Errors of the operating system that say nothing of the data, and what to do."""
USAGE_VARIABLE = "KINEOGRAPH_USAGE"
"""A file to which each command adds a line with its CPU seconds and memory; benchmarks read it."""


def verbs() -> list[str]:
    """The verbs there are, by the files of this folder."""
    return sorted(path.stem.replace("_", "-") for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main(argv: list[str] | None = None) -> int:
    """Run a verb and return the exit code: 0, or 2 where the user has something to correct."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["--version"]:
        print(__version__)
        return 0
    if not arguments or arguments[0] not in verbs():
        return _usage(arguments)
    module = importlib.import_module(f"kineograph.cli.{arguments[0].replace('-', '_')}")
    description = (module.__doc__ or "").strip()
    parser = argparse.ArgumentParser(
        f"kineograph {arguments[0]}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.arguments(parser)
    if hasattr(module, "give_up"):
        parser.add_argument(
            "--errors-as-verdicts",
            action="store_true",
            help="write empty results with a verdict that says why, and exit with 0, so that a workflow's other trials go on",
        )
    args = parser.parse_args(arguments[1:])
    if place := os.environ.get(USAGE_VARIABLE):
        atexit.register(_add_usage, Path(place), arguments[0])
    try:
        report = _run(module, args)
    except KineographError as error:
        _say(error)
        if getattr(args, "errors_as_verdicts", False) and not isinstance(error, MachineError):
            return _give_up(module, args, error)
        return USER_ERROR
    return _tell(report, args) if isinstance(report, StageReport) else int(report or 0)


def _run(module: ModuleType, args: argparse.Namespace) -> StageReport | int | None:
    """What the verb returns; a path that can't be used is the user's to correct, too."""
    try:
        result: StageReport | int | None = module.run(args)
    except OSError as error:
        if error.errno in MACHINE:
            raise _of_machine(error) from error
        if not isinstance(error, UNREADABLE):
            raise
        raise InputError(
            f"{error.filename} can't be used",
            expected="a file or folder that can be read, or written where it is a result",
            found=error.strerror or type(error).__name__,
            hint="check the path and its permissions",
        ) from error
    return result


def _give_up(module: ModuleType, args: argparse.Namespace, error: KineographError) -> int:
    """Write the error as a verdict, and return the exit code: where nothing can be written, that is what is wrong."""
    try:
        module.give_up(args, error)
    except OSError as problem:
        _say(_of_machine(problem))
        return USER_ERROR
    return 0


def _of_machine(error: OSError) -> MachineError:
    found = error.strerror or type(error).__name__
    if error.errno in NO_ROOM and error.filename:
        found += f" ({room(Path(os.fsdecode(error.filename)))})"
    return MachineError(
        f"{error.filename or 'a result'} can't be {'written' if error.errno in NO_ROOM else 'read or written'}",
        expected="a disk with room, and permission to read and write",
        found=found,
        hint=MACHINE.get(error.errno or 0, "check the path and its permissions") + ", and run it again",
    )


def _say(message: object) -> None:
    """Print to stderr, which is a job's log; where a full disk can't take it, to stdout, which the run keeps elsewhere."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        with contextlib.suppress(OSError):
            print(message, flush=True)


def _add_usage(path: Path, verb: str) -> None:
    """Add a line: verb, CPU seconds of the process so far (its start and imports included), largest memory in MB."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    with path.open("a") as file:
        file.write(f"{verb}\t{used.ru_utime + used.ru_stime:.3f}\t{used.ru_maxrss / 1024:.0f}\n")


def _tell(report: StageReport, args: argparse.Namespace) -> int:
    """Print what a stage says of itself."""
    _say(f"{report.stage}: {report.verdict}")
    for reason in report.reasons:
        _say(f"  {reason.verdict}: {reason.text}" + (f" -> {reason.hint}" if reason.hint else ""))
    if report.error:
        _say(KineographError.from_record(report.error))
        return 0 if args.errors_as_verdicts else USER_ERROR
    return 0


def _usage(arguments: list[str]) -> int:
    known = verbs()
    if arguments and arguments[0] not in ("-h", "--help"):
        print(f"kineograph: there is no verb '{arguments[0]}'. {nearest(arguments[0], known)}", file=sys.stderr)
        return USER_ERROR
    print("usage: kineograph VERB ...\n\nverbs (VERB --help says more):")
    for verb in known:
        source = (HERE / f"{verb.replace('-', '_')}.py").read_text(encoding="utf-8")
        print(f"  {verb:20} {source.lstrip(chr(34)).split(chr(10), 1)[0].rstrip(chr(34))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
