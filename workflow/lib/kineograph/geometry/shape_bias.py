"""By how much noise makes the best fitting bodies larger than they are, when each frame has a pose of its own.

Noise always finds a pose that suits longer segments (Neyman & Scott 1948, doi:10.2307/1914288): the distance of two noisy ends
is too long on average. Integrating the poses out, instead of taking the best, removes that bias; by Laplace's method (Tierney &
Kadane 1986, doi:10.1080/01621459.1986.10478240).
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.pose_fit import Pull
from kineograph.geometry.shape_fit import Shapes, equations, linearised
from kineograph.model.shapes import FloatArray

STEP = 1e-4


def lean(
    shapes: Shapes, x: FloatArray, shape: FloatArray, observed_m: FloatArray, precision: FloatArray, pull: Pull
) -> FloatArray:
    """How much more room poses have in a model with larger bodies: a slope for :func:`kineograph.geometry.shape_fit.fit_shape`.

    Half the slope of the log determinants of the poses' information. Its two parts: how the markers' leverage changes, and that
    uncertain poses move markers on circles, on average inwards.

    Parameters
    ----------
    shapes, x, shape, observed_m, precision, pull
        As in :func:`kineograph.geometry.shape_fit.fit_shape`, where it has settled.

    Returns
    -------
    (P,) array
    """
    system = equations(shapes, x, shape, observed_m, precision, pull)
    gain, *_ = system.eliminated()
    both = system.free[:, :, None] & system.free[:, None, :]
    covariance = np.where(both, np.linalg.inv(system.own), 0.0)
    model = shapes.model(shape)
    _, by_pose, by_shape = linearised(shapes, model, x, shape)
    weight = np.repeat(precision, 3, axis=1)
    leverage = covariance @ (by_pose * weight[:, None])
    bent, by_turn = _second_order(model, x, by_pose, covariance, leverage)
    told = by_shape - np.einsum("fnp,fnk->fpk", gain, by_pose)
    at_rest = np.einsum("fpk,fk->p", told, bent * weight) / 2 - np.einsum("fnp,fn->p", gain, by_turn)
    result: FloatArray = at_rest + _by_shape(shapes, x, shape, by_pose, leverage)
    return result


def _second_order(
    model: MarkerModel, x: FloatArray, by_pose: FloatArray, covariance: FloatArray, leverage: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Twice how far poses of that covariance move markers on average, (F, 3 M), and how the leverage changes with x, (F, n)."""
    bent, by_turn = np.zeros((len(x), by_pose.shape[2])), np.zeros_like(x)
    for column in range(x.shape[1]):
        there = x.copy()
        there[:, column] += STEP
        change = (_by_pose(model, there) - by_pose) / STEP
        bent += np.einsum("fn,fnk->fk", covariance[:, :, column], change)
        by_turn[:, column] = (leverage * change).sum(axis=(1, 2))
    return bent, by_turn


def _by_shape(
    shapes: Shapes, x: FloatArray, shape: FloatArray, by_pose: FloatArray, leverage: FloatArray
) -> FloatArray:
    """How the leverage changes with the shape at these poses, (P,)."""
    count = len(shapes.tied)
    result = np.zeros(len(shape))
    for index in range(count):
        there = shape.copy()
        there[index] += STEP
        result[index] = (leverage * (_by_pose(shapes.model(there), x) - by_pose)).sum() / STEP
    if shapes.moves_markers:  # each marker's shift changes that marker's leverage only: all are tried at once
        for axis in range(3):
            there = shape.copy()
            there[count + axis :: 3] += STEP
            change = leverage * (_by_pose(shapes.model(there), x) - by_pose)
            result[count + axis :: 3] = change.sum(axis=(0, 1)).reshape(-1, 3).sum(axis=1) / STEP
    return result


def _by_pose(model: MarkerModel, x: FloatArray) -> FloatArray:
    """Derivatives of marker coordinates by poses, (F, n, 3 M)."""
    _, jacobian = model.linearised(x)
    return jacobian.reshape(*jacobian.shape[:2], -1)
