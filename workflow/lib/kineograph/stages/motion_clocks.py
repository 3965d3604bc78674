"""The cameras' clocks from the movement that they saw: which cameras can be compared, their clocks, and what to keep of them.

A camera's offset (and, in long trials, its drift) is kept where it differs from zero by more than four standard errors, if
those estimated from one half of the stretches make the views agree better in the other half, if pairs of views that agree as
closely as right ones do tie it to the other cameras, and if no other offset fits nearly as well, as in steady walking those
of whole strides do. Else the camera is left as it is.
Cameras that are synchronized among themselves but not with the rest keep their mean offset at zero: of all ways to place them
against a camera of which nothing is known, that has the smallest squared error to be expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kineograph.geometry.lags import LagTable, mean_table, rival, tabulate
from kineograph.geometry.timing import ClockEstimate, estimate_clocks
from kineograph.geometry.view_pairs import Pair, ViewPairs
from kineograph.model.pieces import Piece
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.stages.clock_acceptance import HeldOut, linked_cameras
from kineograph.stages.comparable_cameras import MISFIT, beyond_the_limit, without_misfits, without_still
from kineograph.stages.same_people import lay_out_people
from kineograph.stages.seen_people import Seen

SPEED_S = 0.03
"""Speeds are taken over so long before and after."""
COARSE_S = 1 / 30
"""Steps of the coarse search: smoothed movement changes little over them."""
STRETCHES = (6, 20)
"""Fewest and most stretches into which the trial is cut."""
STRETCH_FRAMES = 60
MIDDLE = 0.25
"""The coarse search of long trials looks at this part of them, around their middle: over it, drift does not blur the lag."""
REFINED_FROM_ZERO = 3
"""Lags up to this many frames are left to the refinement, which starts from zero then."""
RIVAL_APART_S = 0.15
RIVAL_COARSE = 2.0
"""Rivals whose disagreement at whole frames is less than this many times the best one's are looked at closely."""
RIVAL_REFUSED = 1.1
"""An offset is not kept where another's disagreement is less than this many times its own ..."""
RIVAL_NAMED = 1.3
"""... and kept with a warning below this."""
UNPROVEN_FRAMES = 2.0
"""An offset of so many frames that is significant, but not kept, is named."""


@dataclass(frozen=True)
class MotionClocks:
    """What movement tells of the cameras' clocks.

    Attributes
    ----------
    kept : (2, C) array
        The clocks to use, as in :class:`ViewPairs`: 0 where they are not kept.
    estimate : ClockEstimate
        The clocks as estimated, and their standard errors; 0 for cameras that were not compared.
    compared : (C,) array of bool
        The cameras whose clocks were estimated; the first of them is the reference.
    unseen, misfits, still : lists of int
        Cameras that share nobody with the others; that don't fit them at any offset; that saw too little movement.
    rivals : dict of int to (float, float)
        For cameras where there is one: another offset that fits, frames, and its disagreement relative to the best one's.
    improvement : (C,) array
        Part by which views of the camera agree better, where not estimated from; NaN where nothing is kept.
    disagreement_px : tuple of float
        With the clocks kept, and with none.
    poor : dict of int to float
        Cameras whose views disagree, even with the clocks kept, by so many times as much as the others' do.
    beyond : dict of int to float
        Cameras whose movement fits the others' at an offset larger than those looked for only: that offset, frames.
    loose : dict of int to (float, float)
        Cameras that no pair of views ties to the others closely: the disagreement of their best pair, and what would do, px.
    table : LagTable or None
        The disagreement of all pairs over whole-frame lags.
    """

    kept: FloatArray
    estimate: ClockEstimate
    compared: BoolArray
    unseen: list[int] = field(default_factory=list)
    misfits: list[int] = field(default_factory=list)
    still: list[int] = field(default_factory=list)
    rivals: dict[int, tuple[float, float]] = field(default_factory=dict)
    improvement: FloatArray = field(default_factory=lambda: np.zeros(0))
    disagreement_px: tuple[float, float] = (math.nan, math.nan)
    poor: dict[int, float] = field(default_factory=dict)
    beyond: dict[int, float] = field(default_factory=dict)
    loose: dict[int, tuple[float, float]] = field(default_factory=dict)
    table: LagTable | None = None

    @property
    def doubtful(self) -> set[int]:
        """Cameras that could not be compared, or whose clock is not told surely."""
        doubted = {*self.beyond, *self.loose, *self.poor}
        return doubted.union(self.unseen, self.misfits, self.still, self.refused, self.unproven)

    @property
    def refused(self) -> list[int]:
        """Cameras whose offset is not kept because another fits nearly as well."""
        return [camera for camera, (_, ratio) in self.rivals.items() if ratio < RIVAL_REFUSED]

    @property
    def unproven(self) -> list[int]:
        """Cameras with a large offset that is significant, but not kept, as held-out views did not agree better."""
        dropped = np.flatnonzero(_unproven(self.estimate, self.kept)).tolist()
        return [camera for camera in dropped if camera not in self.refused and camera not in self.loose]


