"""The parts of a document that a verb makes: written anew, or only compared with what stands there."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._own_command import own_command
from kineograph.errors import InputError
from kineograph.io.atomic import write_text


def add_document(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the document and --check."""
    parser.add_argument("file", type=Path, help=what)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where it is not up to date")


def put(args: argparse.Namespace, verb: str, fresh: str, *, lacks: str, expected: str) -> None:
    """Write the document as it should be.

    Parameters
    ----------
    args : Namespace
        With what :func:`add_document` adds.
    verb : str
        What to run where the document is not up to date.
    fresh : str
        Its text.
    lacks, expected : str
        What it does not tell of then, and what it should hold instead, for the message.

    Raises
    ------
    InputError
        With --check, where the document is another.
    """
    if fresh == args.file.read_text(encoding="utf-8"):
        return
    if args.check:
        raise InputError(
            f"{args.file} does not tell of {lacks}",
            expected=expected,
            found="others",
            hint=own_command(verb, str(args.file)),
        )
    write_text(args.file, fresh)
