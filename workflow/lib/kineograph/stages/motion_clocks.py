"""The cameras' clocks from the movement that they saw: which cameras can be compared, their clocks, and what to keep of them.

A camera's offset (and, in long trials, its drift) is kept where it differs from zero by more than three standard errors, if
those estimated from one half of the stretches make the views agree better in the other half, and if no other offset fits
nearly as well, as in steady walking those of whole strides do. Else the camera is left as it is. That keeps most scenes
from getting worse, not all: synchronous cameras have been moved by 4 ms where two people hid each other.
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
from kineograph.stages.comparable_cameras import MISFIT, without_misfits, without_still
from kineograph.stages.same_people import lay_out_people

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
RIVAL_COARSE = 5.0
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

    @property
    def refused(self) -> list[int]:
        """Cameras whose offset is not kept because another fits nearly as well."""
        return [camera for camera, (_, ratio) in self.rivals.items() if ratio < RIVAL_REFUSED]

    @property
    def unproven(self) -> list[int]:
        """Cameras with a large offset that is significant, but not kept, as held-out views did not agree better."""
        dropped = np.flatnonzero(_unproven(self.estimate, self.kept)).tolist()
        return [camera for camera in dropped if camera not in self.refused]


def cut(windows: Sequence[tuple[int, int]]) -> list[FloatArray]:
    """The stretches of a trial: its windows, or where it is one window, parts of it."""
    if len(windows) > 1:
        return [np.arange(first, last, dtype=float) for first, last in windows]
    first, last = windows[0]
    number = int(np.clip((last - first) // STRETCH_FRAMES, *STRETCHES))
    return np.array_split(np.arange(first, last, dtype=float), number)


def clocks_from_motion(
    people: Sequence[Sequence[Piece]],
    counts: Sequence[int],
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
    people : sequence of sequences of Piece
        What each camera shows.
    counts : sequence of int
        The number of frames of each camera.
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
    cameras = len(people)
    halves = [stretches[::2], stretches[1::2]]
    tables = _tables(people, matrices, halves, (max(counts) - 1) / 2, limit, fps_hz, middle_only=drift)
    whole = mean_table(tables)
    together = whole.groups()[0]
    unseen = np.flatnonzero(~together).tolist()
    together, misfits = without_misfits(whole, together)
    together, still = without_still(whole, together)
    nothing = ClockEstimate(np.zeros((2, cameras)), np.full((2, cameras), np.nan))
    if together.sum() < 2:
        return MotionClocks(nothing.clocks, nothing, np.zeros(cameras, bool), unseen, misfits, still)
    start = whole.restricted(together).best_offsets(int(np.flatnonzero(together)[0])) * together
    pairs = ViewPairs(lay_out_people(people, counts, matrices, start), matrices, SPEED_S * fps_hz)
    estimate = _estimate(pairs, stretches, whole, together, drift=drift)
    rivals = _rivals(pairs, stretches, whole, together, estimate, round(RIVAL_APART_S * fps_hz))
    sure = together.copy()
    sure[[camera for camera, (_, ratio) in rivals.items() if ratio < RIVAL_REFUSED]] = False
    facts = (estimate, together, unseen, misfits, still, rivals)
    if sure.sum() < 2:
        return MotionClocks(nothing.clocks, *facts, np.full(cameras, np.nan))
    known = np.round(estimate.clocks[0])
    final = estimate
    if (sure != together).any():
        final = _estimate(pairs, stretches, whole, sure, drift=drift, known=known)
    trials = _Trials(
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
    return MotionClocks(clocks, *facts, trials.improvement(kept), disagreement, _poor(trials.pairs, clocks, stretches))


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
    step = max(1, round(COARSE_S * fps_hz))

    def tabled(parts: list[list[FloatArray]]) -> list[LagTable]:
        return [tabulate(people, matrices, np.concatenate(half).astype(int), limit, step) for half in parts]

    middle = [[frame for frame in half if abs(frame.mean() / half_length - 1) <= MIDDLE] for half in halves]
    if middle_only and all(middle):
        tables = tabled(middle)
        if all(table.groups()[0].all() for table in tables):
            return tables
    return tabled(halves)


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
        index = round(float(offset[camera])) + table.limit
        second = rival(here.profile(camera, offset), index, apart)
        if second is None:
            continue
        ratio, place = second.ratio, float(second.offset_frames)
        if ratio < RIVAL_COARSE:
            alone = np.zeros_like(together)
            alone[camera] = True
            own = _pairs_of(pairs.restricted(together), camera)
            start = np.where(alone, place, offset)
            other = estimate_clocks(own, stretches, start, np.stack([alone, np.zeros_like(alone)]))
            best = estimate_clocks(own, stretches, offset, np.stack([alone, np.zeros_like(alone)]))
            if abs(other.clocks[0, camera] - offset[camera]) < apart / 2:
                continue
            place = float(other.clocks[0, camera])
            ratio = _ratio(own, other.clocks, best.clocks, stretches)
        found[camera] = (place, ratio)
    return found


def _ratio(pairs: ViewPairs, clocks: FloatArray, best: FloatArray, stretches: list[FloatArray]) -> float:
    """How much worse views agree at other clocks than at the best, in the movement or in the place of the person.

    A walker who repeats the same stride somewhere else is told by the place.
    """
    movement = pairs.disagreement_px(clocks, stretches) / pairs.disagreement_px(best, stretches)
    place, at_best = (float(np.mean(list(pairs.distances_px(item, stretches).values()))) for item in (clocks, best))
    return max(movement, place / max(at_best, 1e-9))


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


def _pairs_of(pairs: ViewPairs, camera: int) -> ViewPairs:
    own = {pair: matrix for pair, matrix in pairs.matrices.items() if camera in pair}
    return ViewPairs(pairs.views, own, pairs.step_frames)


@dataclass(frozen=True)
class _Trials:
    """Clocks estimated from one half of a trial's stretches, and the other half to try them on; both ways."""

    pairs: ViewPairs
    estimates: list[ClockEstimate]
    held_out: list[list[FloatArray]]

    def disagreement_px(self, kept: BoolArray, camera: int | None = None) -> float:
        """Mean disagreement in the halves not estimated from, with the clocks `kept` (2, C) only, px; of one camera's pairs."""
        return self._counted(kept, camera)[0]

    def _counted(self, kept: BoolArray, camera: int | None = None) -> tuple[float, int]:
        pairs = self.pairs if camera is None else _pairs_of(self.pairs, camera)
        found = [
            pairs.counted_disagreement_px(np.where(kept, item.clocks, 0.0), rest)
            for item, rest in zip(self.estimates, self.held_out, strict=True)
        ]
        return float(np.mean([mean for mean, _ in found])), sum(count for _, count in found)

    def worth_keeping(self, candidates: BoolArray, min_improvement: float) -> BoolArray:
        """The clocks (2, C) without which the views would agree less, by that part of the disagreement at least.

        Offsets are judged by all views, drifts by those of their camera.
        """
        kept = candidates.copy()
        while kept.any():
            now, total = self._counted(kept)
            gains = {}
            for camera in np.flatnonzero(kept.any(axis=0)).tolist():
                own, count = self._counted(kept, camera)
                for kind in np.flatnonzero(kept[:, camera]).tolist():
                    fewer = kept.copy()
                    fewer[kind, camera] = False
                    loss = self.disagreement_px(fewer, camera) - own
                    gains[kind, camera] = loss / own if kind else loss * count / total / now
            least = min(gains, key=lambda place: gains[place])
            if gains[least] >= min_improvement:
                break
            kept[least] = False
        return kept

    def improvement(self, kept: BoolArray) -> FloatArray:
        """Part (C,) by which the views of each camera agree better with its kept clocks than without; NaN where none is."""
        result = np.full(kept.shape[1], np.nan)
        for camera in np.flatnonzero(kept.any(axis=0)).tolist():
            fewer = kept.copy()
            fewer[:, camera] = False
            result[camera] = 1 - self.disagreement_px(kept, camera) / self.disagreement_px(fewer, camera)
        return result
