"""Scale the OpenSim model of a participant from all trials of a session."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from kineograph.cli._augmented import setup_of_points
from kineograph.cli._common_arguments import add_settings, save_report, skeleton_card
from kineograph.cli._generic_model import generic_model
from kineograph.errors import InputError, KineographError
from kineograph.io.atomic import atomic_path
from kineograph.io.npz import read_npz
from kineograph.io.trc import read_trc
from kineograph.model.points import Points3D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import OpenSimSetup
from kineograph.model.trial_markers import TrialMarkers
from kineograph.settings.text import from_json
from kineograph.stages.posed_lengths import Poseable
from kineograph.stages.scale import ScaleSettings, Scaling, scale
from kineograph.stages.scaling_report import STAGE

MODELS = {"simple": "Model_Pose2Sim_simple.osim", "muscles": "Model_Pose2Sim_muscles_flex.osim"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--markers", type=Path, nargs="+", required=True, metavar="FILE", help="TRC files, one a trial")
    parser.add_argument(
        "--points", type=Path, nargs="+", required=True, metavar="FILE", help="the points they were made from"
    )
    parser.add_argument("--setup", type=Path, required=True, metavar="DIR", help="OpenSim models and set-up files")
    parser.add_argument("--participant", required=True)
    parser.add_argument("--height", type=float, default=None, help="m")
    parser.add_argument("--mass", type=float, default=None, help="kg")
    add_settings(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the scaled model (.osim)")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the stage's report (JSON)")


def run(args: argparse.Namespace) -> StageReport:
    """Measure the segments and scale the model."""
    from kineograph.opensim.model import load_model, marker_positions, move_markers, scale_model, write_model
    from kineograph.opensim.setup_files import read_measurements

    settings = from_json(ScaleSettings, args.settings)
    setup = setup_of_points(args.points, args.participant) or opensim_setup(args.points)
    model = load_model(model_path(settings.model, args.setup), args.setup / setup.markers)
    measurements = read_measurements(args.setup / setup.scaling)
    place_m = marker_positions(model)
    generic = body = None
    if settings.posture == "measured" or settings.refine != "none":
        generic = generic_model(model, args.setup / setup.inverse_kinematics)
    if generic and generic.tree and settings.posture == "measured":
        body = Poseable(generic.tree, generic.tasks.markers, generic.tasks.coordinates)
    result, report = scale(
        [_markers(path) for path in args.markers],
        measurements,
        place_m,
        args.height,
        args.mass,
        settings,
        body,
    )
    if generic and not generic.tree and settings.posture == "measured":
        report = dataclasses.replace(report, reasons=worst_first([*report.reasons, generic.in_default_pose()]))
    factors, offset_m = result.factors, dict[str, FloatArray]()
    if generic and settings.refine != "none":
        from kineograph.cli._refinement import refined
        from kineograph.stages.refine_model import factor_groups

        groups = factor_groups(measurements, factors, place_m, settings.pool_sides, result.ratio)
        factors, offset_m, report = refined(args, settings, generic, groups, result, report)
    scale_model(model, factors, result.mass_kg, args.participant)
    move_markers(model, offset_m)
    with atomic_path(args.out) as temporary:
        write_model(model, temporary)
    save_report(args, report)
    return report


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write the generic model as it is, where there is one."""
    settings = from_json(ScaleSettings, args.settings)
    with atomic_path(args.out) as temporary:
        source = args.setup / MODELS.get(settings.model, settings.model)
        temporary.write_bytes(source.read_bytes() if source.is_file() else b"")
    reason = Reason("fail", f"{len(Scaling().factors)} bodies were scaled", "", error.hint)
    save_report(args, StageReport(STAGE, reasons=(reason,), error=error.record()))


def model_path(name: str, setup: Path) -> Path:
    """The model of that name, or the user's own .osim file.

    Raises
    ------
    InputError
        Where it is neither a known name nor a file.
    """
    path = setup / MODELS[name] if name in MODELS else Path(name)
    if not path.is_file():
        raise InputError(
            f"the OpenSim model '{name}' is not there",
            expected=f"{' or '.join(MODELS)}, or the path of an .osim file",
            found=f"no file {path}",
            hint="correct scaling.model",
        )
    return path


def opensim_setup(points: list[Path]) -> OpenSimSetup:
    """The set-up files that fit the trials' skeleton.

    Raises
    ------
    InputError
        Where the trials have different skeletons, or one for which no set-up is known.
    """
    names = sorted({skeleton for skeleton in (read_npz(path, Points3D).skeleton for path in points) if skeleton})
    cards = [skeleton_card(name) for name in names]
    setups = {card.opensim for card in cards if card.opensim}
    if len(cards) != 1 or len(setups) != 1:
        raise InputError(
            "the trials of the participant have no common OpenSim set-up",
            expected="trials of one skeleton, whose card has an [opensim] table",
            found=", ".join(names) or "no trial with points",
            hint="see the verdicts of the trials, or use one pose.model for all of them",
        )
    return setups.pop()


def _markers(path: Path) -> TrialMarkers:
    trajectories = read_trc(path)
    return TrialMarkers(path.parent.parent.name, trajectories.names, trajectories.position_m)