def cut(windows: Sequence[tuple[int, int]]) -> list[FloatArray]:
    """The stretches of a trial: its windows, or where it is one window, parts of it."""
    if len(windows) > 1:
        return [np.arange(first, last, dtype=float) for first, last in windows]
    first, last = windows[0]
    number = int(np.clip((last - first) // STRETCH_FRAMES, *STRETCHES))
    return np.array_split(np.arange(first, last, dtype=float), number)


def clocks_from_motion(
    seen: Seen,
    matrices: dict[Pair, FloatArray],
    stretches: list[FloatArray],
    limit: int,
    fps_hz: float,
    min_improvement: float,
    *,
    drift: bool,
) -> MotionClocks:
    """Find the clocks and decide which to keep.

    Parameters
    ----------
    seen : Seen
        What each camera shows.
    matrices : dict of (int, int) to (3, 3) array
        Fundamental matrices of the pairs of cameras.
    stretches : list of (frames,) arrays
        The trial's frames in stretches; every other one is held out.
    limit : int
        Largest lag between two cameras, frames.
    fps_hz : float
        Rate of the views, Hz.
    min_improvement : float
        Part by which held-out views must agree better.
    drift : bool
        Whether to look for drift as well.
    """
    people, counts, cameras = seen.pieces, seen.counts, len(seen.counts)
    halves = [stretches[::2], stretches[1::2]]
    tables = _tables(people, matrices, halves, (max(counts) - 1) / 2, limit, fps_hz, middle_only=drift)
    whole = mean_table(tables)
    together = whole.groups()[0]
    unseen = np.flatnonzero(~together).tolist()
    beyond = beyond_the_limit(people, matrices, whole, together, max(counts), fps_hz, step=coarse_step(fps_hz))
    together[list(beyond)] = False
    together, misfits = without_misfits(whole, together)
    together, still = without_still(whole, together) if together.sum() > 1 else (together, [])
    nothing = ClockEstimate(np.zeros((2, cameras)), np.full((2, cameras), np.nan))
    if together.sum() < 2:
        return MotionClocks(
            nothing.clocks, nothing, np.zeros(cameras, bool), unseen, misfits, still, beyond=beyond, table=whole
        )
    start = whole.restricted(together).best_offsets(int(np.flatnonzero(together)[0])) * together
    pairs = ViewPairs(lay_out_people(people, counts, matrices, start), matrices, SPEED_S * fps_hz)
    estimate = _estimate(pairs, stretches, whole, together, drift=drift)
    rivals = _rivals(pairs, stretches, whole, together, estimate, round(RIVAL_APART_S * fps_hz))
    sure = together.copy()
    sure[[camera for camera, (_, ratio) in rivals.items() if ratio < RIVAL_REFUSED]] = False
    sure, loose = linked_cameras(pairs, estimate.clocks, stretches, sure, seen.noise_px)
    facts = (estimate, together, unseen, misfits, still, rivals)
    if sure.sum() < 2:
        return MotionClocks(nothing.clocks, *facts, np.full(cameras, np.nan), beyond=beyond, loose=loose, table=whole)
    known = np.round(estimate.clocks[0])
    final = estimate
    if (sure != together).any():
        final = _estimate(pairs, stretches, whole, sure, drift=drift, known=known)
    trials = HeldOut(
        pairs.restricted(sure),
        [
            _estimate(pairs, half, table, sure, drift=drift, known=known)
            for half, table in zip(halves, tables, strict=True)
        ],
        halves[::-1],
    )
    kept = trials.worth_keeping(final.significant & sure, min_improvement)
    if drift and (final.significant[1] & ~kept[1]).any():
        final = estimate_clocks(pairs.restricted(sure), stretches, final.clocks[0], _free(sure, kept[1]))
    clocks = np.where(kept, final.clocks, 0.0)
    placed = sure & ~_unproven(final, clocks)
    if clocks.any() and not placed.all():
        clocks[0, placed] -= clocks[0, placed].mean()
    disagreement = (trials.disagreement_px(kept), trials.disagreement_px(np.zeros_like(kept)))
    poor = _poor(trials.pairs, clocks, stretches)
    return MotionClocks(clocks, *facts, trials.improvement(kept), disagreement, poor, beyond, loose, whole)


def _unproven(estimate: ClockEstimate, kept: FloatArray) -> BoolArray:
    """Cameras (C,) with a large offset that is significant, but not kept."""
    large = np.abs(estimate.clocks[0]) >= UNPROVEN_FRAMES
    result: BoolArray = estimate.significant[0] & large & (kept[0] == 0)
    return result


def _tables(
    people: Sequence[Sequence[Piece]],
    matrices: dict[Pair, FloatArray],
    halves: list[list[FloatArray]],
    half_length: float,
    limit: int,
    fps_hz: float,
    *,
    middle_only: bool,
) -> list[LagTable]:
    """The lag tables of both halves; of the middle of the trial only, where that lets all cameras be compared."""
    step = coarse_step(fps_hz)

    def tabled(parts: list[list[FloatArray]]) -> list[LagTable]:
        return [tabulate(people, matrices, np.concatenate(half).astype(int), limit, step) for half in parts]

    middle = [[frame for frame in half if abs(frame.mean() / half_length - 1) <= MIDDLE] for half in halves]
    if middle_only and all(middle):
        tables = tabled(middle)
        if all(table.groups()[0].all() for table in tables):
            return tables
    return tabled(halves)


def coarse_step(fps_hz: float) -> int:
    """Frames between the lags that the coarse search looks at."""
    return max(1, round(COARSE_S * fps_hz))


def _estimate(
    pairs: ViewPairs,
    stretches: list[FloatArray],
    table: LagTable,
    together: BoolArray,
    *,
    drift: bool,
    known: FloatArray | None = None,
) -> ClockEstimate:
    """The clocks of these cameras, the first of them being the reference.

    Where the offsets `known` (C,) fit nearly as well as the best in the table, it is refined from them.
    """
    here = table.restricted(together)
    reference = int(np.flatnonzero(together)[0])
    start = here.best_offsets(reference) * together
    if known is not None and here.total(known) <= RIVAL_REFUSED * here.total(start):
        start = (known - known[reference]) * together
    if np.abs(start).max() <= REFINED_FROM_ZERO:
        start = np.zeros(len(together))
    return estimate_clocks(pairs.restricted(together), stretches, start, _free(together, together & drift))


def _free(cameras: BoolArray, drifting: BoolArray) -> BoolArray:
    """Which clocks (2, C) to find: those of all but the first camera, drifts of those that drift."""
    free = np.stack([cameras, drifting])
    free[:, np.flatnonzero(cameras)[0]] = False
    return free


def _rivals(
    pairs: ViewPairs,
    stretches: list[FloatArray],
    table: LagTable,
    together: BoolArray,
    estimate: ClockEstimate,
    apart: int,
) -> dict[int, tuple[float, float]]:
    """For each camera with one: the best other offset, in frames, and its disagreement relative to the best one's."""
    here = table.restricted(together)
    offset = estimate.clocks[0]
    found = {}
    for camera in np.flatnonzero(together).tolist():
        reach = 2 * table.limit  # of the first camera's rivals, whole strides of all others
        second = rival(here.profile(camera, offset, reach), round(float(offset[camera])) + reach, apart)
        if second is None:
            continue
        ratio, place = second.ratio, float(second.offset_frames)
        if ratio < RIVAL_COARSE:
            alone = np.zeros_like(together)
            alone[camera] = True
            own = pairs.restricted(together).of_camera(camera)
            start = np.where(alone, place, offset)
            other = estimate_clocks(own, stretches, start, np.stack([alone, np.zeros_like(alone)]))
            if abs(other.clocks[0, camera] - offset[camera]) < apart / 2:
                continue
            place = float(other.clocks[0, camera])
            ratio = _ratio(own, other.clocks, estimate.clocks, stretches)
        found[camera] = (place, ratio)
    return found


def _ratio(pairs: ViewPairs, clocks: FloatArray, best: FloatArray, stretches: list[FloatArray]) -> float:
    """How much worse views agree at other clocks than at the best, in the movement or in the place of the person.

    A walker who repeats the same stride somewhere else is told by the place.
    """
    movement = pairs.disagreement_px(clocks, stretches) / max(pairs.disagreement_px(best, stretches), 1e-9)
    there, at_best = (pairs.distances_px(item, stretches) for item in (clocks, best))
    both = [pair for pair in there if pair in at_best]
    if not both or not math.isfinite(movement):
        return 1.0
    return max(movement, sum(there[pair] for pair in both) / max(sum(at_best[pair] for pair in both), 1e-9))


def _poor(pairs: ViewPairs, clocks: FloatArray, stretches: list[FloatArray]) -> dict[int, float]:
    """Cameras whose pairs are further from agreement, by many times, than the pairs without them: how many."""
    sizes = pairs.distances_px(clocks, stretches)
    found = {}
    for camera in sorted({camera for pair in sizes for camera in pair}):
        own = [size for pair, size in sizes.items() if camera in pair]
        others = [size for pair, size in sizes.items() if camera not in pair]
        if others and float(np.median(own)) > MISFIT * float(np.median(others)):
            found[camera] = float(np.median(own) / np.median(others))
    return found
