"""Tracks of points smoothed by what each frame tells of them and by how rough their movements are, of second differences.

:mod:`kineograph.signal.smooth_series` solves for all frames at once, for third differences. Its covariances are found in blocks
that know nothing of what is 40 frames away, which is enough for the temporal triangulation, where nothing is taken for slower
than 1 Hz. The filter `smoother` also smooths who stands still: with second differences in that banded system its positions
come out the same within 0.5 um, but covariances of slow movements up to 98 % wrong.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

UNKNOWN_M2 = 100.0
"""Variance of a position of which nothing is known, m^2."""


def smoothed(information: FloatArray, told: FloatArray, roughness_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions given all frames, by a Kalman filter and the smoother of Rauch, Tung & Striebel.

    The movement has second differences that are white noise (constant velocity), see
    :func:`kineograph.signal.track_likelihood.likeliest`. Source: Rauch, Tung & Striebel 1965, doi:10.2514/3.3166.

    Parameters
    ----------
    information : (F, K, 3, 3) array
        What each frame tells of the position, 1/m^2: the inverse of its covariance, zeros where it tells nothing.
    told : (F, K, 3) array
        The information times the measured position, 1/m; zeros where a frame tells nothing.
    roughness_m : (K,) array
        Standard deviation of a coordinate's second difference from frame to frame, m.

    Returns
    -------
    position_m : (F, K, 3) array
        m.
    covariance_m2 : (F, K, 3, 3) array
        m^2.
    """
    frames, keypoints = information.shape[:2]
    identity = np.eye(3)
    move = np.kron([[2.0, -1.0], [1.0, 0.0]], identity)  # the position in this frame and in the one before
    rough = np.kron([[1.0, 0.0], [0.0, 0.0]], identity) * np.square(roughness_m)[:, None, None]
    spread = np.broadcast_to(np.eye(6) * UNKNOWN_M2, (keypoints, 6, 6))
    state = np.zeros((keypoints, 6))
    after, ahead = np.empty((frames, keypoints, 6, 6)), np.empty((frames, keypoints, 6, 6))
    states, expected = np.empty((frames, keypoints, 6)), np.empty((frames, keypoints, 6))
    for frame in range(frames):
        spread, state = move @ spread @ move.T + rough, state @ move.T
        ahead[frame], expected[frame] = spread, state
        here = information[frame]
        gain = spread[:, :, :3] @ np.linalg.inv(identity + here @ spread[:, :3, :3])
        surprise = told[frame] - (here @ state[:, :3, None])[..., 0]
        state = state + (gain @ surprise[..., None])[..., 0]
        spread = spread - gain @ here @ spread[:, :3, :]
        spread = 0.5 * (spread + spread.swapaxes(1, 2))
        after[frame], states[frame] = spread, state
    position, covariance = np.empty((frames, keypoints, 3)), np.empty((frames, keypoints, 3, 3))
    for frame in range(frames - 1, -1, -1):
        if frame < frames - 1:
            back = np.linalg.solve(ahead[frame + 1], move @ after[frame]).swapaxes(1, 2)
            state = states[frame] + (back @ (state - expected[frame + 1])[..., None])[..., 0]
            spread = after[frame] + back @ (spread - ahead[frame + 1]) @ back.swapaxes(1, 2)
        position[frame], covariance[frame] = state[:, :3], spread[:, :3, :3]
    return position, covariance
