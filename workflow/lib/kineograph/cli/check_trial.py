"""Fail where a trial's verdict says so: the last job of a trial, so that nothing else waits for it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kineograph.io.atomic import write_text
from kineograph.io.reports import read_json

USER_ERROR = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--verdict", type=Path, required=True, metavar="FILE")
    parser.add_argument("--page", required=True, help="where a person finds out more")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="written where the trial does not fail")


def run(args: argparse.Namespace) -> int:
    """Print the verdict, and return 2 where the trial failed."""
    record = read_json(args.verdict)
    name = f"{record['session']}/{record['trial']}"
    if not record["failed"]:
        write_text(args.out, f"{record['verdict']}\n")
        return 0
    lines = record["error"] or (
        f"kineograph: trial {name} failed in the stage {record['stage']}: {record['reason']}\n"
        f"  expected a better verdict than '{record['verdict']}' (verdicts.fail_at); found {record['blame'] or 'see the page'}\n"
        f"  to do: look at {args.page}"
    )
    print(lines.replace("\n", f" [trial {name}]\n", 1) if name not in lines else lines, file=sys.stderr)
    return USER_ERROR
