"""Medians of arrays with missing values, much quicker than NumPy's for many short series."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray


def median_of_few(values: FloatArray) -> float:
    """The median of numbers (N,), N > 0, all of them known; as NumPy's, of which most is overhead for a hundred of them."""
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    lower, upper = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1]
    return float((lower + upper) / 2)


def median_of_known(values: FloatArray, axis: int) -> tuple[FloatArray, IntArray]:
    """The lower median along an axis of the values that are known, and how many those are.

    Parameters
    ----------
    values : array
        NaN where not known.
    axis : int
        Axis to take it along.

    Returns
    -------
    median : array
        Without that axis; NaN where nothing is known. Of an even number of values the lower one of the middle two.
    count : array of int
        How many values were known.
    """
    count = np.isfinite(values).sum(axis=axis)
    ordered = np.sort(values, axis=axis)  # NaN last
    middle = np.expand_dims(np.maximum(count - 1, 0) // 2, axis)
    median = np.take_along_axis(ordered, middle, axis=axis).squeeze(axis)
    return median, count
