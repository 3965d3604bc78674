"""Robust triangulation, person by person: noise learnt, swaps of left and right mended, and a temporal prior where asked."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from kineograph.geometry.image_noise import learn_noise
from kineograph.geometry.robust_triangulation import triangulate_robust
from kineograph.geometry.side_swaps import Limb, exchange, find_swaps, reference_track
from kineograph.model.points import Origin
from kineograph.model.shapes import BoolArray, FloatArray, IntArray
from kineograph.stages.triangulation_records import Learnt, Limits, Solved
from kineograph.stages.triangulation_temporal import apply_prior

SWAP_ROUNDS = 3
"""Swaps are decided at most so often; each time the points are better, and mostly nothing changes the second time."""
MEAN_DISTANCE = math.sqrt(math.pi / 2)
"""Mean length of a residual whose two coordinates have a standard deviation of 1."""


def solve_robust(
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    limbs: Mapping[str, Limb],
    limits: Limits,
    *,
    temporal: bool,
) -> tuple[Solved, Learnt]:
    """Robust triangulation, person by person: learn the noise, triangulate, exchange swapped limbs, triangulate those again.

    Parameters
    ----------
    image_px, confidence, projection
        As for :func:`~kineograph.stages.triangulation_dlt.solve_dlt`.
    limbs : dict of str to pairs
        The limbs in which swaps of left and right are looked for.
    limits : Limits
        What a point must keep to.
    temporal : bool
        Whether frames are solved together in the end.
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
    overruled = np.zeros((frames, people, count), bool)
    by_frames = solved.covariance_m2.copy() if temporal else solved.covariance_m2
    largest_px = limits.max_error_px / MEAN_DISTANCE
    for person in range(people):
        image, sure = image_px[:, person], confidence[:, person]
        noise[person] = learn_noise(image, sure, projection, largest_px=largest_px, min_cameras=limits.min_cameras)
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
        if temporal:
            by_frames[:, person] = solved.covariance_m2[:, person]
            overruled[:, person] = apply_prior(solved, person, image, sure, projection, noise[person], limits)
        _mark_swapped(solved, person, swapped[:, person], list(limbs.values()))
    return solved, Learnt(noise, largest_px, tuple(limbs), swapped, overruled, by_frames)


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
