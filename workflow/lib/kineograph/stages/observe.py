"""What every camera saw of each participant, on the trial's common clock: the detections that association gave them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.observations import Observations
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import PersonTracks
from kineograph.signal.common_clock import on_common_clock


def observe(
    keypoints: Sequence[Keypoints2D], rig: Rig, synchronization: Synchronization, tracks: PersonTracks
) -> Observations:
    """Gather the participants' keypoints from all cameras.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera, in the order of the tracks' cameras, of one skeleton.
    rig : Rig
        The same cameras' calibration, in the same order.
    synchronization : Synchronization
        The common clock of the same cameras.
    tracks : PersonTracks
        Who is which detection.
    """
    position_px, confidence = on_common_clock(keypoints, synchronization, tracks)
    return Observations(
        tracks.participants,
        keypoints[0].names if keypoints else (),
        tracks.cameras,
        rig.names,
        keypoints[0].skeleton if keypoints else "",
        position_px,
        confidence,
        np.reshape([item.size_px for item in keypoints], (-1, 2)).astype(int),
        tracks.time_s,
        tracks.fps_hz,
    )
