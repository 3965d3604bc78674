"""The person whose movement tells the cameras' clocks, as each camera shows them.

Trials are looked at whole, or, where they are long, in windows spread evenly over them: so the cost does not grow with length.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from kineograph.geometry.lags import agreement_curve
from kineograph.geometry.projection import undistort_pixels
from kineograph.geometry.view_pairs import Pair
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray
from kineograph.signal.chains import chains
from kineograph.signal.filters._apply import filter_series
from kineograph.signal.resampling import sample

MOST_PEOPLE = 3
"""So many people of each camera are candidates for the one whose movement is compared."""
SMOOTHING = {"cutoff_hz": 5.0, "order": 4}
WINDOW_S = 4.0
WINDOWS = 20
"""Longer trials than all of these windows together are looked at in them only."""


def windows(frames: int, fps_hz: float) -> list[tuple[int, int]]:
    """First and last-but-one frame of the windows into a trial of so many frames."""
    size = round(WINDOW_S * fps_hz)
    if frames <= WINDOWS * size:
        return [(0, frames)]
    starts = np.linspace(0, frames - size, WINDOWS).round().astype(int)
    return [(start, start + size) for start in starts.tolist()]


def moving_views(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    matrices: dict[Pair, FloatArray],
    rates_hz: FloatArray,
    fps_hz: float,
    limit: int,
    min_confidence: float,
) -> list[FloatArray]:
    """Each camera's view of the person who moves, as if all cameras had started together.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera.
    rig : Rig
        The same cameras' calibration.
    matrices : dict of (int, int) to (3, 3) array
        Fundamental matrices of the pairs of cameras.
    rates_hz : (C,) array
        The cameras' frame rates, Hz.
    fps_hz : float
        Rate of the views, Hz.
    limit : int
        Largest lag between two cameras, frames at that rate.
    min_confidence : float
        Keypoints of a smaller confidence are left out.

    Returns
    -------
    list of (F, K, 2) arrays
        px, undistorted and smoothed; NaN where not confident, outside the windows, and for cameras that see nobody.
    """
    pace = rates_hz / fps_hz
    counts = np.ceil(np.array([item.n_frames for item in keypoints]) / pace).astype(int)
    views = [
        np.full((count, len(item.names), 2), np.nan) for count, item in zip(counts.tolist(), keypoints, strict=True)
    ]
    for first, last in windows(int(counts.max()), fps_hz):
        people = []
        for camera, item in enumerate(keypoints):
            begin, end = int(first * pace[camera]), int(np.ceil(last * pace[camera])) + 1
            frame = np.arange(first, min(last, counts[camera])) * pace[camera] - begin
            found = _people(item, slice(begin, end), min_confidence)
            smooth = [undistort_pixels(rig.cameras[camera], _smoothed(person, rates_hz[camera])) for person in found]
            people.append([sample(person, frame) for person in smooth])
        for view, person in zip(views, _moving_person(people, matrices, limit), strict=True):
            view[first : first + len(person)] = person
    return views


def _people(keypoints: Keypoints2D, part: slice, min_confidence: float) -> list[FloatArray]:
    """The people whom a camera shows largest and longest, (F, K, 2) each, px, NaN where not confident; at least one."""
    position, confidence = keypoints.position_px[part], keypoints.confidence[part]
    found = chains(np.where((confidence >= min_confidence)[..., None], position, np.nan), MOST_PEOPLE)
    return found or [np.full((len(position), len(keypoints.names), 2), np.nan)]


def _smoothed(position_px: FloatArray, fps_hz: float) -> FloatArray:
    """Positions (F, K, 2) without what is too fast to be sampled between frames."""
    series = position_px.reshape(len(position_px), -1)
    if not len(series) or fps_hz <= 2 * SMOOTHING["cutoff_hz"]:
        return position_px
    return filter_series(series, fps_hz, "butterworth", SMOOTHING).reshape(position_px.shape)


def _moving_person(people: list[list[FloatArray]], matrices: dict[Pair, FloatArray], limit: int) -> list[FloatArray]:
    """One person of each camera, (F, K, 2): the choice under which disagreement depends most on the offsets.

    Views of somebody who moves agree much better at the right offset than at others. Views of different people, or of somebody
    who stands still, agree about as well, or badly, at any.
    """
    if all(len(found) == 1 for found in people):
        return [found[0] for found in people]
    contrast = {}
    for (i, j), matrix in matrices.items():
        for (a, first), (b, second) in product(enumerate(people[i]), enumerate(people[j])):
            curve = agreement_curve(first, second, matrix, np.arange(len(first)), limit)
            contrast[i, a, j, b] = 0.0 if curve is None else float(np.median(curve) - curve.min())
    chosen = [0] * len(people)
    for _ in range(len(people) * 2):
        before = list(chosen)
        for camera, found in enumerate(people):
            sums = [
                sum(
                    value
                    for (i, a, j, b), value in contrast.items()
                    if (i == camera and a == which and b == chosen[j])
                    or (j == camera and b == which and a == chosen[i])
                )
                for which in range(len(found))
            ]
            chosen[camera] = int(np.argmax(sums))
        if chosen == before:
            break
    return [found[which] for found, which in zip(people, chosen, strict=True)]
