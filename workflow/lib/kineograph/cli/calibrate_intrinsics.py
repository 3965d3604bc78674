"""Compute a camera's lens from its views of a board."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_result, add_settings
from kineograph.cli._rig_result import save_error, save_rig
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_report
from kineograph.model.board import BoardViews
from kineograph.model.camera import Rig
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.intrinsics import STAGE, BoardSettings, calibrate_lens


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--views", type=Path, required=True, metavar="FILE", help="what detect-board found (.npz)")
    parser.add_argument("--views-report", type=Path, metavar="FILE", help="its report, whose error is passed on")
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Solve, judge and write: a calibration file of one camera that stands at the origin."""
    if args.views_report and (error := read_report(args.views_report).error):
        raise KineographError.from_record(error)
    camera, report = calibrate_lens(read_npz(args.views, BoardViews), from_json(BoardSettings, args.settings))
    return save_rig(args, Rig((camera,), source="intrinsics only"), report)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a calibration without the camera."""
    save_error(args, STAGE, error)
