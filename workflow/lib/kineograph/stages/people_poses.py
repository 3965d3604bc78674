"""The cameras' poses to each other from the people of all trials, in no particular world and no unit of length yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kineograph.geometry.projection import to_normalized
from kineograph.geometry.view_graph import adjusted, find_links, place_cameras, points_of
from kineograph.model.camera import Camera
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import BoolArray, FloatArray, IntArray
from kineograph.model.sightings import Sightings
from kineograph.stages.people_clocks import Timing, by_poses, first_look, given_clocks
from kineograph.stages.people_frames import sightings_of
from kineograph.stages.people_views import TrialViews, read_trial, reassigned, typical_extent

RIGHT = 0.01
"""An image point that is just about right is this part of the person's size off."""
LEAST_RIGHT_PX = 1.5
FIRST_FRAMES, FRAMES = 80, 200
"""Frames for finding the poses, and for adjusting them."""
ROUNDS = 2
MISFIT = 0.05
"""A camera whose image points in a trial are, on median, this part of the person's size off saw something else."""


@dataclass(frozen=True)
class TrialKeypoints:
    """What a trial gives: keypoints of each camera (None for one that took no part), and what is known of its clocks."""

    name: str
    keypoints: Sequence[Keypoints2D | None]
    timing: Timing


@dataclass(frozen=True)
class FoundPoses:
    """Cameras without distortion in an arbitrary frame and unit, and what they were found from.

    Attributes
    ----------
    cameras : list of Camera or None
        None for those that could not be placed.
    trials : list of TrialViews
        The person of each trial.
    clocks : list of (C,) arrays
        Offsets in each trial, frames; NaN for a camera that took no part or does not fit.
    sightings : Sightings
        Ideal image points that the cameras were adjusted to, and held-out ones.
    scale_px : float
        Distance of an image point that is just about right, px.
    misfit : (T, C) array of bool
        Cameras that do not fit in a trial, though they do in others.
    """

    cameras: list[Camera | None]
    trials: list[TrialViews]
    clocks: list[FloatArray]
    sightings: Sightings
    scale_px: float
    misfit: BoolArray


def find_poses(trials: Sequence[TrialKeypoints], lenses: Sequence[Camera], twins: IntArray) -> FoundPoses:
    """The poses that explain most of what was seen.

    Parameters
    ----------
    trials : sequence of TrialKeypoints
        T trials.
    lenses : sequence of Camera
        C cameras: their lenses; poses are ignored.
    twins : (K,) array of int
        For each keypoint the one of the other side, or itself.
    """
    names = tuple(camera.name for camera in lenses)
    ideal = [without_distortion(lens) for lens in lenses]
    read = [
        read_trial(trial.name, trial.keypoints, lenses, trial.timing.min_confidence, len(twins)) for trial in trials
    ]
    size = _sizes([item for item, _ in read], ideal)
    scale = RIGHT * float(np.nanmedian(size)) if np.isfinite(size).any() else RIGHT
    focal = float(np.median([lens.intrinsics[0, 0] for lens in ideal]))
    scale = max(scale, LEAST_RIGHT_PX / focal)
    views, clocks = [], []
    for trial, (item, candidates) in zip(trials, read, strict=True):
        start = given_clocks(item, trial.timing, names)
        chosen, clock = first_look(item, candidates, ideal, trial.timing, start, scale)
        views.append(chosen)
        clocks.append(np.where(chosen.filmed(), clock, np.nan))
    misfit = np.zeros((len(trials), len(names)), bool)
    cameras: list[Camera | None] = [None] * len(names)
    seen = sightings_of(views, clocks, names, FIRST_FRAMES)
    for turn in range(ROUNDS + 1):
        if len(seen):
            before = _count(cameras)
            if turn == 0 or before < len(names):
                again = _placed(seen, ideal, size, scale, focal)
                cameras = again if _count(again) > before else cameras
            misfit |= _misfits(seen, cameras, size * focal)
            clocks = [np.where(wrong, np.nan, clock) for wrong, clock in zip(misfit, clocks, strict=True)]
            seen = without(seen, misfit)
            lost = np.isnan(np.array(clocks)).all(axis=0).tolist()
            cameras = [None if gone else camera for gone, camera in zip(lost, cameras, strict=True)]
            cameras = _adjusted(cameras, seen)
        if _count(cameras) < 2:
            break
        if turn < ROUNDS:
            for index, trial in enumerate(trials):
                clocks[index] = np.where(
                    np.isfinite(clocks[index]),
                    by_poses(views[index], _there(cameras, clocks[index]), trial.timing, clocks[index]),
                    np.nan,
                )
                views[index] = reassigned(views[index], _there(cameras, clocks[index]), clocks[index], twins)
            seen = sightings_of(views, clocks, names, FRAMES if turn == ROUNDS - 1 else FIRST_FRAMES)
    return FoundPoses(cameras, views, clocks, seen, scale * focal, misfit)


