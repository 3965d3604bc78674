"""Cameras whose frames don't come evenly, such as phones': telling them, and laying their keypoints out evenly."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from kineograph.model.keypoints import Keypoints2D

UNEVEN_FRAMES = 0.25
"""A camera runs evenly where no frame is further than this part of an interval from where its rate puts it."""

FARTHEST_FRAMES = 2.0
"""Farther than so many intervals from all frames, what the camera would have shown is not known."""


def runs_evenly(keypoints: Keypoints2D) -> bool:
    """True where a camera's frames are where its frame rate puts them; phones and screen recordings have varying rates."""
    if keypoints.n_frames < 2 or math.isnan(keypoints.fps_hz):
        return True
    away = keypoints.time_s - keypoints.time_s[0] - np.arange(keypoints.n_frames) / keypoints.fps_hz
    return bool(np.ptp(away) * keypoints.fps_hz <= 2 * UNEVEN_FRAMES)


def even_frames(keypoints: Keypoints2D) -> Keypoints2D:
    """The same camera as if it had run evenly at its frame rate.

    People are interpolated between the two frames around each time where the camera followed them (`track_id`) and they have the
    same place in both; the others are as in the nearest frame, or missing where there is none near.
    """
    if runs_evenly(keypoints):
        return keypoints
    own_s = keypoints.time_s - keypoints.time_s[0]
    even_s = np.arange(int(own_s[-1] * keypoints.fps_hz) + 1) / keypoints.fps_hz
    where = np.interp(even_s, own_s, np.arange(len(own_s)))
    before = np.minimum(where.astype(int), len(own_s) - 2)
    nearest = np.round(where).astype(int)
    arrays = {name: getattr(keypoints, name)[nearest] for name in ("position_px", "confidence", "bbox_px", "track_id")}
    one, other = keypoints.track_id[before], keypoints.track_id[before + 1]
    followed = ((one == other) & (one >= 0))[:, :, None, None]
    part = (where - before)[:, None, None, None]
    between = keypoints.position_px[before] * (1 - part) + keypoints.position_px[before + 1] * part
    arrays["position_px"] = np.where(followed, between, arrays["position_px"])
    lost = np.abs(own_s[nearest] - even_s) * keypoints.fps_hz > FARTHEST_FRAMES
    for name, nothing in (("position_px", np.nan), ("confidence", 0.0), ("bbox_px", np.nan), ("track_id", -1)):
        arrays[name][lost] = nothing
    return dataclasses.replace(keypoints, time_s=even_s, **arrays)
