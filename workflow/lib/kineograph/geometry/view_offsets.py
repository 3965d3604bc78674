"""How far off cameras stay from one another's views of a keypoint, frame after frame: what a calibration's bias does."""

from __future__ import annotations

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import jacobian, project
from kineograph.model.shapes import BoolArray, FloatArray

SAMPLE_FRAMES = 200
"""Frames that the offsets are learnt from, spread over the trial."""
TOLD = 0.1
"""A direction of the offsets of which the residuals tell less than this part of the best is one that moves the points instead."""
LEAN = 10.0
"""A keypoint's offsets count as much as those pooled over keypoints once the residuals tell of so many."""


def learn_offsets(
    image_px: FloatArray, used: BoolArray, position_m: FloatArray, projection: FloatArray, noise_px: FloatArray
) -> FloatArray:
    """Standard deviation of the coordinates of what stays the same in each camera's view of a keypoint, (K,), px.

    In each frame, cameras that are off by constants leave residuals that are a known linear function of these constants, but
    for those that move the point itself. Normal equations over all frames give the constants, whose squares beyond what noise
    makes are the variance, as it is for those directions that only move the points.

    Parameters
    ----------
    image_px : (F, K, C, 2) array
        Undistorted image points, px.
    used : (F, K, C) array of bool
        The image points that the points were made of.
    position_m : (F, K, 3) array
        Points that fit their image points best, m, NaN where missing.
    projection : (C, 3, 4) array
        Projection matrices.
    noise_px : (K, C) array
        Noise of each coordinate of the image points, px.
    """
    frames, keypoints, cameras = used.shape
    chosen = np.unique(np.linspace(0, frames - 1, min(frames, SAMPLE_FRAMES)).round().astype(int))
    shape = (len(chosen), keypoints)
    known = used[chosen] & np.isfinite(position_m[chosen, :, :1])
    position = np.where(known.any(axis=-1)[..., None], position_m[chosen], 1.0).reshape(-1, 3)
    pixels, depth = project(projection, position.T)
    weight = np.where(known, 1 / np.square(noise_px), 0.0)  # n, K, C
    seen = np.where(known[..., None], image_px[chosen], 0.0)
    residual = np.where(known[..., None], seen - np.moveaxis(pixels, -1, 0).reshape(*shape, cameras, 2), 0.0)
    derivative = np.moveaxis(jacobian(projection, pixels, depth), -1, 0).reshape(*shape, 2 * cameras, 3)
    double = np.repeat(weight, 2, axis=-1)
    weighted = derivative * double[..., None]
    taken = weighted.swapaxes(2, 3) @ derivative
    system = np.zeros((keypoints, 2 * cameras, 2 * cameras))
    enough = known.sum(axis=-1) >= 2
    for keypoint in range(keypoints):
        at = enough[:, keypoint]
        part, inner = weighted[at, keypoint], np.linalg.inv(taken[at, keypoint])
        system[keypoint] = np.diag(double[at, keypoint].sum(axis=0)) - np.einsum(
            "nix,nxy,njy->ij", part, inner, part, optimize=True
        )
    right = np.where(enough[..., None], double * residual.reshape(*shape, -1), 0.0).sum(axis=0)
    told, direction = np.linalg.eigh(system)
    counts = told > TOLD * told[:, -1:]
    size = np.einsum("kij,ki->kj", direction, right) / np.where(counts, told, 1.0)
    beyond = np.where(counts, np.square(size) - 1 / np.where(counts, told, 1.0), 0.0).sum(axis=1)
    number = counts.sum(axis=1)
    pooled = beyond.sum() / max(number.sum(), 1)
    offsets: FloatArray = np.sqrt(np.maximum((beyond + LEAN * pooled) / (number + LEAN), 0.0))
    return offsets


def offset_covariance(
    projection: FloatArray, position_m: FloatArray, weight: FloatArray, sigma_px: FloatArray, offset_px: FloatArray
) -> FloatArray:
    """What constant offsets of the views make of the positions' covariance, (6, N), m^2; not finite where hardly seen.

    Parameters
    ----------
    projection : (C, 3, 4) array
        Projection matrices.
    position_m : (3, N) array
        m.
    weight, sigma_px : (C, N) array
        With what weight each image point made the position, and the noise it was taken to have, px.
    offset_px : (N,) array
        Standard deviation of the offsets, px.
    """
    pixels, depth = project(projection, position_m)
    derivative = jacobian(projection, pixels, depth)
    share = weight / np.square(sigma_px)
    products = [(derivative[:, :, i] * derivative[:, :, j]).sum(axis=1) for i, j in symmetric_systems.ENTRIES]
    once, twice = (np.stack([(part * each).sum(axis=0) for each in products]) for part in (share, np.square(share)))
    inverse = symmetric_systems.full(symmetric_systems.inverse(once))
    with np.errstate(invalid="ignore"):
        spread = inverse @ symmetric_systems.full(twice * np.square(offset_px)) @ inverse
    covariance: FloatArray = np.stack([spread[:, i, j] for i, j in symmetric_systems.ENTRIES])
    return covariance
