"""Calibration refined on the people that the cameras saw: accepted only where frames that it never saw agree better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kineograph.geometry.bundle_adjustment import Priors, adjust, residuals_px, triangulate
from kineograph.geometry.rig_agreement import agreeing_cameras, pair_disagreement_px
from kineograph.geometry.rig_alignment import Correction, align, correction
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray
from kineograph.model.sightings import Sightings

STAGE = "refinement"
GROSS_PX = 25.0
"""Views that disagree by more than this are not views of one person with this calibration."""
PASSES = 2
"""The second adjustment is held to the result of the first: a camera that was moved far is no longer pulled back."""
FEWEST_POINTS = 200
FEWEST_VIEWS = 50
"""A camera with fewer keypoints is not moved."""
LEAST_GAIN = 0.02
"""Part by which the held-out frames must agree better."""
WORSE_TRIAL = 1.1
MOVED_DEG = 0.5
MOVED_MM = 30.0
FEW_AS_WELL = 1.01
"""Only the cameras that stand out are moved where the median error is then at most so many times that with all moved."""
HARDLY_HELD = 1000.0
"""So many image points are taken as independent, against the prior, where the cameras that did not move hold the world."""
OUTSTANDING = 3.0
"""A camera whose correction is so many times the other cameras' median is named."""
IMPLAUSIBLE_DEG = 5.0
IMPLAUSIBLE_MM = 300.0


@dataclass(frozen=True)
class RefineSettings:
    """The settings of the section ``calibration`` that are about refinement."""

    refine: bool = False
    refine_intrinsics: bool = False
    refine_max_frames: int = 300
    refine_min_confidence: float = 0.5


def refine(given: Rig, sightings: Sightings, settings: RefineSettings) -> tuple[Rig, StageReport]:
    """Adjust the cameras to what they saw, and keep the result where it is better on held-out frames.

    Parameters
    ----------
    given : Rig
        The calibration.
    sightings : Sightings
        Of all trials; those held out judge.
    settings : RefineSettings
        The keys of the section ``calibration`` that begin with ``refine``.

    Returns
    -------
    Rig
        The refined calibration, in the world and scale of the given one; the given one itself where it was not accepted.
    StageReport
        Both figures, and each camera's correction.
    """
    sightings = without_misfits(given, sightings)
    fit, judge = sightings.select(~sightings.held_out), sightings.select(sightings.held_out)
    came_in = {
        "trials": list(sightings.trials),
        "frames": fit.frames,
        "points": len(fit),
        "held_out_frames": judge.frames,
        "held_out_points": len(judge),
        "views": dict(zip(given.names, fit.seen.sum(axis=0).tolist(), strict=True)),
    }
    if min(len(fit), len(judge)) < FEWEST_POINTS:
        reason = Reason(
            "warn",
            f"not refined: {len(fit)} keypoints to adjust by and {len(judge)} to judge by were seen by two cameras "
            f"(wanted: {FEWEST_POINTS} each)",
            "",
            "see the verdicts of the pose and association stages",
        )
        return given, StageReport(STAGE, came_in, {"accepted": False, "why": "too few keypoints"}, (reason,))
    refined = replace(given, cameras=fewest_moved(given, fit, intrinsics=settings.refine_intrinsics))
    before, after = median_error_px(given.cameras, judge), median_error_px(refined.cameras, judge)
    accepted = after <= before * (1 - LEAST_GAIN)
    corrections = {old.name: correction(old, new) for old, new in zip(given.cameras, refined.cameras, strict=True)}
    by_trial = {
        name: {
            "given": median_error_px(given.cameras, judge.select(judge.trial == index)),
            "refined": median_error_px(refined.cameras, judge.select(judge.trial == index)),
        }
        for index, name in enumerate(judge.trials)
    }
    came_out = {
        "accepted": bool(accepted),
        "why": "held-out frames agree better" if accepted else "held-out frames do not agree better",
        "held_out_median_px": {"given": before, "refined": after},
        "held_out_median_px_by_trial": by_trial,
        "corrections": {name: _record(item) for name, item in corrections.items()},
        "focal_ratio": {
            old.name: new.intrinsics[0, 0] / old.intrinsics[0, 0]
            for old, new in zip(given.cameras, refined.cameras, strict=True)
        },
    }
    reasons = _unseen(given, fit)
    reasons += _judged(corrections, by_trial) if accepted else _not_better(before, after)
    report = StageReport(STAGE, came_in, came_out, worst_first(reasons))
    return (refined if accepted else given), report


def without_misfits(given: Rig, sightings: Sightings) -> Sightings:
    """The sightings without the views that can't be right: those of a camera in a trial where it does not agree with others.

    Another trial's video, or exchanged calibrations, must not bend the cameras that are right.
    """
    image = sightings.image_px.copy()
    for trial in range(len(sightings.trials)):
        here = sightings.trial == trial
        disagreement = pair_disagreement_px(given.cameras, image[here])
        wrong = np.isfinite(disagreement).any(axis=0) & ~agreeing_cameras(disagreement, GROSS_PX)
        image[np.ix_(here, wrong)] = np.nan
    kept = replace(sightings, image_px=image)
    return kept.select(kept.seen.sum(axis=1) >= 2)


