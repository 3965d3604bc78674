"""How far to look for the cameras' offsets: about what is known of them, and farther where doubts remain.

Nearby, few movements fit by chance. Where all cameras are told surely there, nobody looks farther: what was filmed in step
stays so. Where some are in doubt, offsets of many seconds are looked for as well, and are taken where they leave fewer cameras
in doubt, and where the views of each camera that they move agree much better than with the offsets found nearby.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from kineograph.geometry.epipolar import fundamental_matrix
from kineograph.geometry.lags import LagTable
from kineograph.geometry.view_pairs import FEWEST_FRAMES, Pair
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.stages.comparable_cameras import BEYOND_BETTER, BEYOND_LENGTH
from kineograph.stages.motion_clocks import RIVAL_APART_S, STRETCHES, MotionClocks, clocks_from_motion, cut
from kineograph.stages.seen_people import WINDOW_S, WINDOWS, Seen, seen_people, windows

NEAR_S = 1.0
"""So far offsets are looked for first ..."""
FAR_S = 15.0
"""... and so far where that leaves doubts."""
SHORTEST_DRIFT_S = 60.0
"""Shorter trials are not searched for drift: 50 ppm, which is much for a quartz, move a camera by 3 ms in a minute."""
OUT_OF_STEP = 2.0
"""A camera is out of step if its views disagree, as they are taken, by so many times as much as at their best."""


@dataclass(frozen=True)
class Filmed:
    """What offsets are looked for in: C cameras' keypoints, their calibration and rates (C,), the common rate, and settings."""

    keypoints: Sequence[Keypoints2D]
    rig: Rig
    rates_hz: FloatArray
    fps_hz: float
    min_confidence: float
    min_improvement: float
    drift: bool

    @property
    def matrices(self) -> dict[Pair, FloatArray]:
        """The fundamental matrix of each pair of cameras."""
        cameras = self.rig.cameras
        return {(i, j): fundamental_matrix(cameras[i], cameras[j]) for i, j in combinations(range(len(cameras)), 2)}


@dataclass(frozen=True, eq=False)
class Searched:
    """What a search has found.

    Attributes
    ----------
    seen : Seen
        What the cameras show, as if each had started as late as `about` says.
    about : (C,) array of int
        The offsets that were looked about, frames.
    limit : int
        How far about them, frames.
    reach : int
        How far was looked in all, frames: farther than `limit` where what is there was not taken.
    found : MotionClocks or None
        The clocks, counted from `about`; None of a trial that is too short.
    out_of_step : dict of int to float
        Cameras in doubt whose views, at the clocks taken, disagree by so many times as much as at their best lags, or as the
        other cameras' do; NaN where nothing but other cameras' offsets of seconds speaks against their being in step.
    """

    seen: Seen
    about: IntArray
    limit: int
    reach: int
    found: MotionClocks | None
    out_of_step: dict[int, float] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """The number of frames of the trial."""
        return max(self.seen.counts)


def search(filmed: Filmed, about_s: FloatArray, max_offset_s: float | None) -> Searched:
    """Look for the cameras' clocks.

    Parameters
    ----------
    filmed : Filmed
        The cameras.
    about_s : (C,) array
        When each camera started, as far as is known, s; 0 where nothing is.
    max_offset_s : float or None
        How far about that to look, s; None for a second and, where that leaves doubts, farther.
    """
    about = np.round(about_s * filmed.fps_hz).astype(int)
    near_frames = NEAR_S * filmed.fps_hz
    near = _look(filmed, about, NEAR_S if max_offset_s is None else max_offset_s)
    if near.found is None or max_offset_s is not None:
        return _judged(near, near, about, near_frames)
    if not near.found.doubtful and np.abs(near.found.kept[0]).max() < near.limit - 1:
        return near
    far = _look_far(filmed, about, near)
    if far is None or far.found is None or not _better(far, near, RIVAL_APART_S * filmed.fps_hz):
        return _judged(near, far or near, about, near_frames)
    if far.longest <= WINDOWS * round(WINDOW_S * filmed.fps_hz):
        return _judged(far, far, about, near_frames)
    closer = _look(filmed, about + np.round(far.found.kept[0]).astype(int), NEAR_S)
    return _judged(replace(closer, reach=far.reach), closer, about, near_frames)


