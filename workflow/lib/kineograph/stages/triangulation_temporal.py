"""The temporal prior on a person's points: smooth movement and constant bones, where the configuration asks for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.geometry.pixel_refinement import Views, odds_of
from kineograph.geometry.robust_triangulation import USED_WEIGHT
from kineograph.geometry.temporal_prior import learn_prior, smooth_points
from kineograph.model.points import Origin
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.runs import runs
from kineograph.stages.triangulation_records import Limits, Solved

FEWEST_FRAMES = 10
"""Fewer frames tell nothing of a movement: the points stay as they are."""


def apply_prior(
    solved: Solved,
    person: int,
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    noise_px: FloatArray,
    bones: Sequence[tuple[int, int]],
    limits: Limits,
) -> None:
    """Replace a person's points by the likeliest of the whole trial.

    A point that fewer cameras agree on than are asked for is predicted, if its gap is short enough and has two ends, and
    missing otherwise.

    Parameters
    ----------
    solved : Solved
        Points triangulated frame by frame; changed in place.
    person : int
        Which participant.
    image_px, confidence
        (F, K, C, 2) and (F, K, C), with swaps mended.
    projection : (C, 3, 4) array
        Projection matrices.
    noise_px : (K, C) array
        Noise of each coordinate of the image points, px.
    bones : sequence of pairs
        Indices of the keypoints that bones join.
    limits : Limits
        What a point must keep to.
    """
    frames = len(image_px)
    known = np.flatnonzero(np.isfinite(solved.position_m[:, person, :, 0]).sum(axis=0) >= FEWEST_FRAMES)
    if not len(known):
        return
    place = {int(keypoint): index for index, keypoint in enumerate(known)}
    pairs = [(place[a], place[b]) for a, b in bones if a in place and b in place]
    start, covariance = solved.position_m[:, person, known], solved.covariance_m2[:, person, known]
    views = _views(image_px[:, known], confidence[:, known], projection, noise_px[known])
    smoothed, fit = smooth_points(views, start, covariance, learn_prior(start, covariance, pairs))
    shape = (frames, len(known))
    used = (fit.weight > USED_WEIGHT).T.reshape(*shape, -1)
    enough = used.sum(axis=-1) >= limits.min_cameras
    present = enough | _short_gaps(enough, limits.max_gap_frames)
    distance = np.where(used, (np.sqrt(fit.squared) * views.sigma_px).T.reshape(used.shape), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(enough, distance.sum(axis=-1) / used.sum(axis=-1), np.nan)
    position = fit.position_m.T.reshape(*shape, 3)
    solved.position_m[:, person, known] = np.where(present[..., None], position, np.nan)
    solved.covariance_m2[:, person, known] = np.where(present[..., None, None], smoothed, np.nan)
    solved.error_px[:, person, known] = error
    solved.used[:, person, known] = used & enough[..., None]
    origin = np.where(enough, Origin.TRIANGULATED, np.where(present, Origin.PREDICTED, Origin.MISSING))
    solved.origin[:, person, known] = origin


def _views(image_px: FloatArray, confidence: FloatArray, projection: FloatArray, noise_px: FloatArray) -> Views:
    """The image points of all frames and keypoints, frames first."""
    frames, _, cameras = confidence.shape
    seen = (confidence > 0) & np.isfinite(image_px).all(axis=-1)
    flat = np.where(seen[..., None], image_px, 0.0).reshape(-1, cameras, 2)
    return Views(
        projection,
        np.ascontiguousarray(np.moveaxis(flat, 0, -1)),
        np.ascontiguousarray(seen.reshape(-1, cameras).T),
        np.ascontiguousarray(np.tile(noise_px, (frames, 1)).T),
        odds_of(confidence.reshape(-1, cameras).T),
    )


def _short_gaps(enough: BoolArray, max_gap_frames: int) -> BoolArray:
    """Gaps (F, K) with two ends and at most so many frames."""
    short = np.zeros(enough.shape, bool)
    for keypoint in np.flatnonzero(~enough.all(axis=0)):
        for start, stop in runs(~enough[:, keypoint]):
            short[start:stop, keypoint] = start > 0 and stop < len(enough) and stop - start <= max_gap_frames
    return short
