"""Filtering the participants' points over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kineograph.model.points import Origin, Points3D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._apply import filter_points
from kineograph.signal.outliers import outliers, replaced

STAGE = "filtering"
NONE = "none"
WARN_CHANGE_M = 0.03
"""A filter that moves a keypoint by more than this (95th percentile) removes more than noise, or the noise is large."""
WARN_REJECTED = 0.05
"""A keypoint with more outliers than this part of its frames is named."""
LISTED = 20
"""So many of the outliers are listed one by one, those farthest from their tracks."""


@dataclass(frozen=True)
class SmoothSettings:
    """Settings of the section ``filtering``; `parameters` are the chosen filter's."""

    method: str = "butterworth"
    reject_outliers: bool = True
    outlier_window_frames: int = 7
    outlier_threshold: float = 3.0
    parameters: Mapping[str, Any] = field(default_factory=dict)


def smooth(points: Points3D, settings: SmoothSettings) -> tuple[Points3D, StageReport]:
    """Replace points that jump away from their track, then filter each track between its gaps.

    Missing points stay missing and no frame is lost. What becomes of the covariances, :class:`Points3D` says.
    """
    result, rejected_m = reject(points, settings) if settings.reject_outliers else (points, None)
    if settings.method != NONE and points.n_frames:
        shape = points.position_m.shape
        tracks = (shape[0], shape[1] * shape[2], 3)
        series = result.position_m.reshape(tracks), result.covariance_m2.reshape(*tracks, 3)
        position, covariance = filter_points(*series, points.fps_hz, settings.method, dict(settings.parameters))
        result = dataclasses.replace(
            result, position_m=position.reshape(shape), covariance_m2=covariance.reshape(*shape, 3)
        )
    return result, _report(points, result, settings, rejected_m)


def reject(points: Points3D, settings: SmoothSettings) -> tuple[Points3D, FloatArray]:
    """The points without outliers over time, and how far each outlier was from its track (F, P, K), m, NaN for the others.

    Outliers, and what had been filled between them, are drawn straight between their good neighbours.
    """
    frames, people, keypoints = points.origin.shape
    measured = points.measured.reshape(frames, people * keypoints)
    track = points.position_m.reshape(*measured.shape, 3)
    wrong, distance = outliers(
        np.where(measured[..., None], track, np.nan), settings.outlier_window_frames, settings.outlier_threshold
    )
    between = points.origin.reshape(measured.shape) == Origin.INTERPOLATED
    track = replaced(track, wrong | (between & wrong.any(axis=0)))
    outlier = wrong.reshape(points.origin.shape)
    result = dataclasses.replace(
        points,
        position_m=track.reshape(points.position_m.shape),
        covariance_m2=np.where(outlier[..., None, None], np.nan, points.covariance_m2),
        origin=np.where(outlier, Origin.REJECTED, points.origin),
    )
    return result, np.where(outlier, distance.reshape(outlier.shape), np.nan)


def _report(before: Points3D, after: Points3D, settings: SmoothSettings, rejected_m: FloatArray | None) -> StageReport:
    """What the filter did."""
    kept = np.where((after.origin == Origin.REJECTED)[..., None], np.nan, before.position_m)
    moved = np.linalg.norm(after.position_m - kept, axis=-1)
    present = np.isfinite(moved)
    came_out: dict[str, Any] = {"frames": after.n_frames, "points": int(present.sum()), "method": settings.method}
    reasons: list[Reason] = []
    if rejected_m is not None:
        came_out |= _rejections(after, rejected_m)
        reasons += _many_rejections(after, rejected_m)
    if present.any():
        came_out["moved_mm"] = {
            "median": float(np.median(moved[present]) * 1e3),
            "p95": float(np.percentile(moved[present], 95) * 1e3),
        }
        reasons += _large_changes(before, moved)
    else:
        reasons.append(Reason("fail", "no point came in", "", "see the earlier stages' verdicts"))
    came_in = {"frames": before.n_frames, "participants": list(before.participants)}
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _rejections(points: Points3D, rejected_m: FloatArray) -> dict[str, Any]:
    """The outliers: how many, of which keypoints, and those farthest from their tracks."""
    outlier = np.isfinite(rejected_m)
    by_keypoint = outlier.sum(axis=(0, 1))
    farthest = np.argsort(np.where(outlier, -rejected_m, np.inf), axis=None)[: min(LISTED, int(outlier.sum()))]
    return {
        "points_rejected": int(outlier.sum()),
        "rejected_by_keypoint": {
            name: int(number) for name, number in zip(points.names, by_keypoint, strict=True) if number
        },
        "rejected_farthest": [
            {
                "participant": points.participants[person],
                "keypoint": points.names[keypoint],
                "frame": int(frame),
                "distance_mm": float(rejected_m[frame, person, keypoint] * 1e3),
            }
            for frame, person, keypoint in zip(*np.unravel_index(farthest, outlier.shape), strict=True)
        ],
    }


def _many_rejections(points: Points3D, rejected_m: FloatArray) -> list[Reason]:
    """A warning where a keypoint's track jumps often."""
    measured = points.measured.sum(axis=(0, 1))
    number = np.isfinite(rejected_m).sum(axis=(0, 1))
    share = number / np.maximum(measured + number, 1)
    worst = int(share.argmax()) if share.size else 0
    if not share.size or share[worst] <= WARN_REJECTED:
        return []
    name = points.names[worst]
    text = (
        f"{name} jumps away from its track in {share[worst]:.0%} of its frames (wanted: under {WARN_REJECTED:.0%}) "
        "and is interpolated there"
    )
    return [Reason("warn", text, f"keypoint {name}", "see on the trial's page which camera shows it elsewhere")]


def _large_changes(points: Points3D, moved_m: FloatArray) -> list[Reason]:
    """A warning where the filter changes keypoints a lot: (F, P, K) distances, m."""
    flat = moved_m.reshape(-1, len(points.names))
    seen = np.flatnonzero(np.isfinite(flat).any(axis=0))
    change = np.nanpercentile(flat[:, seen], 95, axis=0)
    many = int((change > WARN_CHANGE_M).sum())
    if not many:
        return []
    worst = int(change.argmax())
    return [
        Reason(
            "warn",
            f"the filter moves {many} of {len(seen)} keypoints by more than {WARN_CHANGE_M * 1e3:.0f} mm (95th percentile); "
            f"the most {points.names[seen[worst]]}, {change[worst] * 1e3:.0f} mm",
            f"keypoint {points.names[seen[worst]]}",
            "their tracks are noisy, or the movement is faster than the filter lets through",
        )
    ]
