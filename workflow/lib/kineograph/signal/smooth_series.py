"""Series of points that are smooth: the likeliest positions of all frames and their covariances, from one banded system each.

A movement's third differences from frame to frame are taken as white noise of a known size, its roughness: a jerk that
changes at random, and the prior whose most likely path is a quintic spline. Sources: Wahba 1978,
doi:10.1111/j.2517-6161.1978.tb01050.x; Woltring 1986, A Fortran package for generalized, cross-validatory spline smoothing,
doi:10.1016/0141-1195(86)90098-7.
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.model.shapes import FloatArray

ORDER = 3
DIFFERENCE = (-1.0, 3.0, -3.0, 1.0)
BLOCK_FRAMES = 100
RUN_UP_FRAMES = 40
"""Covariances are found backwards in blocks side by side, each begun so many frames later: what is farther off hardly counts."""


def difference_bands(precision: FloatArray) -> FloatArray:
    """The bands of D' P D, where D takes third differences over the frames.

    Parameters
    ----------
    precision : (F - 3, ...) array
        The diagonal P.

    Returns
    -------
    (4, F, ...) array
        The diagonal, and those below it: band d at i stands in row i + d, column i.
    """
    frames = len(precision) + ORDER
    bands = np.zeros((ORDER + 1, frames, *precision.shape[1:]))
    for d in range(ORDER + 1):
        for j in range(ORDER + 1 - d):
            bands[d, j : frames - ORDER + j] += DIFFERENCE[j] * DIFFERENCE[j + d] * precision
    return bands


def smooth_alike(position_m: FloatArray, weight: FloatArray, roughness_m: FloatArray) -> FloatArray:
    """The likeliest positions (F, K, 3) where all three coordinates are known equally well: a third of the size, and quicker.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m; anything finite where the weight is 0.
    weight : (F, K) array
        One over the variance of a coordinate, 1/m^2.
    roughness_m : (F, K) array
        Standard deviation of a coordinate's third difference, m.
    """
    from scipy.linalg.lapack import dpbsv

    frames = len(position_m)
    bands = difference_bands(1 / (roughness_m[1 : frames - 2] * roughness_m[2 : frames - 1]))
    bands[0] += weight
    right = weight[..., None] * position_m
    smooth = np.empty_like(position_m)
    for keypoint in range(position_m.shape[1]):
        _, smooth[:, keypoint], failed = dpbsv(bands[..., keypoint], right[:, keypoint], lower=1)
        if failed:
            raise ArithmeticError(f"series {keypoint} is told of in too few frames")
    return smooth


def factorize(information: FloatArray, roughness_m: FloatArray) -> FloatArray:
    """Cholesky factors of the systems of K series.

    Parameters
    ----------
    information : (6, F, K) array
        What each frame tells of the position, by :data:`~kineograph.geometry.symmetric_systems.ENTRIES`, 1/m^2; 0 where nothing.
    roughness_m : (F, K) array
        Standard deviation of a coordinate's third difference, m.

    Returns
    -------
    (K, 10, 3 F) array
        In LAPACK's lower banded form.

    Raises
    ------
    ArithmeticError
        If a series is told of in fewer than three frames.
    """
    from scipy.linalg.lapack import dpbtrf

    _, frames, keypoints = information.shape
    bands = difference_bands(1 / (roughness_m[1 : frames - 2] * roughness_m[2 : frames - 1]))
    factor = np.empty((keypoints, 3 * ORDER + 1, 3 * frames))
    for keypoint in range(keypoints):
        system = np.zeros((3 * frames, 3 * ORDER + 1))  # LAPACK's form, transposed: row by row in memory
        blocks = system.reshape(frames, 3, -1)
        blocks[:, :, ::3] = bands[:, :, keypoint].T[:, None, :]
        for entry, (i, j) in zip(information[..., keypoint], symmetric_systems.ENTRIES, strict=True):
            blocks[:, i, j - i] += entry
        factor[keypoint], failed = dpbtrf(system.T, lower=1, overwrite_ab=1)
        if failed:
            raise ArithmeticError(f"series {keypoint} is told of in too few frames")
    return factor


def solve(factor: FloatArray, right: FloatArray) -> FloatArray:
    """The solution (F, K, 3) for a right-hand side of the same shape."""
    from scipy.linalg.lapack import dpbtrs

    frames, keypoints, _ = right.shape
    solution = np.empty((frames, keypoints, 3))
    for keypoint in range(keypoints):
        solution[:, keypoint] = dpbtrs(factor[keypoint], right[:, keypoint].reshape(-1, 1), lower=1)[0].reshape(-1, 3)
    return solution


def covariances(factor: FloatArray) -> FloatArray:
    """Covariance of each frame's position given all frames, (F, K, 3, 3), m^2.

    The blocks of the inverse that lie on its diagonal, from the last frame to the first. Source: Takahashi, Fagan & Chen 1973,
    Formation of a sparse bus impedance matrix and its application to short circuit study.
    """
    keypoints, _, columns = factor.shape
    frames = columns // 3
    inner = np.linalg.inv(_lower_blocks(factor, frames, 0))
    below = _lower_blocks(factor, frames, 3) @ inner  # (F, K, 9, 3)
    alone = inner.swapaxes(2, 3) @ inner
    first = np.arange(0, frames, BLOCK_FRAMES)
    end = np.minimum(first + BLOCK_FRAMES + RUN_UP_FRAMES, frames)
    window = _last_three(factor, end)
    result = np.empty((frames, keypoints, 3, 3))
    for place in range(3):
        result[end - 3 + place] = window[..., 3 * place : 3 * place + 3, 3 * place : 3 * place + 3]
    for back in range(4, BLOCK_FRAMES + RUN_UP_FRAMES + 1):
        going = end - back >= first
        if not going.all():
            first, end, window = first[going], end[going], window[going]
        frame = end - back
        beside = -(window @ below[frame])
        here = alone[frame] - below[frame].swapaxes(2, 3) @ beside
        here = 0.5 * (here + here.swapaxes(2, 3))  # rounding errors that are not symmetric would grow
        window[..., 3:, 3:] = window[..., :6, :6].copy()
        window[..., :3, :3] = here
        window[..., 3:, :3] = beside[..., :6, :]
        window[..., :3, 3:] = beside[..., :6, :].swapaxes(2, 3)
        result[frame] = here
    return result


def _lower_blocks(factor: FloatArray, frames: int, offset: int) -> FloatArray:
    """The factor's 3x3 block of each frame on the diagonal (offset 0), or the 9x3 below it (offset 3), (F, K, rows, 3)."""
    rows = 3 if offset == 0 else 3 * ORDER
    columns = factor.reshape(len(factor), 3 * ORDER + 1, frames, 3)
    blocks = np.zeros((frames, len(factor), rows, 3))
    for row in range(rows):
        for column in range(3):
            if 0 <= offset + row - column <= 3 * ORDER:
                blocks[:, :, row, column] = columns[:, offset + row - column, :, column].T
    return blocks


def _last_three(factor: FloatArray, end: np.ndarray) -> FloatArray:
    """Covariance (B, K, 9, 9) of the three frames before `end` (B,), if nothing were known of what comes after."""
    size = 3 * ORDER
    lower = np.zeros((len(end), len(factor), size, size))
    for row in range(size):
        for column in range(row + 1):
            lower[:, :, row, column] = factor[:, row - column, 3 * end - size + column].T
    inverse = np.linalg.inv(lower)
    covariance: FloatArray = inverse.swapaxes(2, 3) @ inverse
    return covariance
