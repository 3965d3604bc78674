"""Filtering the participants' points over time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kineograph.model.points import Points3D
from kineograph.model.report import Reason, StageReport
from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._apply import filter_series

STAGE = "filtering"
NONE = "none"
WARN_CHANGE_M = 0.03
"""A filter that moves a keypoint by more than this (95th percentile) removes more than noise, or the noise is large."""


@dataclass(frozen=True)
class SmoothSettings:
    """Settings of the section ``filtering``; `parameters` are the chosen filter's."""

    method: str = "butterworth"
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"cutoff_hz": 6.0, "order": 4})


def smooth(points: Points3D, settings: SmoothSettings) -> tuple[Points3D, StageReport]:
    """Filter each coordinate of each point, run by run between gaps.

    Missing points stay missing and no frame is lost. Covariances stay those of the triangulated points.
    """
    series = points.position_m.reshape(points.n_frames, math.prod(points.position_m.shape[1:]))
    if settings.method == NONE or points.n_frames == 0:
        filtered = series
    else:
        filtered = filter_series(series, points.fps_hz, settings.method, dict(settings.parameters))
    result = dataclasses.replace(points, position_m=filtered.reshape(points.position_m.shape))
    moved = np.linalg.norm(result.position_m - points.position_m, axis=-1)
    present = np.isfinite(moved)
    came_out: dict[str, Any] = {"frames": result.n_frames, "points": int(present.sum()), "method": settings.method}
    reasons: list[Reason] = []
    if present.any():
        came_out["moved_mm"] = {
            "median": float(np.median(moved[present]) * 1e3),
            "p95": float(np.percentile(moved[present], 95) * 1e3),
        }
        reasons += _large_changes(points, moved)
    else:
        reasons.append(Reason("fail", "no point came in", "", "see the earlier stages' verdicts"))
    came_in = {"frames": points.n_frames, "participants": list(points.participants)}
    return result, StageReport(STAGE, came_in, came_out, tuple(reasons))


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
