"""Check that a trial's videos can be read, fit together and fit their calibration."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from pathlib import Path
from typing import Any

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import add_result, add_settings, json_argument, require_recording, with_provenance
from kineograph.dataset.records import FILMED
from kineograph.errors import KineographError
from kineograph.io.reports import read_report, report_record, write_json
from kineograph.model.inputs import TrialInputs
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.inspect import STAGE, InspectSettings, Recording, inspect

IMPORTER = "kineograph.cli._any_keypoints"
"""Imported by name, so that what reads keypoint files does not count as code of trials that have videos."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--trial",
        type=json_argument,
        required=True,
        metavar="JSON",
        help="cameras (name, kind, path), problems, fps_hz",
    )
    parser.add_argument("--calibration", type=Path, required=True, metavar="FILE")
    parser.add_argument("--calibration-report", type=Path, required=True, metavar="FILE")
    add_settings(parser)
    add_result(parser, report=False)


def run(args: argparse.Namespace) -> StageReport:
    """Look at every camera's file and at the calibration."""
    settings = from_json(InspectSettings, args.settings)
    calibration_error = read_report(args.calibration_report).error
    inputs, report = inspect(
        [_recording(camera, settings) for camera in args.trial["cameras"]],
        toml.read(args.calibration),
        KineographError.from_record(calibration_error) if calibration_error else None,
        args.trial["problems"],
        args.trial["fps_hz"],
        settings,
    )
    _write(args, inputs, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a trial without cameras."""
    _write(args, TrialInputs((), float("nan")), StageReport(STAGE, error=error.record()))


def _recording(camera: dict[str, Any], settings: InspectSettings) -> Recording:
    name, kind, path = camera["name"], camera["kind"], Path(camera["path"])
    require_recording(path)
    try:
        if kind not in FILMED:
            importer = importlib.import_module(IMPORTER)
            frames, stated_hz = importer.count_frames(path, kind)
            return Recording(name, settings.fps_hz or stated_hz, frames)
        from kineograph.pose.video import video_facts

        facts = video_facts(path)
    except KineographError as error:
        return Recording(name, error=error)
    return Recording(name, facts.fps_hz, facts.n_frames, facts.size_px)


def _write(args: argparse.Namespace, inputs: TrialInputs, report: StageReport) -> None:
    write_json(args.out, {"inputs": dataclasses.asdict(inputs), **report_record(with_provenance(args, report))})
