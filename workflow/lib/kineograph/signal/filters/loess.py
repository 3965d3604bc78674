"""Local straight lines, fitted with weights that fall off over the frames around (LOESS without its robust rounds).

Source: Cleveland 1979, doi:10.1080/01621459.1979.10481038; default number of frames as in Pose2Sim (`filtering.py`).
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

PARAMETERS = {
    "window_frames": {
        "type": "integer",
        "minimum": 3,
        "default": 5,
        "x-unit": "frames",
        "description": "Frames that each line is fitted to. The farthest of them gets no weight, as is usual for LOESS.",
    },
}
PROMISES = ("linear", "straight_lines", "scale")


def apply(values: FloatArray, rate_hz: float, *, window_frames: int) -> FloatArray:
    """Filter series (F, N) without gaps; runs of fewer frames than the window are fitted as one window."""
    frames = len(values)
    width = min(window_frames, frames)
    if width < 3:
        return values
    half = (width - 1) // 2
    filtered = np.empty_like(values)
    inner = sum(
        (
            weight * values[shift : frames - 2 * half + shift]
            for shift, weight in enumerate(_line_weights(2 * half + 1, half, width))
        ),
        start=np.zeros((frames - 2 * half, values.shape[1])),
    )
    filtered[half : frames - half] = inner
    for place in range(half):
        weights = _line_weights(width, place, width)
        filtered[place] = weights @ values[:width]
        filtered[frames - 1 - place] = weights @ values[::-1][:width]
    return filtered


def _line_weights(count: int, place: int, width: int) -> FloatArray:
    """What each of `count` frames counts for the line's value at the frame `place`."""
    offset = np.arange(count) - place
    reach = np.sort(np.abs(np.arange(-width, width + 1) if place * 2 + 1 == count else offset))[width - 1]
    weight = np.clip(1 - (np.abs(offset) / max(reach, 1)) ** 3, 0, None) ** 3
    total, first, second = weight.sum(), (weight * offset).sum(), (weight * offset**2).sum()
    spread = total * second - first**2
    if spread <= 0:
        return np.asarray(offset == 0, dtype=float)
    fitted: FloatArray = weight * (second - first * offset) / spread
    return fitted
