"""Triangulate the participants' keypoints."""

from __future__ import annotations

import argparse

from kineograph.cli._common_arguments import add_result, add_settings, save_report
from kineograph.cli._observations import add_observations, read_observations
from kineograph.errors import KineographError
from kineograph.io.npz import read_npz, write_npz
from kineograph.model.observations import Observations
from kineograph.model.points import Points3D
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.triangulate import TriangulateSettings, triangulate
from kineograph.stages.triangulation_report import STAGE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_observations(parser)
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Triangulate."""
    settings = from_json(TriangulateSettings, args.settings)
    points, report = triangulate(*read_observations(args), settings)
    write_npz(args.out, points)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write points without frames."""
    people = read_npz(args.observations, Observations).participants
    write_npz(args.out, Points3D.all_missing(people))
    save_report(args, StageReport(STAGE, error=error.record()))
