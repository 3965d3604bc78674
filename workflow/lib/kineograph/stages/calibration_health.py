"""Does a calibration fit what its cameras saw? The cameras that it does not fit, and those that were moved, by name.

Each trial is looked at on its own: pairs of views that can't both be right, exchanged calibrations, views that fit no pose,
and how far each camera would have to be moved to agree with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from kineograph.geometry.bundle_adjustment import adjust, residuals_px, triangulate
from kineograph.geometry.projection import project
from kineograph.geometry.rig_agreement import agreeing_cameras, exchange_that_fits, pair_disagreement_px
from kineograph.geometry.rig_alignment import correction
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite
from kineograph.model.sightings import Sightings
from kineograph.stages.refine_calibration import GROSS_PX, adjusted, median_error_px, outstanding

STAGE = "calibration_health"
FRAMES_A_TRIAL = 40
MIN_CONFIDENCE = 0.5
FEWEST_POINTS = 100
MOST_POINTS = 500
"""Of the points of a trial, for saying what a camera's move changes in its picture."""
WARN_SHIFT_PX = 6.0
"""A camera that would have to be moved by so much in its image, and much more than the others, was moved."""
NEVER_FITS_PX = 12.0
"""What stays of a view's residuals, wherever its camera is put, when it shows something else than the other views."""
WARN_RESIDUAL_PX = 8.0
GRID = (8, 6)
"""Cells of a camera's image for which it is asked whether keypoints were seen there."""


@dataclass(frozen=True)
class TrialHealth:
    """What one trial says about the calibration.

    Attributes
    ----------
    trial : str
        Its name.
    disagreement_px : (C, C) array
        Of pairs of views, median, px.
    bias_px : (C, 2) array
        Median residual of each camera (x to the right, y down), px, from points that the agreeing cameras make.
    residual_px : (C,) array
        Median length of its residuals, px.
    typical_px : float
        Median residual of all agreeing cameras from the plain linear triangulation, px: the figure that refinement lowers.
    fit : dict of str to Camera
        Where each agreeing camera would have to be to fit best.
    shift_px : dict of str to float
        By how much that moves what it sees.
    misfits : dict of str to tuple of Camera and float
        The cameras that do not agree: the pose that fits best, and the median residual that is left there, px.
    exchanged : dict of str to str
        Camera -> the camera whose calibration fits it, where an exchange explains the disagreement.
    points_m : (N, 3) array
        Some of the trial's points.
    """

    trial: str
    disagreement_px: FloatArray
    bias_px: FloatArray
    residual_px: FloatArray
    typical_px: float = float("nan")
    fit: dict[str, Camera] = field(default_factory=dict)
    shift_px: dict[str, float] = field(default_factory=dict)
    misfits: dict[str, tuple[Camera, float]] = field(default_factory=dict)
    exchanged: dict[str, str] = field(default_factory=dict)
    points_m: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))


def assess_health(rig: Rig, trials: Sequence[Sightings]) -> StageReport:
    """The report on a calibration from what its cameras saw in each trial."""
    found = [examine_trial(rig, sightings) for sightings in trials if len(sightings) >= FEWEST_POINTS]
    views = sum((sightings.seen.sum(axis=0) for sightings in trials), np.zeros(len(rig), int))
    filmed = np.any([sightings.filmed[0] for sightings in trials], axis=0) if trials else np.zeros(len(rig), bool)
    coverage = {camera.name: _coverage(camera, trials, index) for index, camera in enumerate(rig.cameras)}
    reasons = _unseen(rig, views, filmed)
    if found:
        reasons += _exchanges(found) + _misfits(rig, found) + _moved(rig, found) + _moved_between(rig, found)
        reasons += [] if reasons else _poor_fit(found)
    else:
        reasons.append(
            Reason(
                "warn", "no trial shows enough of anybody in two cameras at once to judge the calibration by", "", ""
            )
        )
    came_in = {
        "trials": [item.trial for item in found],
        "views": dict(zip(rig.names, views.tolist(), strict=True)),
    }
    came_out = {
        "median_residual_px": {item.trial: _by_camera(rig, item.residual_px) for item in found},
        "typical_residual_px": {item.trial: item.typical_px for item in found},
        "bias_px": {item.trial: _by_camera(rig, item.bias_px) for item in found},
        "pair_disagreement_px": {item.trial: _by_pair(rig, item.disagreement_px) for item in found},
        "would_move": {item.trial: _would_move(rig, item) for item in found},
        "image_covered": coverage,
    }
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def examine_trial(rig: Rig, sightings: Sightings) -> TrialHealth:
    """What one trial's sightings say about each camera of the rig."""
    image = sightings.image_px
    disagreement = pair_disagreement_px(rig.cameras, image)
    agree = agreeing_cameras(disagreement, GROSS_PX)
    compared = np.isfinite(disagreement).any(axis=0)
    odd = np.flatnonzero(compared & ~agree)
    weight = np.where(agree, sightings.seen, 0.0)
    points = triangulate(rig.cameras, image, weight, rounds=5)
    residual = residuals_px(rig.cameras, points, image)
    which = np.flatnonzero(agree)
    agreeing = _of_cameras(sightings, which)
    health = TrialHealth(
        sightings.trials[0],
        disagreement,
        np.full((len(rig), 2), np.nan),
        np.full(len(rig), np.nan),
        median_error_px([rig.cameras[index] for index in which], agreeing) if len(which) else float("nan"),
        points_m=points[finite(points)][:MOST_POINTS],
    )
    for index in range(len(rig)):
        known = finite(residual[:, index])
        if known.any():
            health.bias_px[index] = np.median(residual[known, index], axis=0)
            health.residual_px[index] = np.median(np.linalg.norm(residual[known, index], axis=-1))
    exchange = exchange_that_fits(rig.cameras, image, GROSS_PX) if len(odd) else None
    if exchange is not None:
        changed = np.flatnonzero(exchange != np.arange(len(rig)))
        health.exchanged.update({rig.names[index]: rig.names[exchange[index]] for index in changed})
        return health
    for index in odd.tolist() if agree.sum() >= 2 else []:
        health.misfits[rig.names[index]] = _best_pose(rig, sightings, agree, index)
    best = adjusted([rig.cameras[index] for index in which], agreeing)
    for index, camera in zip(which.tolist(), best, strict=True):
        health.fit[camera.name] = camera
        health.shift_px[camera.name] = _shift_px(rig.cameras[index], camera, health.points_m)
    return health


