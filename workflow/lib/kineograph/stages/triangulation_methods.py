"""The two ways to triangulate all participants: Pose2Sim's, and the robust one that learns the noise and mends swaps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.image_noise import learn_noise
from kineograph.geometry.robust_triangulation import triangulate_robust
from kineograph.geometry.side_swaps import Limb, exchange, find_swaps, reference_track
from kineograph.geometry.triangulation import position_covariance, reproject, triangulate_excluding
from kineograph.model.points import Origin
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

SWAP_ROUNDS = 3
"""Swaps are decided at most so often; each time the points are better, and mostly nothing changes the second time."""
MEAN_DISTANCE = math.sqrt(math.pi / 2)
"""Mean length of a residual whose two coordinates have a standard deviation of 1."""


@dataclass(frozen=True)
class Limits:
    """What a point must keep to.

    Attributes
    ----------
    max_error_px : float
        dlt: largest mean reprojection error accepted; robust: mean reprojection error at the largest noise that can be
        learnt, px.
    min_cameras : int
        Fewest cameras accepted.
    """

    max_error_px: float
    min_cameras: int


@dataclass(frozen=True)
class Solved:
    """Points of all participants before gaps are filled.

    Attributes
    ----------
    position_m : (F, P, K, 3) array
        m, NaN where missing.
    covariance_m2 : (F, P, K, 3, 3) array
        m^2, NaN where missing.
    error_px : (F, P, K) array
        Mean distance of the projections from the image points used, px.
    used : (F, P, K, C) array of bool
        The cameras used.
    origin : (F, P, K) array of int
        See :class:`~kineograph.model.points.Origin`.
    """

    position_m: FloatArray
    covariance_m2: FloatArray
    error_px: FloatArray
    used: BoolArray
    origin: IntArray


@dataclass(frozen=True)
class Learnt:
    """What the robust method found out about the keypoints.

    Attributes
    ----------
    noise_px : (P, K, C) array
        Standard deviation of each image coordinate, px.
    limbs : tuple of str
        Names of the G limbs.
    swapped : (F, P, G, C) array of bool
        Where left and right were exchanged.
    """

    noise_px: FloatArray
    limbs: tuple[str, ...]
    swapped: BoolArray


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


def solve_robust(
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    limbs: Mapping[str, Limb],
    limits: Limits,
) -> tuple[Solved, Learnt]:
    """Robust triangulation, person by person: learn the noise, triangulate, exchange swapped limbs, triangulate those again.

    Parameters
    ----------
    image_px, confidence, projection
        As for :func:`solve_dlt`.
    limbs : dict of str to pairs
        The limbs in which swaps of left and right are looked for.
    limits : Limits
        What a point must keep to.
    """
    frames, people, count, cameras = confidence.shape
    solved = Solved(
        np.full((frames, people, count, 3), np.nan),
        np.full((frames, people, count, 3, 3), np.nan),
        np.full((frames, people, count), np.nan),
        np.zeros(confidence.shape, bool),
        np.full((frames, people, count), int(Origin.MISSING)),
    )
    noise = np.zeros((people, count, cameras))
    swapped = np.zeros((frames, people, len(limbs), cameras), bool)
    for person in range(people):
        image, sure = image_px[:, person], confidence[:, person]
        noise[person] = learn_noise(
            image, sure, projection, largest_px=limits.max_error_px / MEAN_DISTANCE, min_cameras=limits.min_cameras
        )
        todo = np.arange(frames)
        given = image, sure
        for _ in range(SWAP_ROUNDS + 1):
            _triangulate_frames(solved, person, todo, image, sure, projection, noise[person], limits.min_cameras)
            if not limbs:
                break
            track = reference_track(solved.position_m[:, person], solved.used[:, person], sure > 0)
            found = find_swaps(*given, projection, noise[person], track, list(limbs.values()))
            todo = np.flatnonzero((found != swapped[:, person]).any(axis=(1, 2)))
            if not len(todo):
                break
            swapped[:, person] = found
            image, sure = (exchange(values, found, list(limbs.values())) for values in given)
        _mark_swapped(solved, person, swapped[:, person], list(limbs.values()))
    return solved, Learnt(noise, tuple(limbs), swapped)


def _triangulate_frames(
    solved: Solved,
    person: int,
    frames: IntArray,
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    noise_px: FloatArray,
    min_cameras: int,
) -> None:
    """Triangulate some frames of a person anew."""
    shape, cameras = (len(frames), noise_px.shape[0]), noise_px.shape[1]
    image = image_px[frames].reshape(-1, cameras, 2)
    sigma = np.tile(noise_px, (len(frames), 1))
    points = triangulate_robust(
        image, confidence[frames].reshape(-1, cameras), projection, sigma, min_cameras=min_cameras
    )
    distance = np.where(points.used, np.sqrt(points.squared) * sigma, 0.0)
    with np.errstate(invalid="ignore"):
        error = distance.sum(axis=1) / points.used.sum(axis=1)
    solved.position_m[frames, person] = points.position_m.reshape(*shape, 3)
    solved.covariance_m2[frames, person] = points.covariance_m2.reshape(*shape, 3, 3)
    solved.error_px[frames, person] = error.reshape(shape)
    solved.used[frames, person] = points.used.reshape(*shape, cameras)
    there = np.isfinite(solved.position_m[frames, person, :, 0])
    solved.origin[frames, person] = np.where(there, Origin.TRIANGULATED, Origin.MISSING)


def _mark_swapped(solved: Solved, person: int, swapped: BoolArray, limbs: list[Limb]) -> None:
    """Mark the points of which a camera that was used had left and right exchanged."""
    for index, limb in enumerate(limbs):
        for keypoint in (place for pair in limb for place in pair):
            mended = (swapped[:, index] & solved.used[:, person, keypoint]).any(axis=-1)
            solved.origin[mended, person, keypoint] = Origin.SWAPPED


def _image_noise_px(residual_px: FloatArray, used: BoolArray) -> FloatArray:
    """Standard deviation of an image coordinate for each participant and keypoint, (P, K), px.

    From the residuals (F, P, K, C, 2) of the cameras used (F, P, K, C): n cameras give 2n numbers, of which a point takes 3.
    """
    squares = np.where(used, np.square(residual_px).sum(axis=-1), 0.0).sum(axis=(0, 3))
    number = used.sum(axis=-1)
    spare = np.where(number > 0, 2 * number - 3, 0).sum(axis=0)
    noise: FloatArray = np.sqrt(squares / np.maximum(spare, 1))
    return noise
