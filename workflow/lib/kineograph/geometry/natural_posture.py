"""What is known of a coordinate that no marker tells: around which value it lies, and how far from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import STILL, MarkerModel
from kineograph.model.shapes import BoolArray, FloatArray

LARGEST_SPREAD_RAD = np.radians(30.0)
LARGEST_SPREAD_M = 0.1
RANGE_IN_SPREADS = 4.0
"""A range of motion covers two spreads to each side."""
TELLING = 0.5
"""A coordinate is observed where the markers leave less than this share of its spread open (three quarters of its variance
told)."""
TELLING_RAD = np.radians(15.0)
TELLING_M = 0.1
"""The same for the body's place and heading, which have no natural spread."""


@dataclass(frozen=True)
class Posture:
    """The natural posture.

    Attributes
    ----------
    centre : (n,) array
        Natural value of each free coordinate, rad or m.
    spread : (n,) array
        Standard deviation around it, infinite for the body's place and heading.
    """

    centre: FloatArray
    spread: FloatArray


def natural_posture(model: MarkerModel, tasks: Mapping[str, tuple[float, float]]) -> Posture:
    """Defaults and ranges of the model, and what set-up files say.

    Parameters
    ----------
    model : MarkerModel
        The model.
    tasks : dict of str to (float, float)
        Coordinate -> (spread, value) that go before the model's, rad or m.
    """
    tree = model.tree
    names = [tree.names[coordinate] for coordinate in model.free]
    largest = np.where(model.turning, LARGEST_SPREAD_RAD, LARGEST_SPREAD_M)
    spread = np.clip((tree.high - tree.low)[model.free] / RANGE_IN_SPREADS, 1e-3, largest)
    centre = model.default.copy()
    for joint in tree.joints:
        for motion in joint.motions:
            column = model.column(motion.coordinate)
            if joint.parent == STILL and column != STILL:
                spread[column] = np.inf
    for name, (own, value) in tasks.items():
        if name in names:
            spread[names.index(name)], centre[names.index(name)] = own, value
    return Posture(np.clip(centre, model.low, model.high), spread)


def observed(model: MarkerModel, sd: FloatArray, posture: Posture) -> BoolArray:
    """(F, n) True where the markers tell a free coordinate of standard deviation `sd` (F, n)."""
    known = np.where(model.turning, TELLING_RAD, TELLING_M)
    limit = np.where(np.isfinite(posture.spread), TELLING * posture.spread, known)
    result: BoolArray = sd < limit
    return result
