"""Say whether a calibration fits what its cameras saw in the session's trials, and which cameras it does not fit."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_settings, json_argument, save_report
from kineograph.cli._session_sightings import add_session, measured_heights, read_sightings
from kineograph.errors import KineographError
from kineograph.model.report import StageReport
from kineograph.stages.calibration_health import FRAMES_A_TRIAL, MIN_CONFIDENCE, STAGE, assess_health


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_session(parser)
    parser.add_argument(
        "--heights",
        type=json_argument,
        default={},
        metavar="JSON",
        help="the participants' heights, as far as known, m",
    )
    add_settings(parser)
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the report (JSON)")


def run(args: argparse.Namespace) -> StageReport:
    """Assess."""
    rig, trials = read_sightings(args, min_confidence=MIN_CONFIDENCE, frames_a_trial=FRAMES_A_TRIAL)
    report = assess_health(rig, trials, measured_heights(args), args.heights)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a report with the error only."""
    save_report(args, StageReport(STAGE, error=error.record()))
