"""Joint angles filtered over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kineograph.model.coordinates import Coordinates
from kineograph.model.shapes import FloatArray, finite
from kineograph.signal.filters._apply import filter_series
from kineograph.signal.runs import runs

NONE = "none"


def filter_coordinates(
    coordinates: Coordinates, rate_hz: float, method: str, parameters: Mapping[str, Any]
) -> Coordinates:
    """Filter each coordinate between the frames that could not be solved.

    Angles are made continuous before, since a turn of 360 degrees is none: a person who turns round goes on turning. Frames
    without a solution stay without one.

    Parameters
    ----------
    coordinates : Coordinates
        The solution.
    rate_hz : float
        Frames a second.
    method : str
        The filter; ``none`` for none.
    parameters : dict
        The filter's.
    """
    if method == NONE or not len(coordinates.values):
        return coordinates
    values = coordinates.values.copy()
    values[:, coordinates.rotational] = _continuous(values[:, coordinates.rotational])
    return dataclasses.replace(coordinates, values=filter_series(values, rate_hz, method, dict(parameters)))


def _continuous(angle_rad: FloatArray) -> FloatArray:
    """Angles (F, Q) without jumps by whole turns, in each run of frames."""
    unwrapped = angle_rad.copy()
    for start, stop in runs(finite(angle_rad)):
        unwrapped[start:stop] = np.unwrap(angle_rad[start:stop], axis=0)
    return unwrapped
