"""Symmetric 3x3 systems, many at once, in closed form: much quicker than a library call for each."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

ENTRIES = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""The six entries of a symmetric matrix that are kept, in this order."""
_PLACE = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])


def inverse(matrix: FloatArray) -> FloatArray:
    """The inverse by the adjugate.

    Parameters
    ----------
    matrix : (6, N) array
        Symmetric matrices by their entries (:data:`ENTRIES`).

    Returns
    -------
    (6, N) array
        NaN or infinite where a matrix is singular.
    """
    a, b, c, d, e, f = matrix
    adjugate = np.stack([d * f - e * e, c * e - b * f, b * e - c * d, a * f - c * c, b * c - a * e, a * d - b * b])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        inverted: FloatArray = adjugate / (a * adjugate[0] + b * adjugate[1] + c * adjugate[2])
    return inverted


def times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Products of symmetric matrices (6, N) and vectors (3, N): (3, N)."""
    a, b, c, d, e, f = matrix
    x, y, z = vector
    product: FloatArray = np.stack([a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z])
    return product


def full(matrix: FloatArray) -> FloatArray:
    """From the six entries (6, N) to matrices (N, 3, 3)."""
    return np.ascontiguousarray(np.moveaxis(matrix[_PLACE], -1, 0))
