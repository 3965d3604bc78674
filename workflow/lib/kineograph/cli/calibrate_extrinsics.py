"""Compute where the cameras stand, from a board or from known points of the scene."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from kineograph.cli import _known_points
from kineograph.cli._common_arguments import add_result, add_settings
from kineograph.cli._lenses import add_lenses, read_lenses
from kineograph.cli._rig_result import save_error, save_rig
from kineograph.errors import InputError, KineographError
from kineograph.io.reports import read_report
from kineograph.model.camera import Rig
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.scene import ScenePoints
from kineograph.settings.text import from_json
from kineograph.stages.calibration_check import STAGE, check_rig
from kineograph.stages.extrinsics import (
    ExtrinsicsSettings,
    Placed,
    boards_elsewhere,
    check_placements,
    not_placed,
    place_camera,
    points_came_out,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_lenses(parser)
    what = "the board in the extrinsics pictures (.npz), a file a camera"
    parser.add_argument("--views", type=Path, nargs="*", default=[], metavar="FILE", help=what)
    parser.add_argument("--views-reports", type=Path, nargs="*", default=[], metavar="FILE", help="their reports")
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Place each camera that can be placed, check them against each other, and write."""
    settings = from_json(ExtrinsicsSettings, args.settings)
    lenses, reasons, lens_figures = read_lenses(args, settings)
    known = _points_of_cameras(args, settings, reasons)
    placed: list[Placed] = []
    for name, points in known.items():
        if name in lenses:
            try:
                placed.append(place_camera(lenses[name], points[0], settings.max_point_error_px))
            except InputError as error:
                reasons.append(not_placed(name, error))
    if not placed:
        raise InputError(
            "no camera could be calibrated",
            expected="one camera at least with intrinsics and known points",
            found=_each_once(reasons, args.cameras),
            hint=reasons[0].hint if reasons else "name the cameras",
        )
    rig = Rig(tuple(item.camera for item in placed), source=f"{settings.method}, intrinsics {settings.intrinsics}")
    reasons += [reason for item in placed for reason in item.reasons]
    reasons += check_placements(
        rig, {item.camera.name: boards_elsewhere(item.camera, known[item.camera.name], settings) for item in placed}
    )
    checked = check_rig(rig, settings.method)
    report = dataclasses.replace(
        checked,
        came_out={**checked.came_out, **points_came_out(placed), **lens_figures},
        reasons=worst_first([*checked.reasons, *reasons]),
    )
    return save_rig(args, rig, report)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a calibration without cameras."""
    save_error(args, STAGE, error)


def _each_once(reasons: Sequence[Reason], cameras: Sequence[str]) -> str:
    """What is wrong with the first camera, and the names of the others: what is wrong with them is in their own reports."""
    if not reasons:
        return "no camera"
    others = [name for name in cameras if reasons[0].blame != f"camera {name}"]
    return reasons[0].text + (f"; nor are {', '.join(others)}" if others else "")


def _points_of_cameras(
    args: argparse.Namespace, settings: ExtrinsicsSettings, reasons: list[Reason]
) -> dict[str, list[ScenePoints]]:
    """The known points of each camera: of its board, an entry a picture, or of the scene."""
    if settings.method == _known_points.SCENE_POINTS:
        return {name: [points] for name, points in _known_points.scene(args.source, tuple(args.cameras)).items()}
    known = {}
    for name, path, report_path in zip(args.cameras, args.views, args.views_reports, strict=True):
        report = read_report(report_path)
        if report.error:
            reasons.append(not_placed(name, KineographError.from_record(report.error)))
            continue
        reasons += report.reasons
        known[name] = _known_points.board(path, settings)
    return known
