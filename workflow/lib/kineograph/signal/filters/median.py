"""Median of the frames around: takes out single jumps and keeps edges. Default as in Pose2Sim (`filtering.py`)."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

PARAMETERS = {
    "window_frames": {
        "type": "integer",
        "enum": [3, 5, 7, 9, 11, 13, 15],
        "default": 3,
        "x-unit": "frames",
        "description": "Frames that each median is taken of; fewer near the ends of a run, as many before as after.",
    },
}
PROMISES = ("straight_lines", "scale")


def apply(values: FloatArray, rate_hz: float, *, window_frames: int) -> FloatArray:
    """Filter series (F, N) without gaps; the first and the last frame stay."""
    filtered = values.copy()
    widest = min(window_frames, len(values) - (1 - len(values) % 2))
    for width in range(3, widest + 1, 2):
        medians = np.median(np.lib.stride_tricks.sliding_window_view(values, width, axis=0), axis=-1)
        filtered[width // 2 : len(values) - width // 2] = medians
    return filtered
