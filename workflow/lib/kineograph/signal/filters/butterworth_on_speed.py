"""Low-pass Butterworth filter of the speed, which is then summed up to a position again.

Source: Pose2Sim (`filtering.py`), with its default cut-off. What it leaves out is the jumps of a track that drifts back
slowly; the place of the whole track is that of the mean, not of the first, noisy frame.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._two_passes import low_pass

PARAMETERS = {
    "cutoff_hz": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 10.0,
        "x-unit": "Hz",
        "description": "Frequency at which the filter (both passes together) lets 0.707 of the speed through.",
    },
    "order": {
        "type": "integer",
        "enum": [2, 4, 6, 8],
        "default": 4,
        "description": "Order of both passes together.",
    },
}
PROMISES = ("linear", "straight_lines", "half_power_at_cutoff", "scale")


def apply(values: FloatArray, rate_hz: float, *, cutoff_hz: float, order: int) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`; runs of one or two frames are returned as they are.

    Raises
    ------
    ConfigError
        Where the cut-off is not below half the sampling rate.
    """
    steps = low_pass(np.diff(values, axis=0), rate_hz, cutoff_hz, order)
    summed = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(steps, axis=0)])
    placed: FloatArray = summed + (values - summed).mean(axis=0)
    return placed
