"""When the feet meet and leave the ground in walking, from where heels, toes and pelvis are.

Zeni, Richards & Higginson 2008 (doi:10.1016/j.gaitpost.2007.07.007): a heel strikes when it is farthest before the pelvis, and
the toes leave when they are farthest behind it; that holds on the floor as on a treadmill. To check with, the vertical speed of
the foot's middle (O'Connor, Thorpe, O'Malley & Vaughan 2007, doi:10.1016/j.gaitpost.2006.05.016): the toes leave at its
greatest, the heel strikes at its least while the foot is low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray, IntArray

STRIDE_S = (0.6, 2.5)
"""Shortest and longest time of a stride."""
WINDOW = 0.35
"""An event is the extreme of so much of a stride before and after it."""
LEAST_PROMINENCE = 0.3
"""Part of the signal's range by which an event stands out from the middle."""
LOW_FOOT = 0.35
"""Part of the range of heights below which a foot can strike (O'Connor 2007)."""
NEAR_GAP_FRAMES = 2
"""An event is not told where a frame so near is missing."""
LEAST_PERIODICITY = 0.5


@dataclass(frozen=True)
class FootEvents:
    """One foot's events, s on the trial's clock, between frames.

    Attributes
    ----------
    strike_s, off_s : (n,) array
        When the heel strikes, and when the toes leave, ascending.
    """

    strike_s: FloatArray
    off_s: FloatArray


def stride_period_s(ahead_m: FloatArray, rate_hz: float) -> float:
    """Typical time of a stride, s, by the autocorrelation of where a foot is before the pelvis (F,); NaN where none shows."""
    values = bridged(ahead_m)
    low, high = (round(limit * rate_hz) for limit in STRIDE_S)
    high = min(high, len(values) // 2)
    if not np.isfinite(values).all() or high <= low:
        return float("nan")
    values = values - values.mean()
    lags = np.arange(low, high + 1)
    likeness = np.array([_correlation(values[:-lag], values[lag:]) for lag in lags])
    inner = np.flatnonzero((likeness[1:-1] > likeness[:-2]) & (likeness[1:-1] >= likeness[2:])) + 1
    good = inner[likeness[inner] >= LEAST_PERIODICITY] if len(inner) else inner
    return float(lags[good[likeness[good] >= likeness[good].max() - 0.1][0]] / rate_hz) if len(good) else float("nan")


def events_by_position(
    heel_ahead_m: FloatArray, toe_ahead_m: FloatArray, time_s: FloatArray, period_s: float
) -> FootEvents:
    """A foot's events from where its heel and toes are before the pelvis (F,), by Zeni 2008."""
    return FootEvents(_extremes(heel_ahead_m, time_s, period_s), _extremes(-toe_ahead_m, time_s, period_s))


def events_by_speed(height_m: FloatArray, time_s: FloatArray, period_s: float) -> FootEvents:
    """A foot's events from the height of its middle (F,), by O'Connor 2007."""
    height = bridged(height_m)
    speed = np.gradient(height, time_s)
    speed[~np.isfinite(height_m)] = np.nan
    low = height < np.min(height) + LOW_FOOT * np.ptp(height)
    return FootEvents(_extremes(np.where(low, -speed, 0.0), time_s, period_s), _extremes(speed, time_s, period_s))


def bridged(values: FloatArray) -> FloatArray:
    """The series with its gaps closed by straight lines, and its ends held; all NaN where there is nothing."""
    known: BoolArray = np.isfinite(values)
    if not known.any():
        return values
    frames = np.arange(len(values))
    result: FloatArray = np.interp(frames, frames[known], values[known])
    return result


def _extremes(values: FloatArray, time_s: FloatArray, period_s: float) -> FloatArray:
    """When a series is greatest within a part of a period around, to a part of a frame; none at its ends and beside gaps."""
    known = np.isfinite(values)
    if known.sum() < 3 or not np.isfinite(period_s):
        return np.zeros(0)
    series = bridged(values)
    rate = (len(time_s) - 1) / (time_s[-1] - time_s[0])
    reach = max(round(WINDOW * period_s * rate), 1)
    middle, size = float(np.median(series)), float(np.ptp(series))
    found: IntArray = np.flatnonzero((series[1:-1] > series[:-2]) & (series[1:-1] >= series[2:])) + 1
    kept = [
        index
        for index in found
        if series[index] >= series[max(index - reach, 0) : index + reach + 1].max()
        and series[index] - middle >= LEAST_PROMINENCE * size
        and known[max(index - NEAR_GAP_FRAMES, 0) : index + NEAR_GAP_FRAMES + 1].all()
    ]
    return np.array([time_s[index] + _top(series[index - 1 : index + 2]) / rate for index in kept])


def _top(three: FloatArray) -> float:
    """Where the parabola through three neighbours is greatest, frames from the middle one."""
    bend = three[0] - 2 * three[1] + three[2]
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (three[0] - three[2]) / bend, -0.5, 0.5))


def _correlation(first: FloatArray, second: FloatArray) -> float:
    size = float(np.linalg.norm(first - first.mean()) * np.linalg.norm(second - second.mean()))
    return float((first - first.mean()) @ (second - second.mean()) / size) if size > 0 else 0.0
