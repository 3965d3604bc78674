"""Natural cubic smoothing spline; how smooth, generalised cross-validation decides for each series by itself.

Sources: Woltring 1986, doi:10.1016/0141-1195(86)90098-7; Craven & Wahba 1978, doi:10.1007/BF01404567; the trace of the hat matrix
in linear time after Hutchinson & de Hoog 1985, doi:10.1007/BF01389878; the range of cut-offs that are believed as in Pose2Sim
(`filtering.py`). Cross-validation takes errors of neighbouring frames for independent: where they aren't, it smooths too little.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._cutoff import check_cutoff

PARAMETERS = {
    "cutoff_hz": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": None,
        "x-unit": "Hz",
        "description": "Frequency at which 0.707 of the amplitude passes; null: cross-validation chooses it, from 1 to 30 Hz.",
    },
    "smoothing_factor": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
        "description": "Multiplies the smoothing that cross-validation chose. No effect where cutoff_hz is given.",
    },
}
PROMISES = ("straight_lines", "half_power_at_cutoff", "scale")
BELIEVED_HZ = (1.0, 30.0)
TRIED = 24
"""Cut-offs that are tried: a step of 16 %."""
FEWEST_FRAMES = 5


def apply(values: FloatArray, rate_hz: float, *, cutoff_hz: float | None, smoothing_factor: float) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`; runs of fewer than five frames are returned as they are.

    Raises
    ------
    ConfigError
        Where a given cut-off is not below half the sampling rate.
    """
    if cutoff_hz is not None:
        check_cutoff(cutoff_hz, rate_hz)
    if len(values) < FEWEST_FRAMES:
        return values
    middle = values.mean(axis=0)
    if cutoff_hz is not None:
        given: FloatArray = _rough_part(values - middle, _stiffness(np.array([cutoff_hz]), rate_hz)[0])[1] + middle
        return given
    highest = min(BELIEVED_HZ[1], 0.45 * rate_hz)
    cutoffs = np.geomspace(min(BELIEVED_HZ[0], highest / 2), highest, TRIED)
    chosen: FloatArray = _cross_validated(values - middle, _stiffness(cutoffs, rate_hz), smoothing_factor) + middle
    return chosen


def _cross_validated(values: FloatArray, stiffness: FloatArray, factor: float) -> FloatArray:
    """Each series with the stiffness of the lowest score; the stiffest first, so that a straight line gets that."""
    frames = len(values)
    left_over = _residual_freedom(frames, stiffness)
    best = np.full(values.shape[1], np.inf)
    smooth = values.copy()
    for value, freedom in zip(stiffness, left_over, strict=True):
        rough, trend = _rough_part(values, value)
        score = frames * np.square(rough).sum(axis=0) / freedom**2
        better = score < best * (1 - 1e-9)
        best[better] = score[better]
        chosen = trend if factor == 1 else _rough_part(values, value * factor)[1]
        smooth[:, better] = chosen[:, better]
    return smooth


def _stiffness(cutoff_hz: FloatArray, rate_hz: float) -> FloatArray:
    """The weight of the squared second derivative (frames as unit) that has its -3 dB point there."""
    cosine = np.cos(2 * np.pi * cutoff_hz / rate_hz)
    stiff: FloatArray = (np.sqrt(2) - 1) * (2 + cosine) / 3 / np.square(2 - 2 * cosine)
    return stiff


def _rough_part(values: FloatArray, stiffness: float) -> tuple[FloatArray, FloatArray]:
    """What the spline leaves and the spline, by Reinsch's band system for its second derivatives."""
    from scipy.linalg import solveh_banded

    frames = len(values)
    bands = np.empty((3, frames - 2))
    bands[0], bands[1], bands[2] = stiffness, 1 / 6 - 4 * stiffness, 2 / 3 + 6 * stiffness
    bend = solveh_banded(bands, np.diff(values, 2, axis=0))
    rough = np.zeros_like(values)
    rough[:-2] += stiffness * bend
    rough[1:-1] -= 2 * stiffness * bend
    rough[2:] += stiffness * bend
    return rough, values - rough


def _residual_freedom(frames: int, stiffness: FloatArray) -> FloatArray:
    """The trace of what takes series to their rough parts, for each stiffness.

    The band system is factored, and the bands of its inverse follow from the last row to the first.
    """
    size = frames - 2
    on, beside, far = 2 / 3 + 6 * stiffness, 1 / 6 - 4 * stiffness, stiffness
    none = np.zeros_like(stiffness)
    pivots, first, second = [], [none, none], [none, none]
    before, before_that = none, none
    for row in range(size):
        pivot = on - before * first[-1] ** 2 - before_that * second[-2] ** 2
        first.append((beside - before * first[-1] * second[-1]) / pivot if row < size - 1 else none)
        second.append(far / pivot if row < size - 2 else none)
        pivots.append(pivot)
        before_that, before = before, pivot
    trace = none
    here, next_to, across = none, none, none  # of the inverse: (i+1, i+1), (i+1, i+2), (i+2, i+2)
    for row in range(size - 1, -1, -1):
        one, two = first[row + 2], second[row + 2]
        step = -one * here - two * next_to
        leap = -one * next_to - two * across
        own = 1 / pivots[row] - one * step - two * leap
        trace = trace + 6 * own - 8 * step + 2 * leap
        here, next_to, across = own, step, here
    freedom: FloatArray = stiffness * trace
    return freedom