def _of_cameras(sightings: Sightings, which: IntArray) -> Sightings:
    """The sightings of some of the cameras."""
    names = tuple(sightings.cameras[index] for index in which)
    return replace(sightings, cameras=names, filmed=sightings.filmed[:, which], image_px=sightings.image_px[:, which])


def _best_pose(rig: Rig, sightings: Sightings, agree: BoolArray, index: int) -> tuple[Camera, float]:
    """Where a camera would have to be to agree with those that agree, and the median residual that is left, px."""
    which = np.append(np.flatnonzero(agree), index)
    cameras = [rig.cameras[other] for other in which]
    image = sightings.image_px[:, which]
    free = np.arange(len(which)) == len(which) - 1
    for _ in range(3):
        cameras = list(adjust(cameras, image, np.isfinite(image[..., 0]).astype(float), free=free).cameras)
    points = triangulate(cameras[:-1], image[:, :-1], np.isfinite(image[:, :-1, 0]).astype(float), rounds=5)
    left = np.linalg.norm(residuals_px(cameras[-1:], points, image[:, -1:]), axis=-1)
    known = left[np.isfinite(left)]
    return cameras[-1], float(np.median(known)) if known.size else float("inf")


def _shift_px(first: Camera, second: Camera, points_m: FloatArray) -> float:
    """By how much two poses of a camera differ in what they see of the points, median, px."""
    shift = np.linalg.norm(project(first, points_m) - project(second, points_m), axis=-1)
    known = shift[np.isfinite(shift)]
    return float(np.median(known)) if known.size else float("inf")


def _coverage(camera: Camera, trials: Sequence[Sightings], index: int) -> float:
    """Part of the cells of a camera's image in which keypoints were seen."""
    filled = np.zeros(GRID, bool)
    for sightings in trials:
        place = sightings.image_px[:, index]
        cell = np.floor(place[finite(place)] / np.array(camera.size_px) * GRID).astype(int)
        inside = ((cell >= 0) & (cell < GRID)).all(axis=-1)
        filled[tuple(cell[inside].T)] = True
    return float(filled.mean())


# ---- what speaks against the calibration


def _unseen(rig: Rig, views: IntArray, filmed: BoolArray) -> list[Reason]:
    return [
        Reason(
            "warn",
            f"{name} shows no keypoint that another camera shows as well, in any trial",
            f"camera {name}",
            "does its picture show the participants, and is it the right video?",
        )
        for name, seen, took_part in zip(rig.names, views, filmed, strict=True)
        if took_part and not seen
    ]


