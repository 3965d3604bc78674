"""Can the joint angles be trusted? The marker errors and ranges of an inverse kinematics solution, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from kineograph.model.coordinates import Coordinates
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray, finite
from kineograph.stages.coordinate_tasks import CoordinateTasks

STAGE = "kinematics"
WARN_ERROR_M = 0.04
FAIL_ERROR_M = 0.1
"""Mean marker error (root mean square over the markers of a frame) from which angles are doubted.
OpenSim's own advice is 2-4 cm (https://opensimconfluence.atlassian.net/wiki/spaces/OpenSim/pages/53090037)."""
WARN_AT_LIMIT = 0.25
"""A joint angle that sits at the end of its range in more frames than this is named."""
LIMIT_TOLERANCE_RAD = 0.002
GIMBAL_DEG = 10.0
"""Where the second of three angles in a row is this near to 90 degrees, the first and the third turn about nearly one axis."""
FEW_FRAMES = 5
MOSTLY = 0.5
"""A coordinate is told of by the markers where it is so in this share of the frames."""


@dataclass(frozen=True)
class KinematicsSettings:
    """Settings of the section ``kinematics``; `parameters` are the chosen filter's."""

    solver: Literal["auto", "opensim", "trajectory"] = "auto"
    accuracy: float = 1e-5
    coordinate_tasks: CoordinateTasks = "weak"
    marker_weights: Literal["auto", "setup", "covariance"] = "auto"
    smoothness: Literal["learnt", "none"] = "learnt"
    filter: str = "none"
    parameters: Mapping[str, Any] = field(default_factory=dict)


def judge(
    coordinates: Coordinates,
    ranges: Mapping[str, tuple[float, float]],
    markers: Sequence[str],
    marker_error_m: FloatArray,
    doubts: Sequence[Reason] = (),
    balls: Sequence[tuple[str, str, str]] = (),
) -> StageReport:
    """The report on a solution.

    Parameters
    ----------
    coordinates : Coordinates
        The solution; NaN in frames that could not be solved.
    ranges : dict of str to (float, float)
        The range of each coordinate that the model holds in one, rad or m.
    markers : sequence of str
        The M markers that were followed.
    marker_error_m : (F, M) array
        Distance of each marker from its place on the model, m, NaN where it was missing.
    doubts : sequence of Reason
        What spoke against the markers before.
    balls : sequence of three str
        The coordinates of each joint that turns by three of them in a row about axes at right angles.
    """
    frames = len(coordinates.time_s)
    solved = finite(coordinates.values)
    if not solved.any():
        reason = Reason("fail", "no frame could be solved", "", "see the earlier stages' verdicts")
        return StageReport(STAGE, {"frames": frames, "markers": list(markers)}, {"frames_solved": 0}, (reason, *doubts))
    per_frame = np.sqrt(np.nanmean(np.square(marker_error_m[solved]), axis=1))
    followed = np.isfinite(marker_error_m).any(axis=0)
    per_marker = np.full(len(markers), np.nan)
    per_marker[followed] = np.sqrt(np.nanmean(np.square(marker_error_m[:, followed]), axis=0))
    mean = float(per_frame.mean())
    worst = int(np.nanargmax(per_marker))
    reasons = list(doubts)
    if mean > WARN_ERROR_M:
        reasons.append(
            Reason(
                "fail" if mean > FAIL_ERROR_M else "warn",
                f"the markers are {mean * 1e3:.0f} mm from the model on average (wanted: under {WARN_ERROR_M * 1e3:.0f} mm), "
                f"{markers[worst]} the most, {per_marker[worst] * 1e3:.0f} mm",
                f"marker {markers[worst]}",
                "look at the cameras on the trial's page, and at the scale factors of the model",
            )
        )
    if not solved.all():
        reasons.append(
            Reason(
                "warn",
                f"{int((~solved).sum())} of {frames} frames have too few markers and no joint angles",
                f"frame {int(np.flatnonzero(~solved)[0])}",
                "see which points are missing in the triangulation's verdict",
            )
        )
    reasons += [*_at_limits(coordinates, ranges, solved), *_gimbal(coordinates, balls, solved)]
    came_out = {
        "frames_solved": int(solved.sum()),
        "marker_error_mm": {
            "mean": mean * 1e3,
            "max": float(per_frame.max()) * 1e3,
            "frame_of_max": int(np.flatnonzero(solved)[per_frame.argmax()]),
        },
        "largest_marker_error": _largest(marker_error_m, markers),
        "marker_error_by_marker_mm": {
            name: float(value) * 1e3 for name, value in zip(markers, per_marker, strict=True) if np.isfinite(value)
        },
        "range": {
            name: [float(column.min()), float(column.max())]
            for name, column in zip(coordinates.names, coordinates.values_deg_m[solved].T, strict=True)
        },
        "sd_median": _deviations(coordinates, solved),
        "not_observed": {name: 1 - share for name, share in _observed(coordinates, solved).items() if share < MOSTLY},
    }
    return StageReport(STAGE, {"frames": frames, "markers": list(markers)}, came_out, worst_first(reasons))


