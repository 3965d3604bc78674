"""Which moments of the trials tell most about the cameras: those between which people moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray
from kineograph.model.sightings import Sightings, join
from kineograph.stages.people_views import TrialViews, common_views, typical_extent

FEWEST_SHARED = 4
"""A frame is worth looking at where two cameras show this many of the person's keypoints."""
STILL_SHARE = 0.1
"""A frame in which nobody moves counts for this part of one with typical movement."""
STRETCHES, HELD_OUT_OF = 25, 5
"""The frames are cut into so many stretches; of each five, one is held out."""


def sightings_of(
    trials: Sequence[TrialViews], clocks: Sequence[FloatArray], cameras: tuple[str, ...], most: int
) -> Sightings:
    """What the cameras saw of the person of each trial, in at most `most` frames of all trials together.

    Parameters
    ----------
    trials : sequence of TrialViews
        The trials.
    clocks : sequence of (C,) arrays
        How much later than the common clock of the trial each camera started, frames; NaN for a camera to be left out.
    cameras : tuple of str
        Their names.
    most : int
        Number of frames.
    """
    each = max(20, most // max(len(trials), 1))
    return join(cameras, [_of_trial(trial, clock, cameras, each) for trial, clock in zip(trials, clocks, strict=True)])


def _of_trial(trial: TrialViews, clock: FloatArray, cameras: tuple[str, ...], most: int) -> Sightings:
    views = [view if np.isfinite(at) else view[:0] for view, at in zip(trial.views, clock, strict=True)]
    filmed = np.array([len(view) > 0 for view in views])
    if filmed.sum() < 2:
        nothing = np.zeros(0, int)
        return Sightings(
            cameras, (trial.name,), filmed[None], np.zeros((0, len(cameras), 2)), nothing, nothing, np.zeros(0, bool)
        )
    image, _ = common_views(views, clock)
    frame = _telling_frames(image, most)
    held_out = np.arange(len(frame)) * STRETCHES // max(len(frame), 1) % HELD_OUT_OF == HELD_OUT_OF // 2
    count = image.shape[1]
    everything = Sightings(
        cameras,
        (trial.name,),
        filmed[None],
        image[frame].reshape(-1, len(cameras), 2),
        np.zeros(len(frame) * count, int),
        np.repeat(frame, count),
        np.repeat(held_out, count),
    )
    return everything.select(everything.seen.sum(axis=1) >= 2)


def _telling_frames(image: FloatArray, most: int) -> IntArray:
    """At most so many frames of views (F, K, C, 2), as far apart from each other as the person's movement lets them be."""
    shown = np.isfinite(image[..., 0])
    shared = np.flatnonzero((shown.sum(axis=1) >= FEWEST_SHARED).sum(axis=1) >= 2)
    if len(shared) <= 1:
        return shared
    size = np.array([max(typical_extent(image[:, :, camera]), 1e-9) for camera in range(image.shape[2])])
    step = np.linalg.norm(np.diff(image[shared], axis=0), axis=-1) / size
    known = np.isfinite(step)
    moved = np.where(known, step, 0.0).sum(axis=(1, 2)) / np.maximum(known.sum(axis=(1, 2)), 1)
    typical = float(np.median(moved[moved > 0])) if (moved > 0).any() else 1.0
    way = np.concatenate([[0.0], np.cumsum(np.minimum(moved, 5 * typical) + STILL_SHARE * typical)])
    chosen: IntArray = shared[np.unique(np.searchsorted(way, np.linspace(0, way[-1], most)).clip(0, len(shared) - 1))]
    return chosen
