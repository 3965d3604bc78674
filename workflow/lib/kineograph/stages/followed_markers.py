"""Which measured markers a model can follow, how much each counts, and which frames have enough of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kineograph.errors import InputError
from kineograph.io.trc import MarkerTrajectories
from kineograph.model.shapes import BoolArray, FloatArray, finite

FEWEST_MARKERS = 3


@dataclass(frozen=True)
class Followed:
    """The markers to follow.

    Attributes
    ----------
    names : tuple of str
        M markers.
    position_m : (F, M, 3) array
        m, NaN where missing.
    weight : (F, M) array
        Relative precision, 1 on average; 0 where missing.
    usable : (F,) array of bool
        True where there are enough markers.
    """

    names: tuple[str, ...]
    position_m: FloatArray
    weight: FloatArray
    usable: BoolArray


def followed_markers(
    markers: MarkerTrajectories,
    on_model: tuple[str, ...],
    weights: Mapping[str, float],
    variance_m2: FloatArray | None = None,
) -> Followed:
    """Choose the markers that are measured, on the model and of a positive weight, in the model's order.

    Parameters
    ----------
    markers : MarkerTrajectories
        Measured markers.
    on_model : tuple of str
        The model's markers, in the order wanted.
    weights : dict of str to float
        Marker -> weight.
    variance_m2 : (F, markers) array, optional
        Variance of each measured marker; then its inverse is the weight, and that of markers without one their median's.

    Raises
    ------
    InputError
        Where fewer than three are left.
    """
    present = finite(markers.position_m)
    measured = {name for column, name in enumerate(markers.names) if present[:, column].any()}
    names = tuple(name for name in on_model if name in measured and weights.get(name, 0) > 0)
    if len(names) < FEWEST_MARKERS:
        raise InputError(
            "inverse kinematics has too few markers to follow",
            expected=f"at least {FEWEST_MARKERS} of {', '.join(weights)}, measured and on the model",
            found=", ".join(names) or "none",
            hint="take the marker set that belongs to the skeleton",
        )
    columns = [markers.names.index(name) for name in names]
    present = present[:, columns]
    if variance_m2 is None:
        weight = np.tile([weights[name] for name in names], (len(present), 1))
    else:
        variance = variance_m2[:, columns]
        known = np.isfinite(variance) & (variance > 0) & present
        usual = np.nanmedian(np.where(known, variance, np.nan)) if known.any() else 1.0
        weight = 1 / np.where(known, variance, usual)
    weight = np.where(present, weight, 0.0)
    weight = weight / weight[present].mean()
    return Followed(names, markers.position_m[:, columns], weight, present.sum(axis=1) >= FEWEST_MARKERS)
