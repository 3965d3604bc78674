"""A person's points of all frames together, smooth as far as the movement shows itself to be."""

from __future__ import annotations

import numpy as np

from kineograph.geometry.pixel_refinement import Fit, Views, odds_of
from kineograph.geometry.robust_triangulation import USED_WEIGHT
from kineograph.geometry.temporal_prior import FEWEST_POINTS, learn_prior
from kineograph.geometry.temporal_solution import smooth_points
from kineograph.geometry.view_offsets import learn_offsets
from kineograph.model.points import Origin
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.runs import runs
from kineograph.stages.triangulation_records import Limits, Solved

BLOCK_FRAMES = 2000
OVERLAP_FRAMES = 100
SURE_CAMERAS = 3
"""Three cameras that agree are right, however quick the movement: the prior does not overrule them."""


def apply_prior(
    solved: Solved,
    person: int,
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    noise_px: FloatArray,
    limits: Limits,
) -> BoolArray:
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

    Returns
    -------
    (F, K) array of bool
        Where cameras agree on a place that the body can't have got to: the movement around was taken instead.
    """
    frames = len(image_px)
    overruled = np.zeros((frames, image_px.shape[1]), bool)
    known = np.flatnonzero(np.isfinite(solved.position_m[:, person, :, 0]).sum(axis=0) >= FEWEST_POINTS)
    if not len(known):
        return overruled
    image, sure, noise = image_px[:, known], confidence[:, known], noise_px[known]
    start, used = solved.position_m[:, person, known], solved.used[:, person, known]
    offset = learn_offsets(image, used, start, projection, noise)
    many = used.sum(axis=-1) >= SURE_CAMERAS
    prior = learn_prior(start, solved.covariance_m2[:, person, known], many, limits.fps_hz)
    for first in range(0, frames, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, frames)
        block = slice(max(first - OVERLAP_FRAMES, 0), min(last + OVERLAP_FRAMES, frames))
        views = _views(image[block], sure[block], projection, noise)
        part = prior.of(block)
        agreed = np.ascontiguousarray((used[block] & part.firm[..., None]).reshape(-1, used.shape[-1]).T)
        covariance, fit = smooth_points(views, agreed, offset, part)
        found = _found(views, covariance, fit, limits)
        own = slice(first - block.start, last - block.start)
        for name, value in vars(found).items():
            getattr(solved, name)[first:last, person, known] = value[own]
    overruled[:, known] = many & ~prior.firm & ~(used & solved.used[:, person, known]).any(axis=-1)
    return overruled


def _found(views: Views, covariance_m2: FloatArray, fit: Fit, limits: Limits) -> Solved:
    """The points (f, K) of a run of frames, those of them that are to be given out."""
    shape = covariance_m2.shape[:2]
    used = (fit.weight > USED_WEIGHT).T.reshape(*shape, -1)
    enough = used.sum(axis=-1) >= limits.min_cameras
    present = enough | _short_gaps(enough, limits.max_gap_frames)
    distance = np.where(used, (np.sqrt(fit.squared) * views.sigma_px).T.reshape(used.shape), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(enough, distance.sum(axis=-1) / used.sum(axis=-1), np.nan)
    return Solved(
        np.where(present[..., None], fit.position_m.T.reshape(*shape, 3), np.nan),
        np.where(present[..., None, None], covariance_m2, np.nan),
        error,
        used & enough[..., None],
        np.where(enough, Origin.TRIANGULATED, np.where(present, Origin.PREDICTED, Origin.MISSING)),
    )


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
