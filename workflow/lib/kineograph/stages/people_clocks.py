"""The cameras' offsets in a trial while their poses become known: first whichever lets any poses be found, then by those poses.

What is found here serves the calibration only. The trial's own synchronization follows, with the finished calibration and all
its checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

import numpy as np

from kineograph.geometry.epipolar import fundamental_matrix
from kineograph.geometry.lags import LagTable, tabulate
from kineograph.geometry.projection import to_normalized
from kineograph.geometry.timing import estimate_clocks
from kineograph.geometry.unposed_lags import unposed_curve
from kineograph.geometry.view_pairs import ViewPairs
from kineograph.model.camera import Camera
from kineograph.model.pieces import Piece
from kineograph.model.shapes import FloatArray
from kineograph.stages.motion_clocks import SPEED_S, coarse_step, cut
from kineograph.stages.people_views import TrialViews, prepared
from kineograph.stages.seen_people import windows

CHOICE_S = 0.5
"""Who moves is told from lags up to this, where no offsets are looked for."""


@dataclass(frozen=True)
class Timing:
    """What is known of the cameras' offsets in a trial: the section ``synchronization``."""

    method: str = "motion"
    max_offset_s: float = 1.0
    offsets_s: Mapping[str, float] = field(default_factory=dict)
    min_confidence: float = 0.4

    @property
    def searched(self) -> bool:
        """Whether offsets are looked for; with timestamps they are as well, since frames may have been lost."""
        return self.method not in ("none", "given")


def given_clocks(trial: TrialViews, timing: Timing, cameras: Sequence[str]) -> FloatArray:
    """The offsets (C,) that are stated, frames; 0 where none is."""
    offset_s = [timing.offsets_s.get(name, 0.0) if timing.method == "given" else 0.0 for name in cameras]
    clocks: FloatArray = np.array(offset_s) * trial.fps_hz
    return clocks


def first_look(
    trial: TrialViews,
    candidates: Sequence[Sequence[FloatArray]],
    lenses: Sequence[Camera],
    timing: Timing,
    start: FloatArray,
    scale: float,
) -> tuple[TrialViews, FloatArray]:
    """The person of each camera, and the offsets (C,), frames, with which relative poses explain what was seen best.

    Of several people, those are taken whose views agree much better at one lag than at others: the same person, who moves.
    """
    if not trial.filmed().any():
        return trial, start
    limit = round(timing.max_offset_s * trial.fps_hz) if timing.searched else 0
    several = any(len(found) > 1 for found in candidates)
    if not limit and not several:
        return trial, start
    reach = max(limit, round(CHOICE_S * trial.fps_hz))
    views = [
        [to_normalized(lens, prepared(person, trial.fps_hz, pace)) for person in found]
        for found, lens, pace in zip(candidates, lenses, trial.pace.tolist(), strict=True)
    ]
    if not timing.searched:  # stated offsets are taken back, whole frames at a time
        views = [[_shifted(view, round(float(at))) for view in found] for found, at in zip(views, start, strict=True)]
    curves: dict[tuple[int, int, int, int], FloatArray] = {}
    for i, j in combinations([c for c, found in enumerate(candidates) if len(found[0])], 2):
        for (a, first), (b, second) in product(enumerate(views[i]), enumerate(views[j])):
            curve = unposed_curve(first, second, reach, trial.fps_hz, scale)
            if curve is not None:
                curves[i, a, j, b] = curve
    chosen = _who_moves(curves, [len(found) for found in candidates])
    person = [found[which] for found, which in zip(candidates, chosen, strict=True)]
    trial = replace(trial, person=person)
    if not limit:
        return trial, start
    theirs = {
        (i, j): curve[reach - limit : reach + limit + 1]
        for (i, a, j, b), curve in curves.items()
        if (chosen[i], chosen[j]) == (a, b)
    }
    table = LagTable(theirs, limit, len(lenses), theirs)
    group = table.groups()[0]
    return trial, table.restricted(group).best_offsets(int(np.flatnonzero(group)[0]))


def by_poses(trial: TrialViews, cameras: Sequence[Camera | None], timing: Timing, now: FloatArray) -> FloatArray:
    """The offsets (C,), frames with fractions, with which the views agree best at these poses.

    Parameters
    ----------
    trial : TrialViews
        The trial.
    cameras : sequence of Camera or None
        Cameras without distortion; None for those that are not placed.
    timing : Timing
        Whether offsets are looked for, and how large they may be.
    now : (C,) array
        The offsets so far: those of cameras that can't be compared stay.
    """
    views = trial.views
    usable = {index: camera for index, camera in enumerate(cameras) if camera is not None and len(views[index])}
    matrices = {
        (i, j): fundamental_matrix(first, second) for (i, first), (j, second) in combinations(usable.items(), 2)
    }
    if not timing.searched or not matrices:
        return now
    limit = round(timing.max_offset_s * trial.fps_hz)
    pairs = ViewPairs(views, matrices, SPEED_S * trial.fps_hz)
    count = max(len(view) for view in views)
    pieces = [[Piece(0, view)] if len(view) else [] for view in views]
    table = tabulate(pieces, matrices, np.arange(count), limit, coarse_step(trial.fps_hz))
    group = table.groups()[0]
    if group.sum() < 2:
        return now
    reference = int(np.flatnonzero(group)[0])
    start = table.restricted(group).best_offsets(reference) * group
    free = np.stack([group, np.zeros_like(group)])
    free[0, reference] = False
    stretches = cut(windows(count, trial.fps_hz))
    found = estimate_clocks(pairs.restricted(group), stretches, start, free)
    sure = found.significant[0] | (start != 0)
    result: FloatArray = np.where(group, np.where(sure, found.clocks[0], 0.0) + now[reference], now)
    return result


def _who_moves(curves: dict[tuple[int, int, int, int], FloatArray], counts: list[int]) -> list[int]:
    """One person of each camera, by how much agreement depends on the lag."""
    contrast = {key: float(np.median(curve) - curve.min()) for key, curve in curves.items()}
    chosen = [0] * len(counts)
    for _ in range(len(counts) * 2):
        before = list(chosen)
        for camera, count in enumerate(counts):
            sums = [
                sum(
                    value
                    for (i, a, j, b), value in contrast.items()
                    if (i == camera and a == which and b == chosen[j])
                    or (j == camera and b == which and a == chosen[i])
                )
                for which in range(count)
            ]
            chosen[camera] = int(np.argmax(sums))
        if chosen == before:
            break
    return chosen


def _shifted(view: FloatArray, frames: int) -> FloatArray:
    """The view as if the camera had started with the common clock."""
    if frames > 0:
        return np.concatenate([np.full((frames, *view.shape[1:]), np.nan), view])
    return view[-frames:]
