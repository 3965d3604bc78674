"""Rotation matrices and Rodrigues vectors."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray


def matrix_from_vector(vector: FloatArray) -> FloatArray:
    """The rotation matrix (3, 3) of a Rodrigues vector (3,), rad: Rodrigues' rotation formula."""
    angle = float(np.linalg.norm(vector))
    cross = np.array([[0, -vector[2], vector[1]], [vector[2], 0, -vector[0]], [-vector[1], vector[0], 0]])
    if angle < 1e-12:
        first_order: FloatArray = np.eye(3) + cross
        return first_order
    unit = cross / angle
    matrix: FloatArray = np.eye(3) + np.sin(angle) * unit + (1 - np.cos(angle)) * unit @ unit
    return matrix


def matrices_from_vectors(vector: FloatArray) -> FloatArray:
    """The rotation matrices (..., 3, 3) of Rodrigues vectors (..., 3), rad: :func:`matrix_from_vector` of many at once."""
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    cross = np.zeros((*vector.shape, 3))
    cross[..., [2, 0, 1], [1, 2, 0]] = vector
    cross -= np.swapaxes(cross, -1, -2)
    safe = np.maximum(angle, 1e-12)
    matrix: FloatArray = np.eye(3) + np.sin(safe) / safe * cross + (1 - np.cos(safe)) / safe**2 * cross @ cross
    return matrix


def vector_from_matrix(matrix: FloatArray) -> FloatArray:
    """The Rodrigues vector (3,), rad, of a rotation matrix (3, 3); the matrix is first made orthogonal.

    Stable at every angle, half turns included: by way of the unit quaternion (Shepperd 1978, doi:10.2514/3.55767b).
    """
    u, _, vt = np.linalg.svd(matrix)
    r = u @ vt
    trace = np.trace(r)
    choices = np.array([trace, r[0, 0], r[1, 1], r[2, 2]])
    best = int(np.argmax(choices))
    if best == 0:
        q = np.array([1 + trace, r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    else:
        i, j, k = [(0, 1, 2), (1, 2, 0), (2, 0, 1)][best - 1]
        q = np.empty(4)
        q[0] = r[k, j] - r[j, k]
        q[1 + i] = 1 + r[i, i] - r[j, j] - r[k, k]
        q[1 + j] = r[i, j] + r[j, i]
        q[1 + k] = r[i, k] + r[k, i]
    q /= np.linalg.norm(q)
    if q[0] < 0:
        q = -q
    half_sine = float(np.linalg.norm(q[1:]))
    if half_sine < 1e-15:
        return np.zeros(3)
    vector: FloatArray = q[1:] / half_sine * 2 * np.arctan2(half_sine, q[0])
    return vector


def matrix_from_quaternion(xyzw: FloatArray) -> FloatArray:
    """The rotation matrix (3, 3) of a quaternion (4,), x, y, z and then the real part, of any length but zero."""
    x, y, z, w = xyzw / np.linalg.norm(xyzw)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
