"""Fail where a trial's verdict says so: the last job of a dataset, so that nothing else waits for it."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kineograph.io.atomic import write_text
from kineograph.io.reports import read_json

USER_ERROR = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--verdicts", type=Path, nargs="+", required=True, metavar="FILE", help="verdict.json of the trials"
    )
    parser.add_argument("--page", required=True, help="where a person finds out more")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="written where no trial fails")


def run(args: argparse.Namespace) -> int:
    """Print what each failing trial fails for, and return 2 where there is one."""
    records = [(read_json(path), path.with_name("report") / "index.html") for path in args.verdicts]
    failing = [(record, page) for record, page in records if record["failed"]]
    if not failing:
        counts = Counter(record["verdict"] for record, _ in records)
        write_text(args.out, "".join(f"{verdict}\t{count}\n" for verdict, count in sorted(counts.items())))
        return 0
    for record, page in failing:
        print(_three_lines(record, page), file=sys.stderr)
    print(
        f"kineograph: {len(failing)} of {len(records)} trials failed: all of them are on {args.page}", file=sys.stderr
    )
    return USER_ERROR


def _three_lines(record: Mapping[str, Any], page: Path) -> str:
    """What is wrong with a trial: its error, else the stage and the camera, joint or frame to blame."""
    name = f"{record['session']}/{record['trial']}"
    lines: str = record["error"] or (
        f"kineograph: trial {name} failed in the stage {record['stage']}: {record['reason']}\n"
        f"  expected a better verdict than '{record['verdict']}' (verdicts.fail_at); found {record['blame'] or 'see the page'}\n"
        f"  to do: look at {page}"
    )
    return lines if name in lines.partition("\n")[0] else lines.replace("\n", f" [trial {name}]\n", 1)
