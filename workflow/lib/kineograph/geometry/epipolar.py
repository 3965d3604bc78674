"""How well two views of the same points agree, whatever the points' depth."""

from __future__ import annotations

import numpy as np

from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray


def fundamental_matrix(first: Camera, second: Camera) -> FloatArray:
    """The matrix F (3, 3) with ``x_second^T F x_first = 0`` for undistorted pixels of the same point.

    Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 9.2.
    """
    rotation = second.rotation @ first.rotation.T
    translation = second.translation_m - rotation @ first.translation_m
    cross = np.array(
        [
            [0, -translation[2], translation[1]],
            [translation[2], 0, -translation[0]],
            [-translation[1], translation[0], 0],
        ]
    )
    matrix: FloatArray = np.linalg.inv(second.intrinsics).T @ cross @ rotation @ np.linalg.inv(first.intrinsics)
    return matrix / np.linalg.norm(matrix)


def sampson_distance_px(fundamental: FloatArray, first_px: FloatArray, second_px: FloatArray) -> FloatArray:
    """Signed distance (..., ) of pairs of image points from agreement, px.

    To first order, how far the two image points together must move to be views of one point
    (Sampson 1982, doi:10.1016/0146-664X(82)90101-0).

    Parameters
    ----------
    fundamental : (3, 3) array
        From :func:`fundamental_matrix`.
    first_px, second_px : (..., 2) arrays
        Undistorted image points, px; NaN gives NaN.
    """
    x, y = first_px[..., 0], first_px[..., 1]
    u, v = second_px[..., 0], second_px[..., 1]
    f = fundamental
    line = [f[row, 0] * x + f[row, 1] * y + f[row, 2] for row in range(3)]
    back = [f[0, column] * u + f[1, column] * v + f[2, column] for column in range(2)]
    algebraic = u * line[0] + v * line[1] + line[2]
    gradient = np.sqrt(line[0] ** 2 + line[1] ** 2 + back[0] ** 2 + back[1] ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance: FloatArray = algebraic / gradient
    return distance
