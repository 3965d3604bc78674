"""Compare the final points with every camera's keypoints, by camera and keypoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from kineograph.cli._common_arguments import add_settings, add_views, read_views, save_report
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_synchronization
from kineograph.model.points import Points3D
from kineograph.model.report import StageReport
from kineograph.model.tracks import PersonTracks
from kineograph.settings.text import from_json
from kineograph.stages.bone_lengths import bone_lengths
from kineograph.stages.quality import STAGE, QualitySettings, assess


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_views(parser)
    parser.add_argument("--synchronization", type=Path, required=True, metavar="FILE")
    parser.add_argument("--tracks", type=Path, required=True, metavar="FILE")
    parser.add_argument("--points", type=Path, required=True, metavar="FILE", help="the filtered points")
    add_settings(parser)
    parser.add_argument(
        "--report", type=Path, required=True, metavar="FILE", help="the residuals, with their report (JSON)"
    )


def run(args: argparse.Namespace) -> StageReport:
    """Assess."""
    settings = from_json(QualitySettings, args.settings)
    views = read_views(args)
    clock = read_synchronization(args.synchronization)
    tracks, points = read_npz(args.tracks, PersonTracks), read_npz(args.points, Points3D)
    report = assess(views.keypoints, views.rig, clock, tracks, points, settings)
    report.came_out["segment_length_m"] = bone_lengths(points, views.skeleton)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a report without figures."""
    save_report(args, StageReport(STAGE, came_out={"median_px": {}}, error=error.record()))
