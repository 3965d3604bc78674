"""Triangulation as Pose2Sim does it, for comparison: linear, with the exclusion of cameras that disagree."""

from __future__ import annotations

import numpy as np

from kineograph.geometry.triangulation import position_covariance, reproject, triangulate_excluding
from kineograph.model.points import Origin
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.stages.triangulation_records import Limits, Solved


def solve_dlt(image_px: FloatArray, confidence: FloatArray, projection: FloatArray, limits: Limits) -> Solved:
    """Weighted linear triangulation with the exclusion of cameras that disagree, as Pose2Sim does it.

    Parameters
    ----------
    image_px : (F, P, K, C, 2) array
        Undistorted image points, px, NaN where missing.
    confidence : (F, P, K, C) array
        0 where the image point must not be used.
    projection : (C, 3, 4) array
        Projection matrices.
    limits : Limits
        What a point must keep to.
    """
    shape, cameras = confidence.shape[:3], confidence.shape[3]
    flat = image_px.reshape(-1, cameras, 2)
    result = triangulate_excluding(
        flat,
        confidence.reshape(-1, cameras),
        projection,
        max_error_px=limits.max_error_px,
        min_cameras=limits.min_cameras,
    )
    residual = (reproject(projection, result.position_m) - flat).reshape(*shape, cameras, 2)
    used = result.used.reshape(confidence.shape)
    sigma = np.broadcast_to(_image_noise_px(np.nan_to_num(residual), used), shape)
    covariance = position_covariance(projection, result.position_m, result.used, sigma.ravel())
    position = result.position_m.reshape(*shape, 3)
    origin = np.where(np.isfinite(position[..., 0]), Origin.TRIANGULATED, Origin.MISSING).astype(np.int64)
    return Solved(position, covariance.reshape(*shape, 3, 3), result.error_px.reshape(shape), used, origin)


def _image_noise_px(residual_px: FloatArray, used: BoolArray) -> FloatArray:
    """Standard deviation of an image coordinate for each participant and keypoint, (P, K), px.

    From the residuals (F, P, K, C, 2) of the cameras used (F, P, K, C): n cameras give 2n numbers, of which a point takes 3.
    """
    squares = np.where(used, np.square(residual_px).sum(axis=-1), 0.0).sum(axis=(0, 3))
    number = used.sum(axis=-1)
    spare = np.where(number > 0, 2 * number - 3, 0).sum(axis=0)
    noise: FloatArray = np.sqrt(squares / np.maximum(spare, 1))
    return noise
