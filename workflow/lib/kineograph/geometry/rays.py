"""Distances between lines of sight and where they meet, in metres: they mean the same for near and far cameras."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray


def ray_ray_distance_m(
    origin_a_m: FloatArray, direction_a: FloatArray, origin_b_m: FloatArray, direction_b: FloatArray
) -> FloatArray:
    """Least distance between pairs of rays, m: origins (3,), unit directions (..., 3) broadcast together."""
    normal = np.cross(direction_a, direction_b)
    length = np.linalg.norm(normal, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance: FloatArray = np.abs(np.sum(normal * (origin_b_m - origin_a_m), axis=-1)) / length
    return distance


def nearest_point_m(origins_m: FloatArray, directions: FloatArray, weight: FloatArray) -> FloatArray:
    """The points nearest to several rays each, by weighted least squares.

    Parameters
    ----------
    origins_m : (C, 3) array
        Where the rays begin, m.
    directions : (N, C, 3) array
        Unit vectors; anything finite where the weight is 0.
    weight : (N, C) array
        Weights, at least two of them over 0.

    Returns
    -------
    (N, 3) array
        m.
    """
    across = np.eye(3) - directions[..., :, None] * directions[..., None, :]
    weighted = across * weight[..., None, None]
    normal = weighted.sum(axis=1)
    right = np.einsum("ncij,cj->ni", weighted, origins_m)
    point: FloatArray = np.linalg.solve(normal, right[..., None])[..., 0]
    return point
