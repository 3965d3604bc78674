"""How rough a movement is and how rough its measurement: the two numbers that a smoother needs, by likelihood."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

ROUGHNESS_M = np.geomspace(1e-4, 0.1, 13)
"""Standard deviations of the second difference from frame to frame that are tried, m."""
WHITE_SHARE = np.geomspace(0.05, 1.0, 6)
"""Shares of the standard deviation that may change from frame to frame; the rest stays, as a calibration's bias does."""
MOST_FRAMES = 600
UNEXPECTED = 9.0
"""Squared innovations count up to here, so that single jumps don't decide."""
UNKNOWN_M2 = 100.0
"""Variance of a position of which nothing is known, m^2."""


def learn_motion(position_m: FloatArray, variance_m2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The likeliest roughness of each keypoint's movement, and the share of its measured noise that is new in each frame.

    The movement has second differences that are white noise (constant velocity, as in Bar-Shalom, Li & Kirubarajan 2001,
    section 6.2, doi:10.1002/0471221279); the likelihood is that of a Kalman filter's innovations, for all pairs of both
    numbers and all keypoints at once.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    variance_m2 : (F, K) array
        Mean variance of a coordinate, m^2.

    Returns
    -------
    roughness_m : (K,) array
        Standard deviation of a coordinate's second difference, m.
    white : (K,) array
        From 0 to 1.
    """
    start = max(0, (len(position_m) - MOST_FRAMES) // 2)
    position, variance = position_m[start : start + MOST_FRAMES], variance_m2[start : start + MOST_FRAMES]
    keypoints = position.shape[1]
    process = np.square(np.repeat(ROUGHNESS_M, len(WHITE_SHARE)))[:, None]
    share = np.square(np.tile(WHITE_SHARE, len(ROUGHNESS_M)))[:, None]
    shape = (len(process), keypoints)
    here, there = np.zeros((*shape, 3)), np.zeros((*shape, 3))  # the position in this frame and in the one before
    both, cross, before = np.full(shape, UNKNOWN_M2), np.zeros(shape), np.full(shape, UNKNOWN_M2)
    cost, number = np.zeros(shape), np.zeros(keypoints, int)
    for measured, spread in zip(position, variance, strict=True):
        here, there = 2 * here - there, here
        both, cross, before = 4 * both - 4 * cross + before + process, 2 * both - cross, both
        known = np.isfinite(measured[:, 0]) & np.isfinite(spread)
        innovation = np.where(known[:, None], np.nan_to_num(measured), 0.0) - here
        expected = both + share * np.where(known, spread, 1.0)
        size = np.minimum(np.square(innovation) / expected[..., None], UNEXPECTED).sum(axis=-1)
        number += known
        cost += np.where(known & (number > 2), size + 3 * np.log(expected), 0.0)
        gain, slow = both / expected * known, cross / expected * known
        # a jump moves the state no further than the size that counts
        part = np.sqrt(np.minimum(1.0, UNEXPECTED * expected[..., None] / np.maximum(np.square(innovation), 1e-30)))
        part = np.where((number > 2)[:, None], part, 1.0)
        here, there = here + gain[..., None] * part * innovation, there + slow[..., None] * part * innovation
        before = before - slow * cross
        both, cross = (1 - gain) * both, (1 - gain) * cross
    best = cost.argmin(axis=0)
    return np.sqrt(process[best, 0]), np.sqrt(share[best, 0])


def smoothed_covariance(information: FloatArray, roughness_m: FloatArray) -> FloatArray:
    """Covariance of positions given all frames, by a Kalman filter and the smoother of Rauch, Tung & Striebel.

    Source: Rauch, Tung & Striebel 1965, doi:10.2514/3.3166.

    Parameters
    ----------
    information : (F, K, 3, 3) array
        What each frame tells of the position, 1/m^2; zeros where it tells nothing.
    roughness_m : (K,) array
        From :func:`learn_motion`.

    Returns
    -------
    (F, K, 3, 3) array
        m^2.
    """
    frames, keypoints = information.shape[:2]
    identity = np.eye(3)
    move = np.kron([[2.0, -1.0], [1.0, 0.0]], identity)
    rough = np.kron([[1.0, 0.0], [0.0, 0.0]], identity) * np.square(roughness_m)[:, None, None]
    after = np.empty((frames, keypoints, 6, 6))
    ahead = np.empty((frames, keypoints, 6, 6))
    state = np.broadcast_to(np.eye(6) * UNKNOWN_M2, (keypoints, 6, 6))
    for frame in range(frames):
        state = move @ state @ move.T + rough
        ahead[frame] = state
        seen = np.linalg.solve(identity + information[frame] @ state[:, :3, :3], information[frame])
        state = state - state[:, :, :3] @ seen @ state[:, :3, :]
        state = 0.5 * (state + state.swapaxes(1, 2))
        after[frame] = state
    result = np.empty((frames, keypoints, 3, 3))
    result[-1:] = state[:, :3, :3]
    for frame in range(frames - 2, -1, -1):
        back = np.linalg.solve(ahead[frame + 1], move @ after[frame]).swapaxes(1, 2)
        state = after[frame] + back @ (state - ahead[frame + 1]) @ back.swapaxes(1, 2)
        result[frame] = state[:, :3, :3]
    return result
