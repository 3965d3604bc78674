"""Compute a participant's joint angles in a trial, by inverse kinematics."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kineograph.cli._augmented import setup_of_model
from kineograph.cli._common_arguments import add_settings, save_report
from kineograph.cli._marker_variances import variances_of
from kineograph.cli.scale import opensim_setup
from kineograph.errors import InputError, KineographError
from kineograph.geometry.body_placement import body_poses, no_bodies
from kineograph.io.motion import write_mot
from kineograph.io.npz import write_npz
from kineograph.io.trc import MarkerTrajectories, read_trc
from kineograph.model.body_poses import BodyPoses
from kineograph.model.coordinates import Coordinates
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.report import Reason, StageReport
from kineograph.model.shapes import FloatArray
from kineograph.model.solution import Solution
from kineograph.settings.text import from_json
from kineograph.stages.coordinate_tasks import task_spreads, task_weights
from kineograph.stages.filter_coordinates import filter_coordinates
from kineograph.stages.followed_markers import followed_markers
from kineograph.stages.inverse_kinematics import STAGE, KinematicsSettings, judge
from kineograph.stages.marker_guards import check_markers

if TYPE_CHECKING:
    from kineograph.opensim.setup_files import Tasks


@dataclass(frozen=True)
class _Model:
    """The participant's model: its file, and its tree, or why only OpenSim can follow it."""

    path: Path
    tree: KinematicTree | InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--participant", required=True)
    parser.add_argument("--markers", type=Path, required=True, metavar="FILE", help="the trial's TRC file")
    parser.add_argument("--points", type=Path, required=True, metavar="FILE", help="the points it was made from")
    parser.add_argument("--model", type=Path, required=True, metavar="FILE", help="the participant's model (.osim)")
    parser.add_argument("--setup", type=Path, required=True, metavar="DIR", help="OpenSim models and set-up files")
    add_settings(parser)
    parser.add_argument("--motion", type=Path, required=True, metavar="FILE", help="the joint angles (.mot)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the same with all frames (.npz)")
    parser.add_argument("--marker-errors", type=Path, required=True, metavar="FILE", help="marker errors (.npz)")
    parser.add_argument("--bodies", type=Path, required=True, metavar="FILE", help="the model's bodies in space (.npz)")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the stage's report (JSON)")


def run(args: argparse.Namespace) -> StageReport:
    """Solve, judge and write."""
    from kineograph.opensim.setup_files import read_ball_joints, read_coordinate_ranges, read_tasks

    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # OpenSim logs to stdout
    settings = from_json(KinematicsSettings, args.settings)
    markers = read_trc(args.markers)
    if not len(markers.time_s) or not np.isfinite(markers.position_m).any():
        return _write(args, _nothing(), judge(_nothing().coordinates, {}, (), np.zeros((0, 0))), None)
    markers, doubts = check_markers(markers)
    setup = setup_of_model(args.model) or opensim_setup([args.points])
    tasks = read_tasks(args.setup / setup.inverse_kinematics)
    variance = (
        variances_of(args.points, args.participant, markers.names) if settings.marker_weights == "covariance" else None
    )
    model = _read_model(args.model)
    solve = {"auto": _auto, "opensim": _opensim, "trajectory": _trajectory}[settings.solver]
    solution, more = solve(model, markers, tasks, variance, settings)
    filtered = filter_coordinates(solution.coordinates, markers.fps_hz, settings.filter, settings.parameters)
    solution = dataclasses.replace(solution, coordinates=filtered)
    report = judge(
        solution.coordinates,
        read_coordinate_ranges(args.model),
        solution.markers,
        solution.marker_error_m,
        (*doubts, *more),
        read_ball_joints(args.model),
    )
    return _write(args, solution, report, model)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write joint angles without frames."""
    _write(args, _nothing(), StageReport(STAGE, error=error.record()), None)


def _read_model(path: Path) -> _Model:
    from kineograph.opensim.kinematic_tree import read_tree

    try:
        return _Model(path, read_tree(path))
    except InputError as error:
        return _Model(path, error)


def _auto(
    model: _Model, markers: MarkerTrajectories, tasks: Tasks, variance: FloatArray | None, settings: KinematicsSettings
) -> tuple[Solution, list[Reason]]:
    solve = _opensim if isinstance(model.tree, InputError) else _trajectory
    return solve(model, markers, tasks, variance, settings)


def _trajectory(
    model: _Model, markers: MarkerTrajectories, tasks: Tasks, variance: FloatArray | None, settings: KinematicsSettings
) -> tuple[Solution, list[Reason]]:
    from kineograph.stages.trajectory_kinematics import solve_trajectory

    if isinstance(model.tree, InputError):
        raise model.tree
    followed = followed_markers(markers, model.tree.markers, tasks.markers, variance)
    solution = solve_trajectory(
        model.tree,
        followed,
        markers.time_s,
        markers.fps_hz,
        task_spreads(tasks.coordinates, settings.coordinate_tasks, len(followed.names)),
        each_marker=settings.marker_weights == "auto",
        smooth=settings.smoothness == "learnt",
    )
    return solution, []


def _opensim(
    model: _Model, markers: MarkerTrajectories, tasks: Tasks, variance: FloatArray | None, settings: KinematicsSettings
) -> tuple[Solution, list[Reason]]:
    from kineograph.opensim.inverse_kinematics import solve
    from kineograph.opensim.model import load_model, marker_positions
    from kineograph.opensim.setup_files import Tasks
    from kineograph.stages.solution_uncertainty import with_uncertainty

    followed = followed_markers(markers, tuple(marker_positions(load_model(model.path))), tasks.markers, variance)
    weights = dict(tasks.markers)
    if variance is not None:
        weights |= {
            name: float(np.median(column[column > 0]))
            for name, column in zip(followed.names, followed.weight.T, strict=True)
        }
    coordinates = task_weights(tasks.coordinates, settings.coordinate_tasks, len(followed.names))
    solution = solve(model.path, markers, Tasks(weights, coordinates), settings.accuracy)
    if isinstance(model.tree, InputError):
        text = (
            f"OpenSim's own tool solved this, and standard deviations are not known: the model has {model.tree.found}"
        )
        return solution, [Reason("warn", text, "", "take the angles without them, or another model")]
    return with_uncertainty(solution, model.tree, followed, coordinates), []


def _bodies(model: _Model | None, coordinates: Coordinates) -> BodyPoses:
    """The model's bodies in space; none without a model, or of one that only OpenSim can follow."""
    if model is None or isinstance(model.tree, InputError):
        return no_bodies(coordinates)
    return body_poses(model.tree, coordinates)


def _nothing() -> Solution:
    return Solution(Coordinates((), np.zeros((0, 0)), np.zeros(0, bool), np.zeros(0)), np.zeros((0, 0)), ())


def _write(args: argparse.Namespace, solution: Solution, report: StageReport, model: _Model | None) -> StageReport:
    write_mot(args.motion, solution.coordinates)
    write_npz(args.out, solution.coordinates)
    errors = MarkerErrors(solution.markers, solution.marker_error_m, solution.coordinates.time_s)
    write_npz(args.marker_errors, errors)
    write_npz(args.bodies, _bodies(model, solution.coordinates))
    save_report(args, report)
    return report
