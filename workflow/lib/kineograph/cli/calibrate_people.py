"""Compute where the cameras stand, from the people they saw in all trials of a session."""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kineograph.cli._common_arguments import add_result, add_settings, skeleton_card
from kineograph.cli._lenses import add_lenses, read_lenses
from kineograph.cli._rig_result import save_error, save_rig
from kineograph.errors import InputError, KineographError
from kineograph.geometry.nominal_pixels import as_filmed, nominal_camera, nominal_keypoints
from kineograph.io.npz import read_npz
from kineograph.layout import Layout
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.settings.text import from_json
from kineograph.stages.calibration_check import STAGE
from kineograph.stages.extrinsics import not_placed
from kineograph.stages.inspect import check_size
from kineograph.stages.people_clocks import Timing
from kineograph.stages.people_extrinsics import FilmedTrial, PeopleSettings, calibrate_by_people
from kineograph.stages.people_poses import TrialKeypoints


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_lenses(parser)
    parser.add_argument(
        "--results", required=True, metavar="FOLDER", help="the results folder, with the trials' keypoints"
    )
    parser.add_argument("--session", required=True)
    add_settings(parser)
    add_result(parser)


def run(args: argparse.Namespace) -> StageReport:
    """Find the poses, judge and write."""
    settings = from_json(PeopleSettings, args.settings)
    lenses, reasons, lens_figures = read_lenses(args, settings)
    if not settings.trials:
        raise InputError(
            "no trial is named",
            expected='trials in --settings, such as {"trials":{"T1":{"cameras":["cam01","cam02"]}}}',
            found="none",
            hint="name the trials whose people the cameras are calibrated by",
        )
    keypoints = {trial: _keypoints(args, trial, facts["cameras"]) for trial, facts in settings.trials.items()}
    lenses = _fitting(lenses, keypoints, reasons)
    skeletons = {item.skeleton for found in keypoints.values() for item in found.values() if item.n_frames}
    if len(skeletons) != 1 or len(lenses) < 2:
        raise _unusable(skeletons, lenses, reasons, args.cameras)
    trials = [
        FilmedTrial(
            TrialKeypoints(trial, _nominal(keypoints[trial], lenses), Timing(**facts.get("timing", {}))),
            facts.get("heights_m", {}),
        )
        for trial, facts in settings.trials.items()
    ]
    nominal = [nominal_camera(lens) for lens in lenses.values()]
    rig, report = calibrate_by_people(trials, nominal, skeleton_card(skeletons.pop()), settings)
    report = dataclasses.replace(
        report,
        came_out={**report.came_out, **lens_figures},
        reasons=worst_first([*report.reasons, *reasons]),
    )
    return save_rig(args, as_filmed(rig, Rig(tuple(lenses.values()))), report)


def give_up(args: argparse.Namespace, error: KineographError) -> None:
    """Write a calibration without cameras."""
    save_error(args, STAGE, error)


def _keypoints(args: argparse.Namespace, trial: str, cameras: list[str]) -> dict[str, Keypoints2D]:
    layout = Layout(args.results)
    paths = {name: layout.path("keypoints", session=args.session, trial=trial, camera=name) for name in cameras}
    return {name: read_npz(Path(path), Keypoints2D) for name, path in paths.items()}


def _nominal(keypoints: Mapping[str, Keypoints2D], lenses: Mapping[str, Camera]) -> list[Keypoints2D | None]:
    """A trial's keypoints of each lens in nominal pixels; None for a camera that took no part."""
    return [nominal_keypoints(keypoints[name], lens) if name in keypoints else None for name, lens in lenses.items()]


def _fitting(
    lenses: Mapping[str, Camera], keypoints: Mapping[str, Mapping[str, Keypoints2D]], reasons: list[Reason]
) -> dict[str, Camera]:
    """The lenses that were calibrated at the size of the videos, of cameras whose frame rate is known."""
    kept = {}
    for name, lens in lenses.items():
        seen = [found[name] for found in keypoints.values() if name in found]
        errors = [check_size(name, item.size_px, lens)[0] for item in seen]
        errors += [_no_rate(name) for item in seen if item.n_frames and math.isnan(item.fps_hz)]
        wrong = [error for error in errors if error is not None]
        if wrong:
            reasons.append(not_placed(name, wrong[0]))
        else:
            kept[name] = lens
    return kept


def _no_rate(name: str) -> KineographError:
    return InputError(
        f"the frame rate of camera '{name}' is not known",
        expected="frames a second",
        found="none",
        hint="set inputs.fps_hz, or the column fps of the trial sheet",
    )


def _unusable(skeletons: set[str], lenses: Mapping[str, Any], reasons: list[Reason], cameras: list[str]) -> InputError:
    if len(lenses) < 2:
        return InputError(
            "no two cameras have usable intrinsics",
            expected=f"intrinsics for {', '.join(cameras)}",
            found="; ".join(reason.text for reason in reasons) or ", ".join(lenses) or "none",
            hint=reasons[0].hint if reasons else "name the cameras",
        )
    return InputError(
        "the trials have no common skeleton" if skeletons else "no trial has keypoints",
        expected="keypoints of one skeleton in all trials of the calibration",
        found=", ".join(sorted(skeletons)) or "none",
        hint="make all keypoints with one model" if skeletons else "see the verdicts of the pose stage",
    )
