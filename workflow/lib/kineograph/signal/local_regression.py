"""Series with gaps and outliers, smoothed: at each frame, a parabola fitted to the known values around it."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.robust import median_of_known

REACH = 3.0
"""The parabola is fitted to the values within so many widths of the window."""
FEWEST = 5
"""Fewest known values for a parabola."""
MEDIAN_FRAMES = 3
"""A value is compared with the median of its neighbours, so many to either side."""
SQUARES = 27 / (32 * np.sqrt(np.pi))
"""Integral of the square of the local quadratic regression's weights for a width of one."""
OUTLIER = 5.0
"""Typical distances from that median (median absolute deviations, scaled to a standard deviation) at which a value is none."""


def smooth(values: FloatArray, width_frames: float) -> FloatArray:
    """Local quadratic regression with Gaussian weights (Cleveland & Devlin 1988, doi:10.1080/01621459.1988.10478639).

    Parameters
    ----------
    values : (F, N) array
        N series; NaN where missing.
    width_frames : float
        Standard deviation of the weights.

    Returns
    -------
    (F, N) array
        Gaps are bridged where values within one width and a frame are known on both sides; NaN elsewhere.
    """
    first = _fitted(np.where(outliers(values), np.nan, values), width_frames)
    distance = np.abs(values - first)
    scale = 1.4826 * median_of_known(distance, axis=0)[0]
    with np.errstate(invalid="ignore"):
        far = distance > OUTLIER * np.maximum(scale, 1e-9)
    return _fitted(np.where(far | np.isnan(first), np.nan, values), width_frames)


def _fitted(values: FloatArray, width_frames: float) -> FloatArray:
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    reach = int(np.ceil(REACH * width_frames))
    near = int(np.ceil(width_frames)) + 1
    moments, sums = np.zeros((5, *values.shape)), np.zeros((3, *values.shape))
    count, before, after = (np.zeros(values.shape, int) for _ in range(3))
    for step in range(-reach, reach + 1):
        here, there = _overlap(len(values), step)
        weight = np.exp(-0.5 * (step / width_frames) ** 2)
        for power in range(5):
            moments[power, here] += weight * float(step) ** power * known[there]
        for power in range(3):
            sums[power, here] += weight * float(step) ** power * filled[there]
        count[here] += known[there]
        if abs(step) <= near:
            before[here] += known[there] * (step <= 0)
            after[here] += known[there] * (step >= 0)
    usable = (count >= FEWEST) & (before > 0) & (after > 0)
    return np.where(usable, _middle(moments, sums, usable), np.nan)


def left_of_noise(width_frames: float) -> float:
    """Noise that is left in smoothed values, relative to how far the values lie from them, where each frame has its own.

    Of white noise, smoothing leaves the sum of the squares of its weights: that part of the variance, and the rest lies between.
    """
    part = min(0.9, SQUARES / width_frames)
    return float(np.sqrt(part / (1 - part)))


def outliers(values: FloatArray) -> BoolArray:
    """Which values (F, N) lie far from the median of their neighbours (Hampel's filter, with one scale a series)."""
    steps = range(-MEDIAN_FRAMES, MEDIAN_FRAMES + 1)
    around = np.full((len(steps), *values.shape), np.nan)
    for index, step in enumerate(steps):
        here, there = _overlap(len(values), step)
        around[index, here] = values[there]
    distance = np.abs(values - median_of_known(around, axis=0)[0])
    # at the ends of a slope, the median lies a frame's change off
    change = median_of_known(np.abs(np.diff(values, axis=0)), axis=0)[0] if len(values) > 1 else np.nan
    scale = np.fmax(1.4826 * median_of_known(distance, axis=0)[0], change)
    with np.errstate(invalid="ignore"):
        result: BoolArray = distance > OUTLIER * np.maximum(scale, 1e-9)
    return result


def _overlap(frames: int, step: int) -> tuple[slice, slice]:
    """The frames that have another one so many frames later, and those others."""
    if abs(step) >= frames:
        return slice(0, 0), slice(0, 0)
    return slice(max(0, -step), min(frames, frames - step)), slice(max(0, step), min(frames, frames + step))


def _middle(moments: FloatArray, sums: FloatArray, usable: BoolArray) -> FloatArray:
    """The parabolas' values in the middle of their windows, by Cramer's rule."""
    m0, m1, m2, m3, m4 = moments
    t0, t1, t2 = sums
    first, second, third = m2 * m4 - m3 * m3, m2 * m3 - m1 * m4, m1 * m3 - m2 * m2
    determinant = np.where(usable, m0 * first + m1 * second + m2 * third, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: FloatArray = (t0 * first + t1 * second + t2 * third) / determinant
    return result