def without_distortion(lens: Camera) -> Camera:
    """The lens as ideal image points have it."""
    return replace(lens, distortion=np.zeros(5), fisheye=False, rotation=np.eye(3), translation_m=np.zeros(3))


def _placed(
    seen: Sightings, lenses: Sequence[Camera], size: FloatArray, scale: float, focal_px: float
) -> list[Camera | None]:
    """The cameras placed by all trials; one that this leaves out, by the trial in which it fits best.

    A camera that shows something else in one trial is not lost for the others.
    """

    def by(image: FloatArray) -> list[Camera | None]:
        links = find_links(_normalized(image, lenses), size, scale)
        return place_cameras(lenses, image, links, scale * focal_px)

    image = seen.image_px
    cameras = by(image)
    for index in [index for index, camera in enumerate(cameras) if camera is None]:
        for trial in range(len(seen.trials) if len(seen.trials) > 1 else 0):
            alone = image.copy()
            alone[seen.trial != trial, index] = np.nan
            again = by(alone)
            if again[index] is not None and _count(again) > _count(cameras):
                cameras, image = again, alone
                break
    return cameras


def _count(cameras: Sequence[Camera | None]) -> int:
    return sum(camera is not None for camera in cameras)


def _there(cameras: Sequence[Camera | None], clock: FloatArray) -> list[Camera | None]:
    return [camera if np.isfinite(at) else None for camera, at in zip(cameras, clock.tolist(), strict=True)]


def _normalized(image_px: FloatArray, lenses: Sequence[Camera]) -> FloatArray:
    return np.stack([to_normalized(lens, image_px[:, index]) for index, lens in enumerate(lenses)], axis=1)


def _sizes(trials: Sequence[TrialViews], lenses: Sequence[Camera]) -> FloatArray:
    """The typical size of people in each camera, (C,), in normalized coordinates; NaN where a camera saw nobody."""
    found = [
        [typical_extent(trial.person[index]) / lens.intrinsics[0, 0] for trial in trials if len(trial.person[index])]
        for index, lens in enumerate(lenses)
    ]
    return np.array([float(np.median([size for size in sizes if size] or [np.nan])) for sizes in found])


def _adjusted(cameras: list[Camera | None], seen: Sightings) -> list[Camera | None]:
    """Adjusted to the sightings that are not held out, the hopeless of them left aside."""
    if _count(cameras) < 2:
        return cameras
    image = seen.image_px[~seen.held_out]
    _, distance = points_of(cameras, image)
    typical = float(np.nanmedian(distance)) if np.isfinite(distance).any() else 1.0
    weight = (np.isfinite(image[..., 0]) & (distance < 8 * max(typical, 1.0))).astype(float)
    return adjusted(cameras, image, weight)


def without(seen: Sightings, misfit: BoolArray) -> Sightings:
    """The sightings without those of cameras in trials where they don't fit."""
    image = np.where(misfit[seen.trial][..., None], np.nan, seen.image_px)
    kept = replace(seen, image_px=image)
    return kept.select(kept.seen.sum(axis=1) >= 2)


def _misfits(seen: Sightings, cameras: Sequence[Camera | None], size_px: FloatArray) -> BoolArray:
    """The cameras whose image points in a trial are far from what the others show, (T, C)."""
    wrong = np.zeros((len(seen.trials), len(cameras)), bool)
    for trial in range(len(seen.trials)):
        here = seen.image_px[seen.trial == trial]
        off = np.zeros(len(cameras))
        while True:
            kept = [None if wrong[trial, c] else camera for c, camera in enumerate(cameras)]
            if _count(kept) < 3:
                break
            _, distance = points_of(kept, here)
            off = np.array([float(np.median(d[np.isfinite(d)])) if np.isfinite(d).any() else 0.0 for d in distance.T])
            worst = int(np.argmax(np.nan_to_num(off / size_px)))
            if not off[worst] > MISFIT * size_px[worst]:
                break
            wrong[trial, worst] = True
    return wrong
