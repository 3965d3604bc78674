"""Points of a whole trial at once: what the cameras saw, smooth movements, and bones of constant length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import Fit, Views, evaluate
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.signal.motion_noise import learn_motion, smoothed_covariance
from kineograph.signal.robust import median_of_known

ROUNDS = 4
"""Gauss-Newton steps; weights and bone directions are new in each, bone lengths stay."""
BLOCK_FRAMES = 300
OVERLAP_FRAMES = 40
"""Blocks overlap by so many frames at each end, so that no point knows of the seam."""
WINDOW_FRAMES = 9
FAR = 3.0
"""A point this many of its standard deviations (and of the roughness) from the median around it starts at that median."""
STIFF_M = 0.004
"""A bone's length is never more certain than this: networks put joints a little differently in every pose."""
LEAST_INFORMATION = 1e-4
"""Of a coordinate of which nothing is known, 1/m^2: keeps the system solvable."""


@dataclass(frozen=True)
class Prior:
    """What is known of a person's movement beyond single frames.

    Attributes
    ----------
    roughness_m, white : (K,) array
        See :func:`~kineograph.signal.motion_noise.learn_motion`.
    bones : (B, 2) array of int
        Keypoints joined by bones.
    length_m, spread_m : (B,) array
        Their lengths, and how much these change, m.
    """

    roughness_m: FloatArray
    white: FloatArray
    bones: IntArray
    length_m: FloatArray
    spread_m: FloatArray


def learn_prior(position_m: FloatArray, covariance_m2: FloatArray, bones: Sequence[tuple[int, int]]) -> Prior:
    """Learn the prior from points triangulated frame by frame.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    covariance_m2 : (F, K, 3, 3) array
        m^2.
    bones : sequence of pairs
        Indices of keypoints. Bones that bend get a large spread by themselves.
    """
    variance = np.trace(covariance_m2, axis1=2, axis2=3) / 3
    roughness, white = learn_motion(position_m, variance)
    pairs = np.array(bones, int).reshape(-1, 2)
    length = np.linalg.norm(position_m[:, pairs[:, 0]] - position_m[:, pairs[:, 1]], axis=-1)
    middle, count = median_of_known(length, axis=0)
    spread = median_of_known(np.abs(length - middle), axis=0)[0] * 1.4826
    noise = np.square(white) * median_of_known(variance, axis=0)[0]
    own = np.sqrt(np.maximum(np.square(spread) - noise[pairs].sum(axis=1), STIFF_M**2))
    known = (count > 2) & np.isfinite(own)
    return Prior(roughness, white, pairs[known], middle[known], own[known])


def smooth_points(views: Views, start_m: FloatArray, covariance_m2: FloatArray, prior: Prior) -> tuple[FloatArray, Fit]:
    """The likeliest positions of all frames, by sparse Gauss-Newton steps.

    Parameters
    ----------
    views : Views
        Image points of F frames times K keypoints, frames first.
    start_m : (F, K, 3) array
        Points triangulated frame by frame, m, NaN where missing.
    covariance_m2 : (F, K, 3, 3) array
        Their covariance, m^2.
    prior : Prior
        From :func:`learn_prior`.

    Returns
    -------
    covariance_m2 : (F, K, 3, 3) array
        Of the positions found, m^2: as much of the noise as is new in each frame is smoothed, the rest stays. What bones tell
        is left out, so it is rather too large.
    fit : Fit
        Positions and how they fit the image points.
    """
    frames, keypoints = start_m.shape[:2]
    parts = []
    covariance = np.empty((frames, keypoints, 3, 3))
    for first in range(0, frames, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, frames)
        low, high = max(first - OVERLAP_FRAMES, 0), min(last + OVERLAP_FRAMES, frames)
        points = np.arange(low * keypoints, high * keypoints)
        inside = slice(first - low, last - low)
        own = np.arange(first * keypoints, last * keypoints)
        position, shares = _solve_block(views.take(points), start_m[low:high], covariance_m2[low:high], prior)
        parts.append(evaluate(views.take(own), position[inside].reshape(-1, 3).T)[0])
        covariance[first:last] = shares[inside]
    return covariance, Fit(*(np.concatenate([vars(part)[name] for part in parts], axis=-1) for name in vars(parts[0])))


