"""Where the frames of cameras are on the common clock of a trial, and what cameras show of people at its times."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kineograph.model.inputs import SAME_RATE
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import NOT_SEEN, PersonTracks
from kineograph.signal.resampling import ON_A_FRAME, sample

LONG_STEP = 1.5
"""Frames further apart than this many usual intervals have a gap between them, which is not interpolated."""


def lay_out(
    cameras: Sequence[str],
    counts: Sequence[int],
    clocks: tuple[FloatArray, FloatArray, FloatArray],
    fps_hz: float,
    frames: tuple[int, int] | None,
    frame_time_s: dict[str, FloatArray] | None,
) -> Synchronization:
    """The clock that spans every frame of every camera, on the grid of a camera whose offset is zero.

    Parameters
    ----------
    cameras : sequence of str
        The C cameras.
    counts : sequence of int
        Their numbers of frames.
    clocks : tuple of (C,) arrays
        Their offsets (s), drifts (ppm) and frame rates (Hz).
    fps_hz : float
        Rate of the common clock, Hz.
    frames : tuple of int or None
        First and last frame of the common clock to keep; None for all.
    frame_time_s : dict of str to array, optional
        Times of the frames of cameras that have them, on the common clock, s.
    """
    offset_s, drift_ppm, rate_hz = clocks
    known = frame_time_s or {}
    spans = [
        (known[name][0], known[name][-1])
        if name in known
        else (offset_s[c], offset_s[c] + (count - 1) / rate_hz[c] / (1 + drift_ppm[c] * 1e-6))
        for c, (name, count) in enumerate(zip(cameras, counts, strict=True))
        if count > 0
    ]
    start, number = 0.0, 0
    if spans and not math.isnan(fps_hz):
        begin = math.floor(min(first for first, _ in spans) * fps_hz + ON_A_FRAME)
        number = math.ceil(max(last for _, last in spans) * fps_hz - ON_A_FRAME) - begin + 1
        start = begin / fps_hz
    if frames and number:
        first, last = frames[0], min(frames[1], number - 1)
        start, number = start + first / fps_hz, max(last - first + 1, 0)
    return Synchronization(tuple(cameras), offset_s, drift_ppm, fps_hz, start, number, rate_hz, known)


def settled_rates(rates_hz: FloatArray) -> FloatArray:
    """The cameras' frame rates (C,), Hz, with those that are one rate made equal (to the highest of them)."""
    settled, left = rates_hz.copy(), np.isfinite(rates_hz)
    while left.any():
        rate = settled[left].max()
        same = left & (settled >= rate * (1 - SAME_RATE))
        settled[same], left = rate, left & ~same
    return settled


def nearest_frames(keypoints: Sequence[Keypoints2D], synchronization: Synchronization) -> IntArray:
    """The camera's frame nearest to each frame of the common clock, (F, C); -1 where there is none within half a frame."""
    time_s = synchronization.time_s
    columns = []
    for camera, item in enumerate(keypoints):
        if not item.n_frames:
            columns.append(np.full(len(time_s), NOT_SEEN))
            continue
        index = camera_frames(synchronization, camera)
        nearest = np.floor(np.nan_to_num(index, nan=NOT_SEEN) + 0.5).astype(int)
        columns.append(np.where((nearest >= 0) & (nearest < item.n_frames), nearest, NOT_SEEN))
    return np.stack(columns, axis=1) if columns else np.zeros((len(time_s), 0), int)


def camera_frames(synchronization: Synchronization, camera: int) -> FloatArray:
    """The camera's own fractional frame number at each frame of the common clock, (F,).

    Beyond the camera's first and last frame the numbers go on at its rate. NaN in gaps of a camera that lost frames.
    """
    known = synchronization.frame_time_s.get(synchronization.cameras[camera])
    if known is not None:
        stamped: FloatArray = np.round(_between(synchronization.time_s, known), 6)
        return stamped
    clock = 1 + synchronization.drift_ppm[camera] * 1e-6
    own_time_s = (synchronization.time_s - synchronization.offset_s[camera]) * clock
    frames: FloatArray = np.round(own_time_s * synchronization.camera_fps_hz[camera], 6)
    return frames


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


def _between(time_s: FloatArray, frame_time_s: FloatArray) -> FloatArray:
    """Fractional frame numbers (F,) at the times `time_s`, of frames at increasing times; NaN in gaps between them."""
    count = len(frame_time_s)
    usual_s = float(np.median(np.diff(frame_time_s))) if count > 1 else math.inf
    frame = np.interp(time_s, frame_time_s, np.arange(count))
    frame = (
        frame + np.minimum(time_s - frame_time_s[0], 0) / usual_s + np.maximum(time_s - frame_time_s[-1], 0) / usual_s
    )
    if count < 2:
        return np.asarray(frame, dtype=float)
    before = np.clip(np.searchsorted(frame_time_s, time_s, side="right") - 1, 0, count - 2)
    in_gap = (np.diff(frame_time_s)[before] > LONG_STEP * usual_s) & (frame > before) & (frame < before + 1)
    to_frame = np.stack([time_s - frame_time_s[before], frame_time_s[before + 1] - time_s])
    on_a_side = np.where(to_frame.min(axis=0) <= usual_s / 2, before + to_frame.argmin(axis=0), np.nan)
    placed: FloatArray = np.where(in_gap, on_a_side, frame)
    return placed
