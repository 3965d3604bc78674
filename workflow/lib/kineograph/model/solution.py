"""Solution: what inverse kinematics found."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.coordinates import Coordinates
from kineograph.model.shapes import FloatArray


@dataclass(frozen=True)
class Solution:
    """What inverse kinematics found.

    Attributes
    ----------
    coordinates : Coordinates
        One row a frame of the input; NaN where the frame had too few markers.
    marker_error_m : (F, M) array
        Distance of each marker from its place on the model, m; NaN where the marker was missing.
    markers : tuple of str
        The M markers that were followed.
    """

    coordinates: Coordinates
    marker_error_m: FloatArray
    markers: tuple[str, ...]
