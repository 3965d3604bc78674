"""Series sampled at times between their frames."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

ON_A_FRAME = 1e-6
"""Times this close to a frame (in frames) take that frame as it is."""


def sample(series: FloatArray, frame: FloatArray) -> FloatArray:
    """Linear interpolation of a series at fractional frames.

    Parameters
    ----------
    series : (F, ...) array
        Values at the frames 0, 1, ..., F-1; NaN where missing.
    frame : (G,) array
        Where to sample, in frames; NaN for nowhere.

    Returns
    -------
    (G, ...) array
        NaN outside the series, between frames of which one is missing, and nowhere.
    """
    count = len(series)
    if count == 0:
        return np.full((len(frame), *series.shape[1:]), np.nan)
    frame = np.nan_to_num(frame, nan=-2.0)  # outside
    nearest = np.round(frame)
    on_frame = np.abs(frame - nearest) < ON_A_FRAME
    low = np.where(on_frame, nearest, np.floor(frame)).astype(int)
    part = np.where(on_frame, 0.0, frame - low).reshape(-1, *([1] * (series.ndim - 1)))
    high = np.where(on_frame, low, low + 1)
    outside = (low < 0) | (high >= count)
    first = series[np.clip(low, 0, count - 1)]
    second = series[np.clip(high, 0, count - 1)]
    between: FloatArray = first + part * (second - first)
    between[outside] = np.nan
    return between
