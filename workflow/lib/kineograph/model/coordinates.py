"""Coordinates: joint angles and pelvis translations of one participant over a trial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import FloatArray, require_shape


@dataclass(frozen=True)
class Coordinates:
    """OpenSim coordinates over time; NaN where a frame could not be solved.

    Attributes
    ----------
    names : tuple of str
        Q coordinate names of the model.
    values : (F, Q) array
        rad for rotations, m for translations.
    rotational : (Q,) array of bool
        True where the coordinate is an angle.
    time_s : (F,) array
        s.
    """

    names: tuple[str, ...]
    values: FloatArray
    rotational: NDArray[np.bool_]
    time_s: FloatArray

    def __post_init__(self) -> None:
        require_shape(self.values, (len(self.time_s), len(self.names)), "values")
        require_shape(self.rotational, (len(self.names),), "rotational")

    @property
    def values_deg_m(self) -> FloatArray:
        """The values with angles in degrees and translations in m, as OpenSim's .mot files have them, shape (F, Q)."""
        scaled: FloatArray = self.values * np.where(self.rotational, 180 / np.pi, 1.0)
        return scaled
