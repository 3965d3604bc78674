"""Running a filter over series with gaps: each run between gaps by itself, and no frame lost."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.settings.plugins import plugin_module
from kineograph.signal.runs import runs

FOLDER = "signal.filters"


def filter_series(values: FloatArray, rate_hz: float, method: str, parameters: dict[str, Any]) -> FloatArray:
    """Filter N series (F, N); NaN stays where it was and stands nowhere else.

    Series whose runs are the same are filtered together.
    """
    module = importlib.import_module(plugin_module(FOLDER, method))
    result = values.copy()
    present = np.isfinite(values)
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    for index in range(patterns.shape[1]):
        columns = np.flatnonzero(group == index)
        for start, stop in runs(patterns[:, index]):
            result[start:stop, columns] = module.apply(values[start:stop, columns], rate_hz, **parameters)
    return result
