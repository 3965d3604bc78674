"""Points that jump away from their track and back: found by the frames around them, and replaced.

Hampel's identifier for points in space: a point is an outlier where it is farther from the median of the frames around it than
so many times the median of their own distances from it. Sources: Hampel 1974, doi:10.1080/01621459.1974.10482962; Pearson 2002,
doi:10.1109/TCST.2001.999988. Distances in space take the place of each coordinate's deviation: over seven frames,
twice the deviation in any of three coordinates rejects 29 % of good points, and three times the distance 0.7 %, with the same
error where there are outliers (`benchmarks/filters.py`).
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray, finite
from kineograph.signal.runs import runs

LEAST_M = 0.005
"""Nothing that is nearer to the median is an outlier."""
FEWEST_AROUND = 4
"""With fewer known points in the window, nothing is judged."""


def outliers(position_m: FloatArray, window_frames: int, threshold: float) -> tuple[BoolArray, FloatArray]:
    """Which points are outliers of their tracks.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where nothing was measured.
    window_frames : int
        Frames that a point is compared with, itself included; odd.
    threshold : float
        How many times the median distance is too far.

    Returns
    -------
    outlier : (F, K) array of bool
        True for outliers.
    distance_m : (F, K) array
        How far each point is from the median of the frames around it, m.
    """
    frames, half = len(position_m), window_frames // 2
    if not frames:
        return np.zeros(position_m.shape[:2], bool), np.zeros(position_m.shape[:2])
    padded = np.full((frames + 2 * half, *position_m.shape[1:]), np.nan)
    padded[half : half + frames] = position_m
    around = np.lib.stride_tricks.sliding_window_view(padded, window_frames, axis=0)[:frames]  # (F, K, 3, W)
    middle, number = _median(around)
    apart = np.linalg.norm(around - middle[..., None], axis=2)
    usual, _ = _median(apart)
    distance = np.linalg.norm(position_m - middle, axis=-1)
    far = distance > np.maximum(threshold * usual, LEAST_M)
    return far & (number[:, :, 0] >= FEWEST_AROUND), distance


def replaced(position_m: FloatArray, wrong: BoolArray) -> FloatArray:
    """The points (F, K, 3) with those that are wrong (F, K) on straight lines between their neighbours in the same run.

    At a run's end they keep the place of the nearest good point. A run of nothing but wrong points stays as it is.
    """
    filled = position_m.copy()
    there = finite(position_m)
    for point in np.flatnonzero(wrong.any(axis=0)):
        for start, stop in runs(there[:, point]):
            bad = np.flatnonzero(wrong[start:stop, point]) + start
            good = np.flatnonzero(~wrong[start:stop, point]) + start
            if len(bad) and len(good):
                for axis in range(3):
                    filled[bad, point, axis] = np.interp(bad, good, position_m[good, point, axis])
    return filled


def _median(values: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """The median of the known values along the last axis, and how many are known."""
    number = np.isfinite(values).sum(axis=-1)
    ordered = np.sort(values, axis=-1)  # NaN last
    low, high = (np.expand_dims(np.maximum(number - 1 + upper, 0) // 2, -1) for upper in (0, 1))
    middle = (np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1))[..., 0] / 2
    return middle, number
