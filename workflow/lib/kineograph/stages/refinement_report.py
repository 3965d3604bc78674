"""What refining a participant's model changed, on which frames, and what they could not tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.stages.refine_model import OFFSET_M, Refined
from kineograph.stages.refinement_frames import ChosenFrames
from kineograph.stages.scaling_report import PLAUSIBLE_FACTOR

TOLD = 0.7
"""A factor or shift is told by the frames where less than this share of its prior standard deviation is left (half the
variance)."""
SURPRISING = 3.0
"""Pair scaling and refinement disagree where a factor changed by more than so many standard deviations of the former."""


def with_refinement(
    report: StageReport, refined: Refined, trials: Sequence[str], before: Mapping[str, FloatArray]
) -> StageReport:
    """The report on a participant's scale, with what refinement made of it.

    Parameters
    ----------
    report : StageReport
        Of pair scaling.
    refined : Refined
        The refinement.
    trials : sequence of str
        Names of the trials that the frames are from.
    before : dict of str to (3,) array
        Body -> scale by pair scaling.
    """
    taken = is_taken(refined)
    factors = {
        group.name: {
            "before": float(before[group.entries[0][0]][group.entries[0][1]]),
            "after": float(refined.factors[group.entries[0][0]][group.entries[0][1]]),
            "sd": float(sd * refined.factors[group.entries[0][0]][group.entries[0][1]]),
            "prior_sd": group.prior_sd * float(before[group.entries[0][0]][group.entries[0][1]]),
        }
        for group, sd in zip(refined.groups, refined.change_sd, strict=True)
    }
    check = refined.check
    record: dict[str, Any] = {
        "taken": taken,
        "factors": factors,
        "marker_error_used_mm": _before_after(check.error_m[0]),
        "marker_error_held_out_mm": _before_after(check.error_m[1]),
        "marker_noise_mm": {name: noise * 1e3 for name, noise in refined.noise_m.items()},
        "frames_used": _by_trial(refined.frames, ~check.held_out, trials),
        "frames_held_out": _by_trial(refined.frames, check.held_out, trials),
        "not_told": _not_told(refined),
    }
    if refined.offset_m:
        record["marker_offset_mm"] = {name: _mm(offset) for name, offset in refined.offset_m.items()}
        record["marker_offset_sd_mm"] = {name: _mm(sd) for name, sd in refined.offset_sd_m.items()}
    came_out = report.came_out | {"refinement": record}
    if taken:
        came_out["factors"] = {
            name: {body: [float(value) for value in refined.factors[body]] for body in bodies}
            for name, bodies in report.came_out["factors"].items()
        }
    reasons = worst_first([*report.reasons, *_reasons(refined, factors)])
    return dataclasses.replace(report, came_out=came_out, reasons=reasons)


def without_refinement(report: StageReport, why: str, hint: str) -> StageReport:
    """The report on a participant's scale, where refinement stepped aside."""
    reason = Reason("warn", f"the scale factors are not refined: {why}", "", hint)
    came_out = report.came_out | {"refinement": {"taken": False, "why": why}}
    return dataclasses.replace(report, came_out=came_out, reasons=worst_first([*report.reasons, reason]))


def is_taken(refined: Refined) -> bool:
    """Whether the refined model goes before the one of pair scaling."""
    low, high = PLAUSIBLE_FACTOR
    sizes = np.array([refined.factors[body][axis] for group in refined.groups for body, axis in group.entries])
    return refined.check.passed and bool(((sizes >= low) & (sizes <= high)).all())


def _reasons(refined: Refined, factors: Mapping[str, Mapping[str, float]]) -> list[Reason]:
    error = refined.check.error_m[1] * 1e3
    if not refined.check.passed:
        text = (
            f"refined scale factors are not taken: in frames kept for the check, markers are {error[1]:.1f} mm from the model, "
            f"{error[0]:.1f} mm before"
        )
        return [Reason("warn", text, "", "set scaling.refine: none, or add trials with other postures")]
    low, high = PLAUSIBLE_FACTOR
    wrong = [name for name, item in factors.items() if not low <= item["after"] <= high]
    if wrong:
        text = f"refined scale factors are not taken: the {wrong[0]} would be {factors[wrong[0]]['after']:.2f} times the model's"
        return [
            Reason(
                "warn",
                text,
                f"measurement {wrong[0]}",
                "look at the cameras on the trials' pages: are the markers where they should be?",
            )
        ]
    reasons = []
    for group, change in zip(refined.groups, refined.change, strict=True):
        if abs(change) > SURPRISING * group.unsure:
            text = (
                f"refining makes the {group.name} {np.expm1(abs(change)):.0%} {'larger' if change > 0 else 'smaller'}"
            )
            hint = "the distance of its markers and its motion disagree: look at the trials' pages, and at the marker errors"
            reasons.append(Reason("warn", text, f"measurement {group.name}", hint))
    return reasons


def _not_told(refined: Refined) -> list[str]:
    """Factors and markers of which the prior says more than the frames."""
    told = refined.change_sd < TOLD * np.array([group.prior_sd for group in refined.groups])
    names = [group.name for group, known in zip(refined.groups, told, strict=True) if not known]
    return names + [name for name, sd in refined.offset_sd_m.items() if sd.min() > TOLD * OFFSET_M]


def _by_trial(frames: ChosenFrames, part: BoolArray, trials: Sequence[str]) -> dict[str, list[int]]:
    return {
        name: [int(number) for number in frames.number[part & (frames.trial == index)]]
        for index, name in enumerate(trials)
    }


def _before_after(error_m: FloatArray) -> dict[str, float]:
    return {"before": float(error_m[0]) * 1e3, "after": float(error_m[1]) * 1e3}


def _mm(length_m: FloatArray) -> list[float]:
    return [float(value) * 1e3 for value in length_m]
