"""Filter the participants' points over time."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_result, add_settings, save_report
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz, write_npz
from kineograph.model.points import Points3D
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.smooth import STAGE, SmoothSettings, smooth


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--points", type=Path, required=True, metavar="FILE")
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Filter."""
    settings = from_json(SmoothSettings, args.settings)
    points, report = smooth(read_npz(args.points, Points3D), settings)
    write_npz(args.out, points)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Pass the points on as they are."""
    write_npz(args.out, read_npz(args.points, Points3D))
    save_report(args, StageReport(STAGE, error=error.record()))