def fewest_moved(given: Rig, sightings: Sightings, *, intrinsics: bool) -> tuple[Camera, ...]:
    """The cameras adjusted to the sightings: only those that stand out, where that explains the sightings as well as all do.

    Most of the cameras of a rig were not touched since its calibration. Where one was, it is found by the others at the places
    where the calibration has them much better than by others that move a little with it.
    """
    everyone = adjusted(given.cameras, sightings, intrinsics=intrinsics)
    corrections = {old.name: correction(old, new) for old, new in zip(given.cameras, everyone, strict=True)}
    moved = outstanding({name: _size(item) for name, item in corrections.items()}, 1.0)
    if not moved or intrinsics:
        return everyone
    few = adjusted(given.cameras, sightings, free=np.isin(given.names, moved))
    as_well = median_error_px(few, sightings) <= FEW_AS_WELL * median_error_px(everyone, sightings)
    return few if as_well else everyone


def adjusted(
    given: Sequence[Camera], sightings: Sightings, *, intrinsics: bool = False, free: BoolArray | None = None
) -> tuple[Camera, ...]:
    """The cameras adjusted to the sightings; most of them stay where they were, and so do the world's axes and scale.

    A camera with hardly any sightings is left as it is, and so are those that are not `free` (C,).
    """
    which = np.flatnonzero(sightings.seen.sum(axis=0) >= FEWEST_VIEWS).tolist()
    if len(which) < 2:
        return tuple(given)
    start = [given[index] for index in which]
    image, weight = sightings.image_px[:, which], sightings.seen[:, which].astype(float)
    may = None if free is None else free[which]
    cameras = start
    for _ in range(PASSES):
        if may is None:
            cameras = list(align(adjust(cameras, image, weight, intrinsics=intrinsics).cameras, start))
        else:  # the others hold the world, so nothing need hold these
            cameras = list(adjust(cameras, image, weight, free=may, priors=Priors(independent=HARDLY_HELD)).cameras)
    by_index = dict(zip(which, cameras, strict=True))
    return tuple(by_index.get(index, camera) for index, camera in enumerate(given))


def median_error_px(cameras: Sequence[Camera], sightings: Sightings) -> float:
    """Median distance between keypoints and the projections of their plain linear triangulation, px; NaN without any."""
    points = triangulate(cameras, sightings.image_px, sightings.seen.astype(float))
    distance = np.linalg.norm(residuals_px(cameras, points, sightings.image_px), axis=-1)
    known = distance[np.isfinite(distance)]
    return float(np.median(known)) if known.size else float("nan")


def outstanding(sizes: dict[str, float], least: float) -> list[str]:
    """The cameras whose size is over `least` and a multiple of what the other cameras' sizes are (median)."""
    return [
        name
        for name, size in sizes.items()
        if size > least
        and size > OUTSTANDING * float(np.median([sizes[other] for other in sizes if other != name] or [0.0]))
    ]


def _size(item: Correction) -> float:
    """How much a camera was moved; 1 is worth a word."""
    return item.angle_deg / MOVED_DEG + item.distance_mm / MOVED_MM


def _record(item: Correction) -> dict[str, float | list[float]]:
    return {
        "angle_deg": item.angle_deg,
        "distance_mm": item.distance_mm,
        "turn_deg": item.turn_deg.tolist(),
        "shift_mm": item.shift_mm.tolist(),
    }


def _unseen(given: Rig, fit: Sightings) -> list[Reason]:
    """A warning for each camera that took part and was not refined, because it hardly saw anybody or does not fit at all."""
    return [
        Reason(
            "warn",
            f"{name} was not refined: {views} of its keypoints are shared with cameras that it agrees with "
            f"(wanted: {FEWEST_VIEWS})",
            f"camera {name}",
            "see the calibration's health on the dataset's page",
        )
        for name, views, took_part in zip(given.names, fit.seen.sum(axis=0), np.any(fit.filmed, axis=0), strict=True)
        if took_part and views < FEWEST_VIEWS
    ]


def _not_better(before: float, after: float) -> list[Reason]:
    return [
        Reason(
            "pass",
            f"not refined: held-out frames would be {after:.1f} px off instead of {before:.1f} px "
            f"(wanted: {LEAST_GAIN:.0%} better); the given calibration is kept",
        )
    ]


def _judged(corrections: dict[str, Correction], by_trial: dict[str, dict[str, float]]) -> list[Reason]:
    """What speaks against an accepted refinement, and the cameras that were not where the calibration said."""
    reasons = []
    far = {name: _size(item) for name, item in corrections.items()}
    for name in outstanding(far, 1.0):
        item = corrections[name]
        too_far = item.angle_deg > IMPLAUSIBLE_DEG or item.distance_mm > IMPLAUSIBLE_MM
        reasons.append(
            Reason(
                "fail" if too_far else "warn",
                f"{name} stands {item.angle_deg:.1f} degrees and {item.distance_mm:.0f} mm from where the calibration has it, "
                "much more than the other cameras; the refined calibration takes that up",
                f"camera {name}",
                "it was probably moved after the calibration: compare it on the pages of the first and last trials",
            )
        )
    for trial, error in by_trial.items():
        if error["refined"] > WORSE_TRIAL * error["given"]:
            reasons.append(
                Reason(
                    "warn",
                    f"the refined calibration fits {trial} worse ({error['refined']:.1f} px) than the given one "
                    f"({error['given']:.1f} px)",
                    f"trial {trial}",
                    "a camera was moved between the trials: see the calibration's health on the dataset's page",
                )
            )
    return reasons
