"""Gather the verdicts of all stages of a trial into one."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_settings, json_argument
from kineograph.io.reports import read_report, write_json
from kineograph.settings.text import from_json
from kineograph.stages.verdict import NamedReport, VerdictSettings, trial_verdict


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--session", required=True)
    parser.add_argument("--trial", required=True)
    parser.add_argument("--participants", type=json_argument, required=True, metavar="JSON")
    parser.add_argument("--reports", type=Path, nargs="+", required=True, metavar="FILE", help="the stages' reports")
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the verdict (JSON)")


def run(args: argparse.Namespace) -> None:
    """Gather and write."""
    reports = [NamedReport(_subject(path), read_report(path)) for path in args.reports]
    verdict = trial_verdict(reports, from_json(VerdictSettings, args.settings))
    write_json(args.out, {"session": args.session, "trial": args.trial, "participants": args.participants, **verdict})


def _subject(path: Path) -> str:
    """What a report is about: a camera's and a participant's are named after them, a participant's model after its folder."""
    if path.parent.name in ("pose", "kinematics"):
        return path.stem
    return path.parent.name if path.name == "scaling.json" else ""
