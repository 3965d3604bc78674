"""How well poses are known that only the cameras' own views of the same points hold together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.geometry.bundle_adjustment import POSE, pose_information
from kineograph.geometry.relative_pose import cross_matrix
from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray

TOGETHER = 20.0
"""So many image points count as one: those of one person in neighbouring frames share their errors."""
MEDIAN_TO_SIGMA = 0.85
"""Standard deviation of a coordinate, in median distances from the truth in the plane (Rayleigh's distribution)."""


def pose_errors(cameras: Sequence[Camera], points_m: FloatArray, image_px: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The standard deviation of each camera's turn (C,), degrees, and of its place (C,), m.

    They are relative to the cameras as a whole, whose place, direction and size are not known from what they see. Errors that
    all views share, such as a network's idea of where a hip is, are not in them.

    Parameters
    ----------
    cameras : sequence of Camera
        C cameras.
    points_m : (N, 3) array
        The points.
    image_px : (N, C, 2) array
        Where they were seen, px, NaN where not.
    """
    from kineograph.geometry.bundle_adjustment import residuals_px

    distance = np.linalg.norm(residuals_px(cameras, points_m, image_px), axis=-1)
    sigma = max(MEDIAN_TO_SIGMA * float(np.nanmedian(distance)), 0.1)
    information = pose_information(cameras, points_m, image_px, 2 * sigma) * 4 / TOGETHER
    gauge = _gauge(cameras)
    own = np.linalg.svd(gauge)[0][:, gauge.shape[1] :]
    inner = own.T @ information @ own
    values, vectors = np.linalg.eigh(inner)
    covariance = own @ (vectors / np.maximum(values, 1e-9) @ vectors.T) @ own.T
    variance = np.diag(covariance).reshape(len(cameras), POSE)
    return np.degrees(np.sqrt(variance[:, :3].sum(axis=1))), np.sqrt(variance[:, 3:].sum(axis=1))


def _gauge(cameras: Sequence[Camera]) -> FloatArray:
    """The changes of all cameras' poses (6 C, 7) that no view can tell: three turns, three shifts, and size."""
    centres = np.array([camera.position_m for camera in cameras])
    arms = centres - centres.mean(axis=0)
    change = np.zeros((len(cameras), POSE, 7))
    for index, camera in enumerate(cameras):
        change[index, :3, :3] = -camera.rotation
        change[index, 3:, :3] = -cross_matrix(arms[index])
        change[index, 3:, 3:6] = np.eye(3)
        change[index, 3:, 6] = arms[index]
    return change.reshape(-1, 7)
