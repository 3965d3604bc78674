"""A camera that lost frames in mid-trial: what to say of it, and its keypoints with the frames after the gap at their time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kineograph.geometry.lag_steps import LagStep
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason
from kineograph.model.shapes import FloatArray


def lost_frames(keypoints: Keypoints2D, step: LagStep, fps_hz: float) -> Reason:
    """What is wrong with the camera.

    Parameters
    ----------
    keypoints : Keypoints2D
        The camera.
    step : LagStep
        Its step, in frames of the rate `fps_hz`.
    fps_hz : float
        That rate, Hz.
    """
    name, at_s, by_s = keypoints.camera, step.frame / fps_hz, step.frames / fps_hz
    if step.frames > 0:
        return Reason(
            "warn",
            f"{name} lost frames about {at_s:.1f} s after its start: by the movement that it saw, what follows is {by_s:.3f} s "
            "later than its frames count, and was taken so",
            f"camera {name}",
            "is the storage of this camera quick enough? Times of its frames are surer, if there are any (method timestamps)",
        )
    return Reason(
        "fail",
        f"{name} has frames too many about {at_s:.1f} s after its start: what follows is {-by_s:.3f} s earlier than they count",
        f"camera {name}",
        "cut the trial there (frames), or give the times of its frames (synchronization.method: timestamps)",
    )


def with_lost_frames(
    keypoints: Sequence[Keypoints2D], steps: Mapping[int, LagStep], rates_hz: FloatArray, fps_hz: float
) -> list[Keypoints2D]:
    """The cameras' keypoints with the time of each frame as the steps say; frames too many are left as they are."""
    mended = list(keypoints)
    for camera, step in steps.items():
        if step.frames > 0:
            item = keypoints[camera]
            first = int(np.ceil(step.frame * rates_hz[camera] / fps_hz))
            later_s = np.where(np.arange(item.n_frames) >= first, step.frames / fps_hz, 0.0)
            mended[camera] = replace(item, time_s=item.time_s + later_s)
    return mended
