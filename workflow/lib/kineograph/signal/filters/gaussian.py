"""A moving average whose weights fall off as a Gaussian bell. Default as in Pose2Sim (`filtering.py`)."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.signal.filters._ends import extended

PARAMETERS = {
    "sigma_frames": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
        "x-unit": "frames",
        "description": "Standard deviation of the bell.",
    },
}
PROMISES = ("linear", "straight_lines", "scale")
REACH = 4
"""The bell ends after so many standard deviations."""


def apply(values: FloatArray, rate_hz: float, *, sigma_frames: float) -> FloatArray:
    """Filter series (F, N) without gaps; where the run ends, it is continued by reflection about its end point."""
    reach = min(int(np.ceil(REACH * sigma_frames)), len(values) - 1)
    taps = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / sigma_frames))
    long = extended(values, reach)
    filtered: FloatArray = sum(
        (tap * long[shift : shift + len(values)] for shift, tap in enumerate(taps / taps.sum())),
        start=np.zeros_like(values),
    )
    return filtered
