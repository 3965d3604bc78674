"""Runs of frames without a gap, and the filling of short gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import BoolArray, FloatArray


def runs(present: BoolArray) -> NDArray[np.intp]:
    """Start and stop (exclusive) of each run of True in a (F,) array, shape (runs, 2)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2)


def fill_gaps(values: FloatArray, max_gap_frames: int) -> tuple[FloatArray, BoolArray]:
    """Fill gaps of at most so many frames by straight lines between their ends.

    Parameters
    ----------
    values : (F, N) array
        N series, NaN where missing.
    max_gap_frames : int
        Longest gap to fill; 0 fills none. Gaps at the beginning and end have one end only and stay.

    Returns
    -------
    filled : (F, N) array
        The series.
    new : (F, N) array of bool
        True where a value was filled in.
    """
    filled = values.copy()
    new = np.zeros(values.shape, bool)
    missing = np.isnan(values)
    frames = np.arange(len(values))
    for column in np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0)):
        there = frames[~missing[:, column]]
        gaps = runs(missing[:, column])
        for start, stop in gaps:
            if there[0] < start and stop <= there[-1] and stop - start <= max_gap_frames:
                new[start:stop, column] = True
        at = new[:, column]
        filled[at, column] = np.interp(frames[at], there, values[there, column])
    return filled, new