def _look(
    filmed: Filmed, about: IntArray, limit_s: float, parts: list[tuple[int, int]] | None = None, *, drift: bool = True
) -> Searched:
    """Look so far about these offsets, in these parts of the trial or all over it."""
    fps_hz, limit = filmed.fps_hz, round(limit_s * filmed.fps_hz)
    seen = seen_people(
        filmed.keypoints, filmed.rig, filmed.rates_hz, fps_hz, filmed.min_confidence, about - about.min(), parts
    )
    longest = max(seen.counts)
    if longest < STRETCHES[0] * FEWEST_FRAMES:
        return Searched(seen, about, limit, limit, None)
    found = clocks_from_motion(
        seen,
        filmed.matrices,
        cut(windows(longest, fps_hz) if parts is None else parts),
        limit,
        fps_hz,
        filmed.min_improvement,
        drift=drift and filmed.drift and longest >= SHORTEST_DRIFT_S * fps_hz,
    )
    return Searched(seen, about, limit, limit, found)


def _look_far(filmed: Filmed, about: IntArray, near: Searched) -> Searched | None:
    """Look far; in long trials in one part about the middle, as windows that are shorter than a lag share nothing."""
    longest, most = near.longest, WINDOWS * round(WINDOW_S * filmed.fps_hz)
    far_s = min(FAR_S, BEYOND_LENGTH * longest / filmed.fps_hz)
    if far_s <= NEAR_S:
        return None
    if longest <= most:
        return _look(filmed, about, far_s)
    return _look(filmed, about, far_s, [((longest - most) // 2, (longest + most) // 2)], drift=False)


def _better(far: Searched, near: Searched, apart: float) -> bool:
    """Whether far offsets leave fewer cameras in doubt, and the views of all that they move agree much better.

    Less than `apart` frames is no move.
    """
    wide, narrow = far.found, near.found
    if wide is None or narrow is None or wide.table is None or len(wide.doubtful) >= len(narrow.doubtful):
        return False
    there, here = wide.kept[0], narrow.kept[0]
    surely = np.array([camera not in wide.doubtful for camera in range(len(there))])
    table, change = wide.table.restricted(surely), there - here
    moved = surely & (np.abs(change - np.median(change[surely])) > apart)
    return bool(moved.any()) and all(
        _disagreement(table, camera, there) < BEYOND_BETTER * _disagreement(table, camera, here)
        for camera in np.flatnonzero(moved).tolist()
    )


def _judged(taken: Searched, widest: Searched, about: IntArray, near_frames: float) -> Searched:
    """The search that is taken, with the cameras that the widest one shows to be out of step as it takes them.

    Those are cameras in doubt that stay where they are thought to have started (`about`, (C,), frames), though their views
    don't agree there. Where others are more than `near_frames` apart, cameras in doubt have no claim to be in step either.
    """
    if taken.found is None or widest.found is None or widest.found.table is None:
        return taken
    table, kept = widest.found.table, taken.found.kept[0]
    moved = taken.about + kept - about
    times = {camera: _times_the_best(table, camera, kept) for camera in sorted(taken.found.doubtful)}
    times |= {camera: taken.found.poor[camera] for camera in taken.found.unproven if camera in taken.found.poor}
    out = {camera: value for camera, value in times.items() if value >= OUT_OF_STEP and not moved[camera]}
    if np.ptp(moved) > near_frames:
        out = {camera: math.nan for camera in times if not moved[camera]} | out
    return replace(taken, reach=max(taken.reach, widest.reach), out_of_step=out)


def _disagreement(table: LagTable, camera: int, offset: FloatArray) -> float:
    """Mean disagreement of a camera's pairs at these offsets (C,), px; NaN where the table has none of them."""
    own = [
        float(curve[lag + table.limit])
        for (i, j), curve in table.plain.items()
        if camera in (i, j) and abs(lag := round(float(offset[i] - offset[j]))) <= table.limit
    ]
    return float(np.mean(own)) if own else math.nan


def _times_the_best(table: LagTable, camera: int, offset: FloatArray) -> float:
    """By how many times a camera's views disagree more at these offsets (C,) than at the best lag of each pair."""
    best = [float(curve.min()) for pair, curve in table.plain.items() if camera in pair]
    if not best:
        return 0.0
    now = _disagreement(table, camera, offset)
    return now / max(float(np.mean(best)), 1e-9) if math.isfinite(now) else 0.0
