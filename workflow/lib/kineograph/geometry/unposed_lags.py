"""How well views of a person agree at each lag between two cameras whose poses are not known.

At the right lag there is a relative pose with which nearly all points agree; at others the limbs, which swing in every stride,
agree with none. A person who walks straight on at one speed is the hard case: a lag is then almost the same as a camera that
stands elsewhere, and only the limbs tell.
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry.relative_pose import fit_relative_poses
from kineograph.model.shapes import FloatArray, IntArray

POINTS = 400
"""So many image points of a pair are compared, evenly spread."""
FEWEST_FRAMES = 12
STEP_S = 0.033
"""Lags are tried in steps of about this; between, the disagreement is taken to change evenly."""
CHUNK = 32
"""Lags that are solved at once."""
NO_AGREEMENT = 1.0


def unposed_curve(first: FloatArray, second: FloatArray, limit: int, fps_hz: float, scale: float) -> FloatArray | None:
    """Disagreement of two views over the lags -limit ... limit, 0 to 1; None where hardly anything is shared.

    Parameters
    ----------
    first, second : (F, K, 2) arrays
        Normalized, undistorted image coordinates; NaN where missing. At a lag, the second camera is at frame f + lag when the
        first is at frame f, as in :func:`kineograph.geometry.lags.agreement_curve`.
    limit : int
        Largest lag, frames.
    fps_hz : float
        Rate of the views, Hz.
    scale : float
        Distance from agreement of a point that is just about right, in normalized coordinates.
    """
    step = max(1, round(STEP_S * fps_hz))
    tried = np.unique(np.append(np.arange(-(limit // step) * step, limit + 1, step), 0))
    seen = np.flatnonzero(np.isfinite(first[..., 0]).any(axis=1))
    shown = np.isfinite(second[..., 0]).any(axis=1)
    frames, keypoints = _spread(first, seen)
    costs, counts = np.full(len(tried), np.nan), np.zeros(len(tried))
    for chunk in np.split(np.arange(len(tried)), range(CHUNK, len(tried), CHUNK)):
        there = frames[None] + tried[chunk, None]
        inside = (there >= 0) & (there < len(second))
        other = np.where(inside[..., None], second[np.clip(there, 0, len(second) - 1), keypoints[None]], np.nan)
        own = np.broadcast_to(first[frames, keypoints], other.shape)
        costs[chunk] = fit_relative_poses(own, other, scale).cost
        counts[chunk] = np.isfinite(other[..., 0]).sum(axis=1)
    if not np.isfinite(costs).any() or shown.sum() < FEWEST_FRAMES or len(np.unique(frames)) < FEWEST_FRAMES:
        return None
    costs[counts < 0.3 * counts.max()] = NO_AGREEMENT
    costs[~np.isfinite(costs)] = NO_AGREEMENT
    curve: FloatArray = np.interp(np.arange(-limit, limit + 1), tried, costs)
    return curve


def _spread(view: FloatArray, frames: IntArray) -> tuple[IntArray, IntArray]:
    """About `POINTS` image points of these frames, as indices of frames and keypoints."""
    known = np.argwhere(np.isfinite(view[frames, :, 0]))
    chosen = known[np.linspace(0, len(known) - 1, min(POINTS, len(known))).round().astype(int)] if len(known) else known
    return frames[chosen[:, 0]] if len(known) else frames, chosen[:, 1]
