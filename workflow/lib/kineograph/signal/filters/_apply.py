"""Running a filter over tracks with gaps: no frame lost, none made up."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.settings.plugins import plugin_module, plugin_parameters
from kineograph.signal.runs import runs

FOLDER = "signal.filters"
ON_POINTS = "apply_to_points"
"""What a filter has that needs the points' covariances."""


def filter_points(
    position_m: FloatArray, covariance_m2: FloatArray, rate_hz: float, method: str, parameters: dict[str, Any]
) -> tuple[FloatArray, FloatArray]:
    """Filter the tracks of K points; NaN stays where it was and stands nowhere else.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    covariance_m2 : (F, K, 3, 3) array
        Of the positions, m^2; NaN for positions that nothing was measured of.
    rate_hz : float
        Frames a second.
    method, parameters
        The filter and its parameters; those that are left out have their defaults.

    Returns
    -------
    position_m : (F, K, 3) array
        m.
    covariance_m2 : (F, K, 3, 3) array
        Of the filtered positions where the filter works with covariances; else as they were, those of the positions before.
    """
    module = _module(method)
    if hasattr(module, ON_POINTS):
        filtered, covariance = module.apply_to_points(
            position_m, covariance_m2, rate_hz, **_complete(method, parameters)
        )
        return np.where(np.isfinite(position_m), filtered, np.nan), covariance
    series = filter_series(position_m.reshape(len(position_m), -1), rate_hz, method, parameters)
    return series.reshape(position_m.shape), covariance_m2


def filter_series(values: FloatArray, rate_hz: float, method: str, parameters: dict[str, Any]) -> FloatArray:
    """Filter N series (F, N), each run between gaps by itself; NaN stays where it was and stands nowhere else.

    Series whose runs are the same are filtered together.
    """
    module = _module(method)
    result = values.copy()
    present = np.isfinite(values)
    complete = _complete(method, parameters)
    patterns, group = np.unique(present, axis=1, return_inverse=True)
    for index in range(patterns.shape[1]):
        columns = np.flatnonzero(group == index)
        for start, stop in runs(patterns[:, index]):
            result[start:stop, columns] = module.apply(values[start:stop, columns], rate_hz, **complete)
    return result


def _complete(method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {key: rule["default"] for key, rule in plugin_parameters(FOLDER, method).items()} | parameters


def _module(method: str) -> ModuleType:
    return importlib.import_module(plugin_module(FOLDER, method))
