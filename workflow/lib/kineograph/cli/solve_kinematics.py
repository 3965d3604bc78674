"""Compute a participant's joint angles in a trial, by inverse kinematics."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from kineograph.cli._augmented import setup_of_model
from kineograph.cli._common_arguments import add_settings, save_report
from kineograph.cli.scale import opensim_setup
from kineograph.errors import KineographError
from kineograph.io.motion import write_mot
from kineograph.io.npz import write_npz
from kineograph.io.trc import read_trc
from kineograph.model.coordinates import Coordinates
from kineograph.model.report import StageReport
from kineograph.settings.text import from_json
from kineograph.stages.filter_coordinates import filter_coordinates
from kineograph.stages.inverse_kinematics import STAGE, KinematicsSettings, judge


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--markers", type=Path, required=True, metavar="FILE", help="the trial's TRC file")
    parser.add_argument("--points", type=Path, required=True, metavar="FILE", help="the points it was made from")
    parser.add_argument("--model", type=Path, required=True, metavar="FILE", help="the participant's model (.osim)")
    parser.add_argument("--setup", type=Path, required=True, metavar="DIR", help="OpenSim models and set-up files")
    add_settings(parser)
    parser.add_argument("--motion", type=Path, required=True, metavar="FILE", help="the joint angles (.mot)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the same with all frames (.npz)")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the stage's report (JSON)")


def run(args: argparse.Namespace) -> StageReport:
    """Solve, judge and write."""
    from kineograph.opensim.inverse_kinematics import solve
    from kineograph.opensim.setup_files import Tasks, read_coordinate_ranges, read_tasks

    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # OpenSim logs to stdout
    settings = from_json(KinematicsSettings, args.settings)
    markers = read_trc(args.markers)
    if not len(markers.time_s) or not np.isfinite(markers.position_m).any():
        return _write(args, _nothing(), judge(_nothing(), {}, (), np.zeros((0, 0))))
    setup = setup_of_model(args.model) or opensim_setup([args.points])
    tasks = read_tasks(args.setup / setup.inverse_kinematics)
    if settings.coordinate_tasks == "none":
        tasks = Tasks(tasks.markers, {})
    solution = solve(args.model, markers, tasks, settings.accuracy)
    coordinates = filter_coordinates(solution.coordinates, markers.fps_hz, settings.filter, settings.parameters)
    report = judge(coordinates, read_coordinate_ranges(args.model), solution.markers, solution.marker_error_m)
    return _write(args, coordinates, report)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write joint angles without frames."""
    _write(args, _nothing(), StageReport(STAGE, error=error.record()))


def _nothing() -> Coordinates:
    return Coordinates((), np.zeros((0, 0)), np.zeros(0, bool), np.zeros(0))


def _write(args: argparse.Namespace, coordinates: Coordinates, report: StageReport) -> StageReport:
    write_mot(args.motion, coordinates)
    write_npz(args.out, coordinates)
    save_report(args, report)
    return report
