"""Check a dataset and its configuration before a run: every mistake in one list, the worst first."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from kineograph.cli._findings import count, lines
from kineograph.cli._front_arguments import add_configuration, add_profile, read_given
from kineograph.cli._preflight import preflight
from kineograph.io.atomic import write_text

USER_ERROR = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_configuration(parser)
    add_profile(parser)
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the list as JSON, too")


def run(args: argparse.Namespace) -> int:
    """Print the list; 0 where there is no mistake, else 2."""
    start = time.monotonic()
    plan, findings, _ = preflight(read_given(args))
    trials = plan.dataset.trials
    cameras = sum(len(trial.cameras) for trial in trials)
    mistakes, warnings = count(findings, "stops", "error"), count(findings, "warning")
    print(
        f"{args.configfile}: {len(trials)} trials, {cameras} recordings: {mistakes} mistakes, {warnings} warnings"
        f" ({time.monotonic() - start:.1f} s)"
    )
    for line in lines(findings):
        print(line)
    if args.json:
        write_text(args.json, json.dumps([finding.record() for finding in findings], indent=1) + "\n")
    return USER_ERROR if mistakes else 0
