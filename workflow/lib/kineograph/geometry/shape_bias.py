"""By how much noise makes the best fitting bodies larger than they are, when each frame has a pose of its own.

Noise always finds a pose that suits longer segments (Neyman & Scott 1948, doi:10.2307/1914288): the distance of two noisy ends
is too long on average. Integrating the poses out, instead of taking the best, removes that bias; by Laplace's method (Tierney &
Kadane 1986, doi:10.1080/01621459.1986.10478240).
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.pose_fit import Pull, normal_equations
from kineograph.geometry.shape_fit import Shapes, derivatives, equations
from kineograph.model.shapes import BoolArray, FloatArray

LEAN_STEP = 1e-3
BEND_STEP = 0.1


def lean(
    shapes: Shapes, x: FloatArray, shape: FloatArray, observed_m: FloatArray, precision: FloatArray, pull: Pull
) -> FloatArray:
    """How much more room poses have in a model with larger bodies: a slope for :func:`kineograph.geometry.shape_fit.fit_shape`.

    Half the slope of the log determinants of the poses' information. Its two parts: how the markers' leverage grows with the
    bodies, and that uncertain poses move markers on circles, on average inwards. Of the scales only; the markers' shifts have a
    prior that is narrower than what noise does to them.

    Parameters
    ----------
    shapes, x, shape, observed_m, precision, pull
        As in :func:`kineograph.geometry.shape_fit.fit_shape`, where it has settled.

    Returns
    -------
    (P,) array
    """
    count = len(shapes.tied)
    system = equations(shapes, x, shape, observed_m, precision, pull)
    both = system.free[:, :, None] & system.free[:, None, :]
    gain, *_ = system.eliminated()
    here = _room(shapes.model(shape), x, precision, pull, both)
    result = np.zeros(len(shape))
    for index in range(count):
        there = shape.copy()
        there[index] += LEAN_STEP
        moved = x - LEAN_STEP * gain[:, :, index]
        result[index] = (_room(shapes.model(there), moved, precision, pull, both) - here) / LEAN_STEP
    by_pose, by_shape = derivatives(shapes, x, shape)
    told = by_shape[:, :count] - np.einsum("fnp,fnk->fpk", gain[:, :, :count], by_pose)
    bent = _bent(shapes.model(shape), x, np.where(both, np.linalg.inv(system.own), 0.0))
    result[:count] += np.einsum("fpk,fk->p", told, (bent * precision[..., None]).reshape(len(x), -1)) / 2
    return result


def _bent(model: MarkerModel, x: FloatArray, covariance: FloatArray) -> FloatArray:
    """Twice how far (F, M, 3) poses of that covariance (F, n, n) move markers on average: inwards, since they move on circles."""
    size, direction = np.linalg.eigh(covariance)
    spread = direction * np.sqrt(np.maximum(size, 0.0))[:, None]
    here = model.places(x)
    result = np.zeros_like(here)
    for along in np.moveaxis(spread, 2, 0):
        step = BEND_STEP * along
        result += (model.places(x + step) + model.places(x - step) - 2 * here) / BEND_STEP**2
    return result


def _room(model: MarkerModel, x: FloatArray, precision: FloatArray, pull: Pull, free: BoolArray) -> float:
    """Half the log determinants of the poses' information, without what sits at a limit (F, n, n)."""
    information, _, _ = normal_equations(model, x, np.zeros((*precision.shape, 3)), precision)
    index = np.arange(x.shape[1])
    information[:, index, index] += pull.precision
    information = np.where(free, information, np.eye(x.shape[1]))
    return float(np.linalg.slogdet(information)[1].sum() / 2)