def _solve_block(
    views: Views, start_m: FloatArray, covariance_m2: FloatArray, prior: Prior
) -> tuple[FloatArray, FloatArray]:
    """Positions (f, K, 3) and covariances of a run of frames."""
    from scipy.sparse.linalg import splu

    shape = start_m.shape
    position = first_guess(start_m, covariance_m2, prior.roughness_m)
    white = np.tile(np.square(prior.white), shape[0])
    smooth = _smoothness(shape[0], prior.roughness_m)
    for _ in range(ROUNDS):
        fit, gradient = evaluate(views, position.reshape(-1, 3).T)
        information = symmetric_systems.full(fit.information / white) + LEAST_INFORMATION * np.eye(3)
        stretch, pull = _bones(position, prior)
        slope = (gradient / white).T.ravel() - smooth @ position.ravel() + pull
        factor = splu(
            (_blocks(information) + smooth + stretch).tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        position = position + factor.solve(slope).reshape(shape)
    told = symmetric_systems.full(fit.information).reshape(*shape, 3)
    kept = smoothed_covariance(told / white.reshape(shape[:2])[..., None, None], prior.roughness_m)
    bias = np.linalg.inv(told + LEAST_INFORMATION * np.eye(3)) * (1 - np.square(prior.white))[:, None, None]
    usual = np.broadcast_to(_usual(bias), bias.shape)
    hardly_seen = np.trace(bias, axis1=2, axis2=3) > np.trace(usual, axis1=2, axis2=3) * 4
    return position, kept + np.where(hardly_seen[..., None, None], usual, bias)


def first_guess(position_m: FloatArray, covariance_m2: FloatArray, roughness_m: FloatArray) -> FloatArray:
    """The points themselves, medians around where they jump, straight lines where they are missing."""
    frames, keypoints = position_m.shape[:2]
    around = np.arange(frames)[:, None] + np.arange(WINDOW_FRAMES) - WINDOW_FRAMES // 2
    outside = (around < 0) | (around >= frames)
    near = position_m[np.clip(around, 0, frames - 1)]
    near[outside] = np.nan
    middle = median_of_known(near, axis=1)[0]
    deviation = np.sqrt(np.trace(covariance_m2, axis1=2, axis2=3)) + roughness_m * WINDOW_FRAMES
    far = ~(np.linalg.norm(position_m - middle, axis=-1) < FAR * deviation)
    guess = np.where(far[..., None], middle, position_m)
    when = np.arange(frames)
    for keypoint in range(keypoints):
        known = np.isfinite(guess[:, keypoint, 0])
        if known.any() and not known.all():
            for axis in range(3):
                guess[:, keypoint, axis] = np.interp(when, when[known], guess[known, keypoint, axis])
    return np.where(np.isfinite(guess), guess, np.nanmean(guess, axis=(0, 1)))


def _usual(covariance: FloatArray) -> FloatArray:
    """For each keypoint, the covariance of the frame whose size is the median, (K, 3, 3)."""
    size = np.trace(covariance, axis1=2, axis2=3)
    frame = np.argsort(size, axis=0)[len(size) // 2]
    usual: FloatArray = covariance[frame, np.arange(covariance.shape[1])]
    return usual


def _smoothness(frames: int, roughness_m: FloatArray) -> Any:
    """Second differences of each coordinate, squared, in units of the roughness: a sparse (3FK, 3FK) matrix."""
    from scipy import sparse

    if frames < 3:
        return sparse.csr_array((frames * len(roughness_m) * 3,) * 2)
    second = sparse.diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(frames - 2, frames))
    return sparse.kron(second.T @ second, sparse.diags_array(np.repeat(roughness_m**-2.0, 3)), format="csr")


def _blocks(matrices: FloatArray) -> Any:
    """A sparse matrix of blocks (N, 3, 3) along the diagonal."""
    from scipy import sparse

    count = len(matrices)
    return sparse.bsr_array((matrices, np.arange(count), np.arange(count + 1)), shape=(3 * count, 3 * count)).tocsr()


def _bones(position: FloatArray, prior: Prior) -> tuple[Any, FloatArray]:
    """What bones of other than their length add to the system: a sparse matrix, and the pull (3FK,)."""
    from scipy import sparse

    frames, keypoints = position.shape[:2]
    size = frames * keypoints * 3
    number = len(prior.bones)
    if not number:
        return sparse.csr_array((size, size)), np.zeros(size)
    along = position[:, prior.bones[:, 0]] - position[:, prior.bones[:, 1]]
    length = np.linalg.norm(along, axis=-1)
    direction = along / np.maximum(length, 1e-6)[..., None] / prior.spread_m[:, None]
    off = (length - prior.length_m) / prior.spread_m
    rows = np.repeat(np.arange(frames * number), 6)
    ends = (np.arange(frames)[:, None, None] * keypoints + prior.bones)[..., None] * 3 + np.arange(3)
    values = np.stack([direction, -direction], axis=2)
    derivative = sparse.csr_array((values.ravel(), (rows, ends.ravel())), shape=(frames * number, size))
    return derivative.T @ derivative, -(derivative.T @ off.ravel())
