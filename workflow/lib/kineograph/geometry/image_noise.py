"""How noisy each keypoint is in each camera, learnt from how well the cameras agree."""

from __future__ import annotations

import numpy as np

from kineograph.geometry.pixel_refinement import jacobian, odds_of, project, robust_cost
from kineograph.geometry.robust_triangulation import RobustPoints, triangulate_robust
from kineograph.model.shapes import FloatArray

SAMPLE_FRAMES = 300
"""Frames that the noise is learnt from, spread over the trial: enough for 5 % of a standard deviation."""
FLOOR_PX = 0.25
"""The networks place keypoints on grids of half a pixel and coarser; no noise is smaller than this."""
PRIOR_NUMBERS = 40.0
"""A camera's keypoint counts as much as what is pooled over cameras and keypoints once it gave so many spare coordinates."""
LARGEST_RATIO = 3.0
"""How far the noise of one camera's keypoint may be from the keypoint's over all cameras. Without a bound, a camera whose
residuals happen to be smallest would draw all points to its own rays."""
MOST_ROUNDS = 12
SETTLED = 0.02
"""Rounds end when no noise changes by more than this part."""


def learn_noise(
    image_px: FloatArray, confidence: FloatArray, projection: FloatArray, *, largest_px: float, min_cameras: int = 2
) -> FloatArray:
    """Standard deviation of the image coordinates of a person's keypoints, by triangulating and measuring in turn.

    The first round takes the largest noise, so that no camera is left out early; each round then triangulates and takes
    the weighted squares of the residuals, divided by the coordinates left spare (a point takes three of them), as the
    variance. Sparse cells lean on the product of their camera's and their keypoint's pooled variance.

    Parameters
    ----------
    image_px : (F, K, C, 2) array
        Undistorted image points, px, NaN where missing.
    confidence : (F, K, C) array
        0 where the image point must not be used.
    projection : (C, 3, 4) array
        Projection matrices.
    largest_px : float
        No noise is larger, px.
    min_cameras : int
        Fewest cameras that make a point.

    Returns
    -------
    (K, C) array
        px; `largest_px` throughout where no point has coordinates to spare.
    """
    frames, count, cameras = confidence.shape
    chosen = np.unique(np.linspace(0, frames - 1, min(frames, SAMPLE_FRAMES)).round().astype(int))
    image, sure = image_px[chosen].reshape(-1, cameras, 2), confidence[chosen].reshape(-1, cameras)
    sigma = np.full((count, cameras), largest_px)
    shape = (len(chosen), count, cameras)
    for _ in range(MOST_ROUNDS):
        each = np.broadcast_to(sigma, shape).reshape(-1, cameras)
        points = triangulate_robust(image, sure, projection, each, min_cameras=min_cameras)
        squares, spare = (part.reshape(shape) for part in _spare_squares(points, sure, projection, each))
        new = np.clip(_pooled(squares.sum(axis=0), spare.sum(axis=0), largest_px), FLOOR_PX, largest_px)
        change = np.abs(np.log(new / sigma)).max(initial=0.0)
        sigma = new
        if change < SETTLED:
            break
    return sigma


def _spare_squares(
    points: RobustPoints, confidence: FloatArray, projection: FloatArray, sigma_px: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weighted squared residuals, px^2, and how many coordinates were spare, (N, C) each; 0 where there is no point."""
    there = np.isfinite(points.position_m[:, 0])
    squares, spare = np.zeros(confidence.shape), np.zeros(confidence.shape)
    if not there.any():
        return squares, spare
    weight, sigma = points.weight[there], sigma_px[there]
    pixels, depth = project(projection, points.position_m[there].T)
    derivative = jacobian(projection, pixels, depth) / sigma.T[:, None, None]
    weighted = derivative * weight.T[:, None, None]
    information = np.einsum("cian,cibn->nab", weighted, derivative)
    taken = np.einsum("cian,cibn,nab->nc", weighted, derivative, np.linalg.inv(information))
    squares[there] = weight * points.squared[there] * np.square(sigma)
    spare[there] = weight * (2 - taken) * _kept_variance(odds_of(confidence[there]))
    return squares, spare


def _kept_variance(odds: FloatArray) -> FloatArray:
    """The part of the noise's variance that the weights keep: they cut the tails off."""
    squared = np.linspace(0.0, 40.0, 400)
    table = np.geomspace(0.05, 20.0, 12)
    density = np.exp(-0.5 * squared)
    weight = robust_cost(squared, table[:, None])[1]
    kept = (weight * squared * density).sum(axis=1) / (weight * density).sum(axis=1) / 2
    part: FloatArray = np.interp(np.log(odds), np.log(table), kept)
    return part


def _pooled(squares: FloatArray, spare: FloatArray, largest_px: float) -> FloatArray:
    """Standard deviations (K, C) from sums of squares and of spare coordinates, sparse cells leaning on the pooled ones."""
    total = spare.sum()
    if total <= 0:
        return np.full(squares.shape, largest_px)
    overall = squares.sum() / total
    by_keypoint = _leaning(squares.sum(axis=1), spare.sum(axis=1), overall)[:, None]
    by_camera = _leaning(squares.sum(axis=0), spare.sum(axis=0), overall)[None, :]
    expected = by_keypoint * by_camera / max(overall, FLOOR_PX**2 * 1e-6)
    cell = _leaning(squares, spare, expected)
    deviation: FloatArray = np.sqrt(np.clip(cell, by_keypoint / LARGEST_RATIO**2, by_keypoint * LARGEST_RATIO**2))
    return deviation


def _leaning(squares: FloatArray, spare: FloatArray, towards: FloatArray | float) -> FloatArray:
    variance: FloatArray = (squares + PRIOR_NUMBERS * towards) / (spare + PRIOR_NUMBERS)
    return variance