def _exchanges(found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict for each set of cameras whose calibrations are exchanged."""
    trials: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for item in found:
        if item.exchanged:
            trials.setdefault(tuple(item.exchanged.items()), []).append(item.trial)
    return [
        Reason(
            "fail",
            f"the calibrations of {_and([name for name, _ in exchange])} are exchanged in {_and(names)}: "
            + ", ".join(f"the views of {name} fit the calibration of {other}" for name, other in exchange),
            "camera " + exchange[0][0],
            "rename the videos, or the cameras in the calibration",
        )
        for exchange, names in trials.items()
    ]


def _misfits(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict for each camera that does not agree with the others."""
    reasons = []
    for name in rig.names:
        hopeless = [item.trial for item in found if name in item.misfits and item.misfits[name][1] > NEVER_FITS_PX]
        if hopeless:
            reasons.append(
                Reason(
                    "fail",
                    f"what {name} shows in {_and(hopeless)} fits the other cameras nowhere it could stand",
                    f"camera {name}",
                    "is its video from another trial or another camera, or out of step with the others?",
                )
            )
        moved = [item for item in found if name in item.misfits and item.misfits[name][1] <= NEVER_FITS_PX]
        if moved:
            best = correction(rig[name], moved[0].misfits[name][0])
            reasons.append(
                Reason(
                    "fail",
                    f"{name} stands {best.angle_deg:.1f} degrees and {best.distance_mm:.0f} mm from where the calibration has it "
                    f"in {_and([item.trial for item in moved])}",
                    f"camera {name}",
                    "it was moved after the calibration, or is another camera's: calibrate again",
                )
            )
    if any(not item.fit and not item.exchanged for item in found):
        trials = [item.trial for item in found if not item.fit and not item.exchanged]
        reasons.append(
            Reason(
                "fail",
                f"no two cameras agree within {GROSS_PX:.0f} px on what they saw in {_and(trials)}",
                "",
                "does the calibration belong to these videos?",
            )
        )
    return reasons


def _moved(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A warning for each camera that would have to be moved much more than the others."""
    trials: dict[str, list[TrialHealth]] = {}
    for item in found:
        for name in outstanding(item.shift_px, WARN_SHIFT_PX):
            trials.setdefault(name, []).append(item)
    reasons = []
    for name, items in trials.items():
        moves = [correction(rig[name], item.fit[name]) for item in items]
        reasons.append(
            Reason(
                "warn",
                f"{name} stands {np.median([move.angle_deg for move in moves]):.1f} degrees and "
                f"{np.median([move.distance_mm for move in moves]):.0f} mm from where the calibration has it, in "
                f"{_and([item.trial for item in items])} ({np.median([item.shift_px[name] for item in items]):.0f} px in its "
                "picture)",
                f"camera {name}",
                "it was probably moved after the calibration: calibrate again, or set calibration: {refine: true}",
            )
        )
    return reasons


def _moved_between(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A warning for each camera that stands elsewhere in a trial than in the one before, and the other cameras do not."""
    reasons = []
    for before, after in pairwise(found):
        places = np.concatenate([before.points_m, after.points_m])
        both = [name for name in rig.names if name in before.fit and name in after.fit]
        shift = {name: _shift_px(before.fit[name], after.fit[name], places) for name in both}
        for name in outstanding(shift, WARN_SHIFT_PX):
            move = correction(before.fit[name], after.fit[name])
            reasons.append(
                Reason(
                    "warn",
                    f"{name} was moved between {before.trial} and {after.trial}: by {move.angle_deg:.1f} degrees and "
                    f"{move.distance_mm:.0f} mm ({shift[name]:.0f} px in its picture)",
                    f"camera {name}",
                    "give the trials after it a calibration of their own (the column calibration of the trial sheet)",
                )
            )
    return reasons


def _poor_fit(found: Sequence[TrialHealth]) -> list[Reason]:
    """A warning where no camera stands out but all are off."""
    typical = {item.trial: item.typical_px for item in found if np.isfinite(item.typical_px)}
    worst = max(typical, key=lambda trial: typical[trial], default="")
    if not worst or typical[worst] <= WARN_RESIDUAL_PX:
        return []
    return [
        Reason(
            "warn",
            f"the calibration leaves {typical[worst]:.1f} px (median) in {worst} (wanted: under {WARN_RESIDUAL_PX:.0f} px), "
            "and no camera stands out",
            f"trial {worst}",
            "set calibration: {refine: true}; it is kept only where it is better",
        )
    ]


# ---- records


def _by_camera(rig: Rig, values: FloatArray) -> dict[str, object]:
    return {name: value.tolist() for name, value in zip(rig.names, values, strict=True)}


def _by_pair(rig: Rig, disagreement: FloatArray) -> dict[str, float]:
    pairs = zip(*np.triu_indices(len(rig), 1), strict=True)
    return {f"{rig.names[a]} - {rig.names[b]}": float(disagreement[a, b]) for a, b in pairs}


def _would_move(rig: Rig, item: TrialHealth) -> dict[str, dict[str, float]]:
    """By how much each camera would have to be moved to fit best."""
    moves = {}
    for name, camera in item.fit.items():
        best = correction(rig[name], camera)
        moves[name] = {
            "angle_deg": best.angle_deg,
            "distance_mm": best.distance_mm,
            "shift_px": item.shift_px[name],
        }
    return moves


def _and(names: Sequence[str]) -> str:
    """Names in a sentence; of many, the first and how many more."""
    shown = list(names[:4])
    if len(names) > len(shown):
        return ", ".join(shown) + f" and {len(names) - len(shown)} more"
    return " and ".join([", ".join(shown[:-1])] * (len(shown) > 1) + shown[-1:])
