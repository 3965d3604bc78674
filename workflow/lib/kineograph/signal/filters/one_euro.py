"""1 euro filter: a first-order low-pass filter whose cut-off rises with speed; run both ways, so that nothing lags.

Source: Casiez, Roussel & Vogel 2012, doi:10.1145/2207676.2208639; defaults, and running it back over its own result, as in
Pose2Sim (`filtering.py`). That depends a little on which way is first; here both are done, and their mean is taken.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

PARAMETERS = {
    "cutoff_hz": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 4.0,
        "x-unit": "Hz",
        "description": "Cut-off frequency of each pass at rest.",
    },
    "beta": {
        "type": "number",
        "minimum": 0,
        "default": 1.5,
        "description": "By how many Hz the cut-off rises with a speed of 1 m/s (1 rad/s for joint angles).",
    },
    "speed_cutoff_hz": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
        "x-unit": "Hz",
        "description": "Cut-off frequency of the speed itself.",
    },
}
PROMISES = ()


def apply(values: FloatArray, rate_hz: float, *, cutoff_hz: float, beta: float, speed_cutoff_hz: float) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`."""

    def one_way(series: FloatArray) -> FloatArray:
        return _one_pass(series, rate_hz, cutoff_hz, beta, speed_cutoff_hz)

    there_and_back = one_way(one_way(values)[::-1])[::-1]
    back_and_there = one_way(one_way(values[::-1])[::-1])
    both: FloatArray = (there_and_back + back_and_there) / 2
    return both


def _one_pass(series: FloatArray, rate_hz: float, cutoff_hz: float, beta: float, speed_cutoff_hz: float) -> FloatArray:
    filtered = series.copy()
    here, speed = series[0], np.zeros(series.shape[1])
    part_of_speed = _part(np.asarray(speed_cutoff_hz), rate_hz)
    for frame, measured in enumerate(series[1:], start=1):
        speed = speed + part_of_speed * ((measured - here) * rate_hz - speed)
        here = here + _part(cutoff_hz + beta * np.abs(speed), rate_hz) * (measured - here)
        filtered[frame] = here
    return filtered


def _part(cutoff_hz: FloatArray, rate_hz: float) -> FloatArray:
    """How much of the way to the new value a first-order low-pass filter goes in one frame."""
    turn = 2 * np.pi * cutoff_hz / rate_hz
    return np.asarray(turn / (turn + 1))
