"""Convert a calibration to the canonical TOML file, z up, for videos that were cropped, resized or turned as declared."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kineograph.cli._any_calibration import read_calibration
from kineograph.cli._common_arguments import add_result, add_settings
from kineograph.cli._rig_result import save_error, save_rig
from kineograph.errors import KineographError
from kineograph.geometry.world_up import turned_up
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.calibration_check import STAGE, check_rig
from kineograph.stages.image_edits import edit_images


@dataclass(frozen=True)
class CalibrateSettings:
    """The section ``calibration``; `parameters` are the chosen format's.

    A conversion reads `format`, `world_up`, `image_edits` and those.
    """

    method: str = "convert"
    intrinsics: str = "computed"
    max_point_error_px: float = 5.0
    known_distance: Mapping[str, Any] | None = None
    up: Mapping[str, Any] = field(default_factory=dict)
    format: str = "auto"
    world_up: str = "z"
    image_edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
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
    rig, used = read_calibration(args.source, settings.format, settings.parameters)
    rig = edit_images(turned_up(rig, settings.world_up), settings.image_edits)
    report = check_rig(rig, used)
    return save_rig(args, rig, report)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a calibration without cameras."""
    save_error(args, STAGE, error)
