"""The temporal prior on a person's points: smooth movement and constant bones, where the configuration asks for it."""

from __future__ import annotations

import numpy as np

from kineograph.geometry.pixel_refinement import Views, odds_of
from kineograph.geometry.robust_triangulation import USED_WEIGHT
from kineograph.geometry.temporal_prior import Prior, learn_prior, smooth_points
from kineograph.geometry.view_offsets import learn_offsets
from kineograph.model.points import Origin
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.runs import runs
from kineograph.stages.triangulation_records import Limits, Solved

BLOCK_FRAMES = 2000
OVERLAP_FRAMES = 100
SURE_CAMERAS = 3
"""Three cameras that agree are right, however quick the movement: the prior does not overrule them."""
FEWEST_FRAMES = 10
"""Fewer frames tell nothing of a movement: the points stay as they are."""


def apply_prior(
    solved: Solved,
    person: int,
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    noise_px: FloatArray,
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
    limits : Limits
        What a point must keep to.
    """
    frames = len(image_px)
    known = np.flatnonzero(np.isfinite(solved.position_m[:, person, :, 0]).sum(axis=0) >= FEWEST_FRAMES)
    if not len(known):
        return
    start, covariance = solved.position_m[:, person, known], solved.covariance_m2[:, person, known]
    used = solved.used[:, person, known]
    sure = used.sum(axis=-1) >= SURE_CAMERAS
    offset = learn_offsets(image_px[:, known], used, start, projection, noise_px[known])
    prior = learn_prior(start, covariance, sure, offset, limits.fps_hz)
    for first in range(0, frames, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, frames)
        low, high = max(first - OVERLAP_FRAMES, 0), min(last + OVERLAP_FRAMES, frames)
        block = slice(low, high)
        views = _views(image_px[block, known], confidence[block, known], projection, noise_px[known])
        agreed = np.ascontiguousarray((used & prior.firm[..., None])[block].reshape(-1, used.shape[-1]).T)
        part = Prior(
            prior.roughness_m[block], prior.white, prior.believed[block], prior.firm[block], prior.offset_px
        )
        smoothed, fit = smooth_points(views, start[block], covariance[block], agreed, part)
        _store(solved, person, known, (first, last, low), views, smoothed, fit, limits)


def _store(solved, person, known, span, views, smoothed, fit, limits):
    first, last, low = span
    shape = smoothed.shape[:2]
    used = (fit.weight > USED_WEIGHT).T.reshape(*shape, -1)
    enough = used.sum(axis=-1) >= limits.min_cameras
    present = enough | _short_gaps(enough, limits.max_gap_frames)
    distance = np.where(used, (np.sqrt(fit.squared) * views.sigma_px).T.reshape(used.shape), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(enough, distance.sum(axis=-1) / used.sum(axis=-1), np.nan)
    position = fit.position_m.T.reshape(*shape, 3)
    own = slice(first - low, last - low)
    at = (slice(first, last), person, known)
    solved.position_m[at] = np.where(present[..., None], position, np.nan)[own]
    solved.covariance_m2[at] = np.where(present[..., None, None], smoothed, np.nan)[own]
    solved.error_px[at] = error[own]
    solved.used[at] = (used & enough[..., None])[own]
    origin = np.where(enough, Origin.TRIANGULATED, np.where(present, Origin.PREDICTED, Origin.MISSING))
    solved.origin[at] = origin[own]


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
