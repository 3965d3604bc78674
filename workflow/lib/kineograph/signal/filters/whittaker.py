"""Whittaker's smoother: as near to the series and with as little acceleration as possible, in one balance for all frames.

Source: Whittaker 1922, On a new method of graduation, doi:10.1017/S0013091500077853; for biomechanics AddBiomechanics,
whose acceleration-minimising pass Pose2Sim offers as `acc_minimizing`. There 6 Hz is where half the amplitude passes; here it
is where 0.707 does, as with the other filters.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._cutoff import check_cutoff

PARAMETERS = {
    "cutoff_hz": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 6.0,
        "x-unit": "Hz",
        "description": "Frequency at which 0.707 of the amplitude passes.",
    },
}
PROMISES = ("linear", "straight_lines", "half_power_at_cutoff", "scale")


def apply(values: FloatArray, rate_hz: float, *, cutoff_hz: float) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`; runs of one or two frames are returned as they are.

    Raises
    ------
    ConfigError
        Where the cut-off is not below half the sampling rate.
    """
    from scipy.linalg import solveh_banded

    check_cutoff(cutoff_hz, rate_hz)
    frames = len(values)
    if frames < 3:
        return values
    weight = (np.sqrt(2) - 1) / (2 - 2 * np.cos(2 * np.pi * cutoff_hz / rate_hz)) ** 2
    bands = np.zeros((3, frames))  # of I + weight * D'D, upper form, D the second differences
    second = np.array([1.0, -2.0, 1.0])
    for row in range(3):
        for column in range(row, 3):
            bands[2 - (column - row), column : frames - 2 + column] += weight * second[row] * second[column]
    bands[2] += 1
    middle = values.mean(axis=0)
    smooth: FloatArray = solveh_banded(bands, values - middle) + middle
    return smooth
