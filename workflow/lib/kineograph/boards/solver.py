"""OpenCV's solvers for a lens and for a camera's pose, as functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from kineograph.model.shapes import FloatArray

FLAT = 1e-3
"""Points are a plane where they lie off it by less than this part of their extent."""
DISTORTION_FLAGS = {
    2: cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K3,
    4: cv2.CALIB_FIX_K3,
    5: 0,
}
"""By the number of distortion coefficients: k1, k2; and p1, p2; and k3."""


@dataclass(frozen=True)
class LensFit:
    """A lens and how well it explains its views.

    Attributes
    ----------
    intrinsics, distortion : (3, 3) and (4,) or (5,) arrays
        As in :class:`kineograph.model.camera.Camera`.
    rms_px : float
        Root mean square of the corners' distances, px.
    view_rms_px : (V,) array
        The same of each view.
    focal_sd : float
        Standard deviation of the focal length as a part of it.
    """

    intrinsics: FloatArray
    distortion: FloatArray
    rms_px: float
    view_rms_px: FloatArray
    focal_sd: float


@dataclass(frozen=True)
class Pose:
    """A camera's pose and the mean distance of its points, px (root mean square)."""

    rotation: FloatArray
    translation_m: FloatArray
    rms_px: float


def fit_lens(
    places: Sequence[FloatArray], image_px: Sequence[FloatArray], size_px: tuple[int, int], distortion_terms: int
) -> LensFit:
    """The lens that explains views of a plane: Zhang's method (2000, doi:10.1109/34.888718) as OpenCV's `calibrateCamera` has it.

    Parameters
    ----------
    places, image_px : sequences of (n, 3) and (n, 2) arrays
        A view each: places on the board in any unit, z = 0, and in the picture, px.
    size_px : tuple of int
        Width and height of the pictures.
    distortion_terms : int
        2, 4 or 5.
    """
    error, matrix, distortion, _, _, deviations, _, view_errors = cv2.calibrateCameraExtended(
        [place.astype(np.float32) for place in places],
        [image.astype(np.float32) for image in image_px],
        size_px,
        np.eye(3),
        np.zeros(5),
        flags=DISTORTION_FLAGS[distortion_terms],
    )
    kept = np.asarray(distortion, float).ravel()[: max(distortion_terms, 4)]
    spread = float(deviations.ravel()[:2].max() / matrix[0, 0])
    return LensFit(np.asarray(matrix, float), kept, float(error), np.asarray(view_errors, float).ravel(), spread)


def solve_poses(
    points_m: FloatArray, image_px: FloatArray, intrinsics: FloatArray, distortion: FloatArray
) -> list[Pose]:
    """The poses of a camera that explain points (n, 3), m, at pixels (n, 2), best first; two for a plane, one otherwise.

    Source: OpenCV's `solvePnP`; IPPE for planes (Collins and Bartoli 2014, doi:10.1007/s11263-014-0725-5), SQPnP otherwise
    (Terzakis and Lourakis 2020, doi:10.1007/978-3-030-58452-8_28), refined by least squares on the pixels.
    """
    centred = points_m - points_m.mean(axis=0)
    _, extent, axes = np.linalg.svd(centred, full_matrices=False)
    flat = extent[2] < FLAT * extent[0]
    if flat:  # IPPE wants the plane as z = 0
        axes[2] = np.cross(axes[0], axes[1])
        local = centred @ axes.T * [1.0, 1.0, 0.0]
        method = cv2.SOLVEPNP_IPPE
    else:
        axes, local, method = np.eye(3), centred, cv2.SOLVEPNP_SQPNP
    count, vectors, shifts, _ = cv2.solvePnPGeneric(local, image_px, intrinsics, distortion, flags=method)
    poses = []
    for start in list(zip(vectors, shifts, strict=True))[:count]:
        vector, shift = cv2.solvePnPRefineLM(local, image_px, intrinsics, distortion, *start)
        rotation = cv2.Rodrigues(vector)[0] @ axes
        projected = cv2.projectPoints(local, vector, shift, intrinsics, distortion)[0][:, 0]
        rms = float(np.sqrt(np.square(projected - image_px).sum(axis=-1).mean()))
        poses.append(Pose(rotation, shift.ravel() - rotation @ points_m.mean(axis=0), rms))
    return sorted(poses, key=lambda pose: pose.rms_px)


def is_flat(points_m: FloatArray) -> bool:
    """Whether points (n, 3) lie in a plane."""
    extent = np.linalg.svd(points_m - points_m.mean(axis=0), compute_uv=False)
    return bool(extent[2] < FLAT * extent[0])


def is_straight(points_m: FloatArray) -> bool:
    """Whether points (n, 3) lie on a line, which no pose can be found from."""
    extent = np.linalg.svd(points_m - points_m.mean(axis=0), compute_uv=False)
    return bool(extent[1] < FLAT * extent[0])
