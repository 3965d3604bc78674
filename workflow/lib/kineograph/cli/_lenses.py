"""The cameras' lenses for a calibration that is computed: from a calibration file, or from pictures of a board."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from kineograph.calibration_formats import toml
from kineograph.cli._any_calibration import read_calibration
from kineograph.cli._common_arguments import json_argument
from kineograph.dataset.names import same_name_key
from kineograph.errors import InputError, KineographError
from kineograph.io.reports import read_report
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason
from kineograph.stages.extrinsics import ExtrinsicsSettings, not_placed
from kineograph.stages.image_edits import edit_images
from kineograph.stages.people_extrinsics import PeopleSettings


def add_lenses(parser: argparse.ArgumentParser) -> None:
    """Add the cameras' names and where their lenses are found."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="PATH", help="the calibration's folder, or a file in it"
    )
    parser.add_argument(
        "--cameras", type=json_argument, required=True, metavar="JSON", help="the cameras' names, a list"
    )
    parser.add_argument(
        "--intrinsics", type=Path, nargs="*", default=[], metavar="FILE", help="lenses (.toml), a file a camera"
    )
    parser.add_argument("--intrinsics-reports", type=Path, nargs="*", default=[], metavar="FILE", help="their reports")


def read_lenses(
    args: argparse.Namespace, settings: ExtrinsicsSettings | PeopleSettings
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
