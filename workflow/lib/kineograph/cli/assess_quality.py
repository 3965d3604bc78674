"""Compare the final points with every camera's keypoints, by camera and keypoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_settings, save_report
from kineograph.cli._observations import add_observations, read_observations
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz
from kineograph.model.points import Points3D
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.bone_lengths import bone_lengths
from kineograph.stages.quality import STAGE, QualitySettings, assess


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_observations(parser)
    parser.add_argument("--points", type=Path, required=True, metavar="FILE", help="the filtered points")
    add_settings(parser)
    parser.add_argument(
        "--report", type=Path, required=True, metavar="FILE", help="the residuals, with their report (JSON)"
    )


def run(args: argparse.Namespace) -> StageReport:
    """Assess."""
    settings = from_json(QualitySettings, args.settings)
    observations, rig, _ = read_observations(args)
    points = read_npz(args.points, Points3D)
    report = assess(observations, rig, points, settings)
    report.came_out["segment_length_m"] = bone_lengths(points)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a report without figures."""
    save_report(args, StageReport(STAGE, came_out={"median_px": {}}, error=error.record()))
