"""Choosing a bounded number of a trial's keypoints, well spread over it, by which its cameras can be compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import BoolArray, FloatArray, IntArray
from kineograph.model.sightings import Sightings
from kineograph.model.skeleton import counterpart
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import NOT_SEEN, PersonTracks
from kineograph.signal.common_clock import camera_frames
from kineograph.signal.resampling import sample
from kineograph.stages.marker_guards import FEET, HEAD

FEWEST_SHARED = 4
"""A frame is worth looking at where two cameras show this many keypoints of somebody."""
STRETCHES = 10
"""A trial's frames are cut into so many stretches; every other one is held out."""


def sightings_of_trial(
    trial: str,
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    calibrated_as: Sequence[str],
    synchronization: Synchronization,
    tracks: PersonTracks,
    *,
    min_confidence: float,
    max_frames: int,
) -> Sightings:
    """The confident keypoints of a trial's participants in at most `max_frames` frames.

    Where a trial has one participant and a camera shows one person, that person is taken even if association did not: a
    camera whose calibration is so wrong that association left it out is the very one to be looked at.

    Parameters
    ----------
    trial : str
        Its name.
    keypoints : sequence of Keypoints2D
        One a camera, in the order of the tracks' cameras.
    rig : Rig
        All cameras of the calibration; those that the trial has not are left NaN.
    calibrated_as : sequence of str
        The name in the rig of each camera of the trial.
    synchronization : Synchronization
        The common clock of the trial's cameras.
    tracks : PersonTracks
        Who is which detection.
    min_confidence : float
        Keypoints of a smaller confidence are left out.
    max_frames : int
        The most frames to take.
    """
    image = _confident(keypoints, synchronization, tracks, min_confidence)
    shared = (np.isfinite(image[..., 0]).sum(axis=2) >= FEWEST_SHARED).sum(axis=2) >= 2  # F, P
    chosen = _spread(np.flatnonzero(shared.any(axis=1)), max_frames)
    held_out = np.arange(len(chosen)) * STRETCHES // max(len(chosen), 1) % 2 == 1
    points = np.full((*image.shape[1:3], len(rig), 2), np.nan)
    points = np.broadcast_to(points, (len(chosen), *points.shape)).copy()
    columns = [rig.names.index(name) for name in calibrated_as]
    points[:, :, :, columns] = image[chosen]
    filmed = np.zeros((1, len(rig)), bool)
    filmed[0, columns] = True
    number = points.shape[1] * points.shape[2]
    flat = points.reshape(-1, len(rig), 2)
    names = keypoints[0].names if keypoints else ()
    mirrored = _mirrored(points, names, rig).reshape(flat.shape)
    everything = Sightings(
        rig.names,
        (trial,),
        filmed,
        flat,
        np.zeros(len(flat), int),
        np.repeat(chosen, number),
        np.repeat(held_out, number),
        mirrored,
        np.tile([(name in HEAD) - (name in FEET) for name in names], len(chosen) * points.shape[1]).astype(int),
    )
    return everything.select(everything.seen.sum(axis=1) >= 2)


def _mirrored(image: FloatArray, names: Sequence[str], rig: Rig) -> FloatArray:
    """The keypoints (F, P, K, C, 2) as they would be had each camera's pictures not been mirrored."""
    other = [names.index(counterpart(name, names)) for name in names]
    mirrored = image[:, :, other]
    mirrored[..., 0] = np.array([camera.size_px[0] - 1 for camera in rig.cameras]) - mirrored[..., 0]
    return mirrored


def _confident(
    keypoints: Sequence[Keypoints2D],
    synchronization: Synchronization,
    tracks: PersonTracks,
    min_confidence: float,
) -> FloatArray:
    """Each participant's confident keypoints on the common clock, (F, P, K, C, 2), px; NaN where there are none."""
    frames, people, cameras = tracks.detection.shape
    image = np.full((frames, people, len(keypoints[0].names) if keypoints else 0, cameras, 2), np.nan)
    for camera, item in enumerate(keypoints):
        confident = np.where((item.confidence >= min_confidence)[..., None], item.position_px, np.nan)
        when = camera_frames(synchronization, camera)
        for person in range(people):
            own = _alone(confident) if people == 1 else np.full((item.n_frames, *confident.shape[2:]), np.nan)
            taken = (tracks.detection[:, person, camera] != NOT_SEEN) & (tracks.frame[:, camera] >= 0)
            at = tracks.frame[taken, camera]
            own[at] = confident[at, tracks.detection[taken, person, camera]]
            image[:, person, :, camera] = sample(own, when)
    return image


def _alone(confident: FloatArray) -> FloatArray:
    """The keypoints (F, K, 2) of frames that show one person only, of detections (F, D, K, 2); NaN in other frames."""
    shown: BoolArray = np.isfinite(confident[..., 0]).sum(axis=2) >= FEWEST_SHARED
    alone = np.flatnonzero(shown.sum(axis=1) == 1)
    own = np.full((len(confident), *confident.shape[2:]), np.nan)
    if len(alone):
        own[alone] = confident[alone, shown[alone].argmax(axis=1)]
    return own


def _spread(frames: IntArray, most: int) -> IntArray:
    """At most so many of the frames, evenly spread over them."""
    if len(frames) <= most:
        return frames
    chosen: IntArray = frames[np.unique(np.linspace(0, len(frames) - 1, most).round().astype(int))]
    return chosen
