"""The participants' keypoints of all cameras at the common times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import PersonTracks
from kineograph.signal.resampling import sample
from kineograph.stages.associate import camera_frames


def on_common_clock(
    keypoints: Sequence[Keypoints2D], synchronization: Synchronization, tracks: PersonTracks
) -> tuple[FloatArray, FloatArray]:
    """Each participant's keypoints in every camera at the common times.

    Where a camera's frames fall between those of the common clock, keypoints are interpolated between the two frames, if
    the participant was seen in both.

    Returns
    -------
    position_px : (F, P, K, C, 2) array
        px as in the videos, NaN where not seen.
    confidence : (F, P, K, C) array
        0 where not seen.
    """
    frames, people, cameras = tracks.detection.shape
    count = len(keypoints[0].names) if keypoints else 0
    position = np.full((frames, people, count, cameras, 2), np.nan)
    confidence = np.zeros((frames, people, count, cameras))
    for camera, item in enumerate(keypoints):
        when = camera_frames(synchronization, camera)
        for person in range(people):
            seen = (tracks.detection[:, person, camera] >= 0) & (tracks.frame[:, camera] >= 0)
            own_position = np.full((item.n_frames, count, 2), np.nan)
            own_confidence = np.full((item.n_frames, count), np.nan)
            at = tracks.frame[seen, camera], tracks.detection[seen, person, camera]
            own_position[at[0]] = item.position_px[at]
            own_confidence[at[0]] = item.confidence[at]
            position[:, person, :, camera] = sample(own_position, when)
            confidence[:, person, :, camera] = np.nan_to_num(sample(own_confidence, when))
    return position, confidence