def _largest(marker_error_m: FloatArray, markers: Sequence[str]) -> dict[str, float | int | str]:
    """The marker that is farthest from the model in any frame, and which."""
    frame, marker = np.unravel_index(np.nanargmax(marker_error_m), marker_error_m.shape)
    return {"marker": markers[int(marker)], "frame": int(frame), "mm": float(marker_error_m[frame, marker]) * 1e3}


def _deviations(coordinates: Coordinates, solved: BoolArray) -> dict[str, float | None]:
    """Median standard deviation of each coordinate, degrees or m; None where unknown."""
    median = np.median(coordinates.sd_deg_m[solved], axis=0)
    return {
        name: float(value) if np.isfinite(value) else None
        for name, value in zip(coordinates.names, median, strict=True)
    }


def _observed(coordinates: Coordinates, solved: BoolArray) -> dict[str, float]:
    """In which share of the frames the markers tell each coordinate."""
    share = coordinates.observed[solved].mean(axis=0)
    return {name: float(value) for name, value in zip(coordinates.names, share, strict=True)}


def _at_limits(
    coordinates: Coordinates,
    ranges: Mapping[str, tuple[float, float]],
    solved: BoolArray,
) -> list[Reason]:
    """Joint angles that sit at the end of their range: there they say what the model allows, not what the person did."""
    sitting = {}
    observed = _observed(coordinates, solved)
    for index, name in enumerate(coordinates.names):
        low, high = ranges.get(name, (0.0, 0.0))
        if not coordinates.rotational[index] or high - low < 2 * LIMIT_TOLERANCE_RAD or observed[name] < MOSTLY:
            continue
        column = coordinates.values[solved, index]
        from_ends = np.minimum(np.abs(column - low), np.abs(column - high))
        share = float((from_ends < LIMIT_TOLERANCE_RAD).mean())
        if share > WARN_AT_LIMIT:
            sitting[name] = share
    if not sitting:
        return []
    names = ", ".join(f"{name} ({share:.0%})" for name, share in sorted(sitting.items(), key=lambda item: -item[1]))
    worst = max(sitting, key=lambda name: sitting[name])
    return [
        Reason(
            "warn",
            f"joint angles sit at the end of the model's range: {names} of the frames",
            f"joint angle {worst}",
            "read them as 'at the limit', not as measured",
        )
    ]


def _gimbal(coordinates: Coordinates, balls: Sequence[tuple[str, str, str]], solved: BoolArray) -> list[Reason]:
    """Joints whose first and third angle turn about nearly one axis: there only their sum or difference is the joint's."""
    observed = _observed(coordinates, solved)
    reasons = []
    for first, middle, last in balls:
        if not {first, middle, last} <= set(coordinates.names) or observed[middle] < MOSTLY:
            continue
        near = solved & (
            np.abs(np.cos(coordinates.values[:, coordinates.names.index(middle)])) < np.sin(np.radians(GIMBAL_DEG))
        )
        if near.sum() > FEW_FRAMES:
            reasons.append(
                Reason(
                    "warn",
                    f"{middle} is within {GIMBAL_DEG:.0f} degrees of 90 in {near.sum()} of {len(solved)} frames, first in frame "
                    f"{np.flatnonzero(near)[0]}: {first} and {last} turn about nearly the same axis there",
                    f"joint angle {middle}",
                    "read those two not singly: only the two together say how the joint is turned (gimbal lock)",
                )
            )
    return reasons
