"""Convert a calibration to the canonical TOML file."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kineograph.calibration_formats import toml
from kineograph.cli._common_arguments import add_result, add_settings, save_report
from kineograph.dataset.calibration_files import FOLDER, find_calibration_file
from kineograph.errors import KineographError
from kineograph.model.camera import Rig
from kineograph.model.report import StageReport
from kineograph.settings.plugins import plugin_module, plugin_parameters
from kineograph.settings.text import from_json
from kineograph.stages.calibration_check import STAGE, check_rig


@dataclass(frozen=True)
class CalibrateSettings:
    """Settings of the section ``calibration``; `parameters` are the chosen format's. A conversion reads `format` and those."""

    method: str = "convert"
    format: str = "auto"
    intrinsics: str = "computed"
    max_point_error_px: float = 5.0
    parameters: Mapping[str, Any] = field(default_factory=dict)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="PATH", help="the calibration, or the folder that holds it"
    )
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Read, check and write."""
    settings = from_json(CalibrateSettings, args.settings)
    file, used = find_calibration_file(args.source, settings.format)
    wanted = plugin_parameters(FOLDER, used)
    parameters = {key: settings.parameters.get(key, rule["default"]) for key, rule in wanted.items()}
    rig: Rig = importlib.import_module(plugin_module(FOLDER, used)).read(file, **parameters)
    report = check_rig(rig, used)
    toml.write(args.out, rig)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a calibration without cameras."""
    toml.write(args.out, Rig(()))
    save_report(args, StageReport(STAGE, error=error.record()))
