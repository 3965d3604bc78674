"""Compute where the cameras stand, from a board or from known points of the scene."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from kineograph.calibration_formats import toml
from kineograph.cli import _known_points
from kineograph.cli._any_calibration import read_calibration
from kineograph.cli._common_arguments import add_result, add_settings, json_argument, save_report
from kineograph.dataset.names import same_name_key
from kineograph.errors import InputError, KineographError
from kineograph.io.reports import read_report
from kineograph.model.camera import Camera, Rig
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
from kineograph.stages.image_edits import edit_images


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="PATH", help="the calibration's folder, or a file in it"
    )
    parser.add_argument(
        "--cameras", type=json_argument, required=True, metavar="JSON", help="the cameras' names, a list"
    )
    for name, what in (("intrinsics", "lenses (.toml)"), ("views", "the board in the extrinsics pictures (.npz)")):
        parser.add_argument(
            f"--{name}", type=Path, nargs="*", default=[], metavar="FILE", help=f"{what}, a file a camera"
        )
        parser.add_argument(f"--{name}-reports", type=Path, nargs="*", default=[], metavar="FILE", help="their reports")
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Place each camera that can be placed, check them against each other, and write."""
    settings = from_json(ExtrinsicsSettings, args.settings)
    lenses, reasons, lens_figures = _lenses(args, settings)
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
            expected=f"intrinsics and known points for {', '.join(args.cameras)}",
            found="; ".join(reason.text for reason in reasons) or "no camera",
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
    toml.write(args.out, rig)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a calibration without cameras."""
    toml.write(args.out, Rig(()))
    save_report(args, StageReport(STAGE, error=error.record()))


def _lenses(
    args: argparse.Namespace, settings: ExtrinsicsSettings
) -> tuple[dict[str, Camera], list[Reason], dict[str, dict[str, object]]]:
    """The cameras' lenses, what is wrong with them, and figures on them for the report."""
    lenses: dict[str, Camera] = {}
    reasons: list[Reason] = []
    if settings.intrinsics == "file":
        given, _ = read_calibration(args.source, settings.format, settings.parameters)
        given = edit_images(given, settings.image_edits)
        by_key = {same_name_key(camera.name): camera for camera in given.cameras}
        for name in args.cameras:
            if (camera := by_key.get(same_name_key(name))) is not None:
                lenses[name] = dataclasses.replace(camera, name=name)
            else:
                reasons.append(not_placed(name, _not_in(given)))
        return lenses, reasons, {}
    figures: dict[str, object] = {}
    for name, path, report_path in zip(args.cameras, args.intrinsics, args.intrinsics_reports, strict=True):
        report = read_report(report_path)
        if report.error:
            reasons.append(not_placed(name, KineographError.from_record(report.error)))
            continue
        lenses[name] = toml.read(path).cameras[0]
        reasons += report.reasons
        figures[name] = {key: report.came_out[key] for key in ("views", "rms_px", "left_out_px", "coverage")}
    return lenses, reasons, {"intrinsics": figures}


def _not_in(given: Rig) -> InputError:
    return InputError(
        f"{given.source} has no intrinsics of it",
        expected="all cameras",
        found=", ".join(given.names) or "no camera",
        hint="rename the camera, or set calibration.intrinsics to computed",
    )


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
