"""Coordinates: joint angles and pelvis translations of one participant over a trial."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import BoolArray, FloatArray, require_shape


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
    sd : (F, Q) array
        Standard deviation, in the units of `values`; NaN where it is not known, as it is everywhere where none is given.
    observed : (F, Q) array of bool
        True where the markers tell the value; elsewhere a default, a limit or the frames around decide it, and it is no
        measurement. Everywhere where none is given.
    """

    names: tuple[str, ...]
    values: FloatArray
    rotational: NDArray[np.bool_]
    time_s: FloatArray
    sd: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    observed: BoolArray = field(default_factory=lambda: np.zeros((0, 0), bool))

    def __post_init__(self) -> None:
        for name, unknown in (("sd", np.nan), ("observed", True)):
            if not getattr(self, name).size:
                object.__setattr__(self, name, np.full(self.values.shape, unknown))
        require_shape(self.values, (len(self.time_s), len(self.names)), "values")
        require_shape(self.rotational, (len(self.names),), "rotational")
        require_shape(self.sd, self.values.shape, "sd")
        require_shape(self.observed, self.values.shape, "observed")

    @property
    def values_deg_m(self) -> FloatArray:
        """The values with angles in degrees and translations in m, as OpenSim's .mot files have them, shape (F, Q)."""
        return self._deg_m(self.values)

    @property
    def sd_deg_m(self) -> FloatArray:
        """The standard deviations in degrees and m, shape (F, Q)."""
        return self._deg_m(self.sd)

    def _deg_m(self, array: FloatArray) -> FloatArray:
        scaled: FloatArray = array * np.where(self.rotational, 180 / np.pi, 1.0)
        return scaled
