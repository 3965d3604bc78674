"""Points from their images: weighted linear triangulation, with the exclusion of cameras that disagree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import BoolArray, FloatArray, require_shape

CHUNK_NUMBERS = 4_000_000
"""Points are taken in chunks such that the largest array has about this many numbers (32 MB)."""


@dataclass(frozen=True)
class Triangulation:
    """Triangulated points.

    Attributes
    ----------
    position_m : (N, 3) array
        World, m; NaN where no set of cameras agreed.
    error_px : (N,) array
        Mean distance between the projections and the image points used, px; NaN where there is no position.
    used : (N, C) array of bool
        The cameras used.
    """

    position_m: FloatArray
    error_px: FloatArray
    used: BoolArray


def triangulate_dlt(image_px: FloatArray, weight: FloatArray, projection: FloatArray) -> FloatArray:
    """Weighted direct linear transform of many points at once.

    Each camera gives two homogeneous equations, multiplied by its weight; the solution is the eigenvector of the smallest
    eigenvalue of the 4x4 normal equations. Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 12.2.

    Parameters
    ----------
    image_px : (N, C, 2) array
        Image points, px.
    weight : (N, C) array
        Weights; 0 leaves a camera out (its image point may then be anything but NaN).
    projection : (C, 3, 4) array
        Projection matrices.

    Returns
    -------
    (N, 3) array
        World positions, m; meaningless with fewer than two cameras of weight over 0.
    """
    normal = np.einsum("nc,ncij->nij", np.square(weight), _normal_equations(image_px, projection))
    return _solve(normal)


def triangulate_excluding(
    image_px: FloatArray, weight: FloatArray, projection: FloatArray, *, max_error_px: float, min_cameras: int
) -> Triangulation:
    """Triangulate, leaving out as few cameras as it takes for the rest to agree.

    As Pose2Sim does (Pagnon et al. 2021, doi:10.3390/s21196530): all cameras first; where the mean reprojection error
    exceeds `max_error_px`, every way to leave out one camera is tried and the best is taken, then two, and so on down to
    `min_cameras`. Here all points and all ways are solved at once.

    Parameters
    ----------
    image_px : (N, C, 2) array
        Undistorted image points, px, NaN where missing.
    weight : (N, C) array
        Confidence; 0 or NaN where the image point must not be used.
    projection : (C, 3, 4) array
        Projection matrices.
    max_error_px : float
        Largest mean reprojection error accepted, px.
    min_cameras : int
        Fewest cameras accepted, 2 or more.
    """
    count, cameras = weight.shape
    require_shape(image_px, (count, cameras, 2), "image_px")
    require_shape(projection, (cameras, 3, 4), "projection")
    seen = np.isfinite(image_px).all(axis=-1) & np.isfinite(weight) & (weight > 0)
    image = np.where(seen[..., None], image_px, 0.0)
    squared = np.square(np.where(seen, weight, 0.0))
    result = Triangulation(np.full((count, 3), np.nan), np.full(count, np.nan), np.zeros((count, cameras), bool))
    open_points = np.flatnonzero(seen.sum(axis=1) >= min_cameras)
    for excluded in range(cameras - min_cameras + 1):
        if not len(open_points):
            break
        keep = _kept_cameras(cameras, excluded)
        chunk = max(1, CHUNK_NUMBERS // (len(keep) * cameras * 4))
        solved = [
            _best_subset(image[part], squared[part], seen[part], projection, keep, min_cameras)
            for part in np.split(open_points, range(chunk, len(open_points), chunk))
        ]
        position, error, used = (np.concatenate(parts) for parts in zip(*solved, strict=True))
        agree = error <= max_error_px
        done = open_points[agree]
        result.position_m[done], result.error_px[done], result.used[done] = position[agree], error[agree], used[agree]
        open_points = open_points[~agree]
        open_points = open_points[seen[open_points].sum(axis=1) > min_cameras]
    return result


def reproject(projection: FloatArray, points_m: FloatArray) -> FloatArray:
    """Project (..., 3) points by (C, 3, 4) matrices: (..., C, 2), px, without distortion."""
    homogeneous = np.einsum("cij,...j->...ci", projection[:, :, :3], points_m) + projection[:, :, 3]
    pixels: FloatArray = homogeneous[..., :2] / homogeneous[..., 2:]
    return pixels


def position_covariance(
    projection: FloatArray, position_m: FloatArray, used: BoolArray, sigma_px: FloatArray
) -> FloatArray:
    """Covariance of triangulated points, propagated from the noise of their image points.

    The inverse of the information that the cameras used give, J^T J / sigma^2, with J the derivative of the projection.

    Parameters
    ----------
    projection : (C, 3, 4) array
        Projection matrices.
    position_m : (N, 3) array
        m, NaN where missing.
    used : (N, C) array of bool
        The cameras used.
    sigma_px : (N,) array
        Standard deviation of an image coordinate, px.

    Returns
    -------
    (N, 3, 3) array
        m^2; NaN where there is no position.
    """
    covariance = np.full((len(position_m), 3, 3), np.nan)
    valid = np.flatnonzero(np.isfinite(position_m).all(axis=1) & (used.sum(axis=1) >= 2))
    if not len(valid):
        return covariance
    points = position_m[valid]
    homogeneous = np.einsum("cij,nj->nci", projection[:, :, :3], points) + projection[:, :, 3]
    pixels, depth = homogeneous[..., :2] / homogeneous[..., 2:], homogeneous[..., 2]
    jacobian = (projection[None, :, :2, :3] - pixels[..., None] * projection[None, :, 2:, :3]) / depth[..., None, None]
    information = np.einsum("nc,ncij,ncik->njk", used[valid].astype(float), jacobian, jacobian)
    covariance[valid] = np.linalg.inv(information) * np.square(sigma_px[valid])[:, None, None]
    return covariance


def _normal_equations(image_px: FloatArray, projection: FloatArray) -> FloatArray:
    """The 4x4 normal equations of each image point (N, C, 2), unweighted: (N, C, 4, 4)."""
    rows = projection[None, :, :2, :] - image_px[..., None] * projection[None, :, 2:, :]
    equations: FloatArray = np.einsum("ncij,ncik->ncjk", rows, rows)
    return equations


def _solve(normal: FloatArray) -> FloatArray:
    vector = np.linalg.eigh(normal)[1][..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        solution: FloatArray = vector[..., :3] / vector[..., 3:]
    return solution


def _kept_cameras(cameras: int, excluded: int) -> BoolArray:
    """All ways to leave out that many cameras, (ways, C)."""
    ways = list(combinations(range(cameras), excluded))
    keep = np.ones((len(ways), cameras), bool)
    for index, way in enumerate(ways):
        keep[index, list(way)] = False
    return keep


def _best_subset(
    image: FloatArray,
    squared_weight: FloatArray,
    seen: BoolArray,
    projection: FloatArray,
    keep: BoolArray,
    min_cameras: int,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """The way of leaving cameras out with the least mean error, for each of N points."""
    used = seen[:, None] & keep
    enough = used.sum(axis=2) >= min_cameras
    normal = np.einsum("nsc,ncij->nsij", used * squared_weight[:, None], _normal_equations(image, projection))
    position = _solve(normal)
    distance = np.linalg.norm(reproject(projection, position) - image[:, None], axis=-1)
    number = np.maximum(used.sum(axis=2), 1)
    error = np.where(enough, np.where(used, distance, 0.0).sum(axis=2) / number, np.inf)
    error = np.where(np.isnan(error), np.inf, error)
    best = error.argmin(axis=1)
    rows = np.arange(len(best))
    return position[rows, best], error[rows, best], used[rows, best]
