"""Whole-frame lags between views: a table of disagreement for all pairs, the best offsets in it, and their rivals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kineograph.geometry.epipolar import sampson_distance_px
from kineograph.geometry.view_pairs import FEWEST_FRAMES, SPREAD_LIMIT_PX, Pair
from kineograph.model.pieces import Piece
from kineograph.model.shapes import BoolArray, FloatArray, IntArray
from kineograph.signal.robust import median_of_known

SEARCH_FRAMES = 100
"""The coarse search looks at no more frames of each half than about this, evenly spread."""
PLACE_SHARE = 0.25
"""Distance in place counts by so much against distance in movement, as calibrations are off: it tells people apart."""
PLACE_LIMIT_PX = 60.0
CAP = 4.0
TYPICAL = 0.25
"""Disagreement counts up to so many times that of the pairs of cameras which agree best (this quantile, at their best lags)."""
ENOUGH = 30
"""Frames and people compared, from which on a pair's evidence counts in full."""
FEWEST_KEYPOINTS = 4
"""People are compared in frames in which they share so many."""

FEWEST_SHARE = 0.3
"""A lag at which fewer keypoints are shared than this part of the most is not trusted."""


@dataclass(frozen=True)
class LagTable:
    """Disagreement of pairs over lags.

    Attributes
    ----------
    curves : dict of (int, int) to (2 * limit + 1,) array
        px, at the lags -limit ... limit, of each pair that can be compared.
    limit : int
        The largest lag, frames.
    cameras : int
        C, how many cameras there are.
    plain : dict of (int, int) to (2 * limit + 1,) array
        Mean disagreement, px: in `curves` it is counted only up to some times what is typical of pairs at their best lags, and
        as that where nothing is shared, so that pairs which agree nowhere leave the choice to the others.
    """

    curves: dict[Pair, FloatArray]
    limit: int
    cameras: int
    plain: dict[Pair, FloatArray] = field(default_factory=dict)

    def restricted(self, cameras: BoolArray) -> LagTable:
        """Only the pairs of these cameras (C,)."""
        kept = {pair: curve for pair, curve in self.curves.items() if cameras[pair[0]] and cameras[pair[1]]}
        return LagTable(kept, self.limit, self.cameras, {pair: self.plain[pair] for pair in kept})

    def curve(self, camera: int, other: int) -> FloatArray | None:
        """Disagreement over how much later than `other` the camera is, (2 * limit + 1,), px; None where not compared."""
        if (camera, other) in self.curves:
            return self.curves[camera, other]
        return self.curves[other, camera][::-1] if (other, camera) in self.curves else None

    def profile(self, camera: int, offset: FloatArray, reach: int | None = None) -> FloatArray:
        """Mean disagreement of a camera's pairs over its own offset -reach ... reach (the limit), the others staying, px.

        Infinite where some pair's lag would be beyond the limit.
        """
        reach = self.limit if reach is None else reach
        lags = np.arange(-reach, reach + 1)
        sums, count = np.zeros(len(lags)), 0
        for other in range(self.cameras):
            curve = self.curve(camera, other)
            if curve is None:
                continue
            index = lags - round(float(offset[other])) + self.limit
            there = (index >= 0) & (index < len(curve))
            sums += np.where(there, curve[np.clip(index, 0, len(curve) - 1)], np.inf)
            count += 1
        return sums / count if count else np.full(len(lags), np.inf)

    def groups(self) -> list[BoolArray]:
        """The sets of cameras (C,) that can be compared with each other, directly or through others; largest first."""
        linked = np.eye(self.cameras, dtype=bool)
        for i, j in self.curves:
            linked[i, j] = linked[j, i] = True
        for _ in range(self.cameras):
            linked = linked @ linked
        found = {tuple(row.tolist()) for row in linked}
        return [np.array(row) for row in sorted(found, key=lambda row: (-sum(row), row.index(True)))]

    def best_offsets(self, reference: int) -> FloatArray:
        """The whole-frame offsets (C,) with the least disagreement, the reference camera staying at zero.

        Cameras are moved one at a time to where the sum over pairs is least, from zero and from the best offsets against
        each camera in turn.
        """
        lags = np.arange(-self.limit, self.limit + 1)
        starts = [np.zeros(self.cameras)]
        for middle in range(self.cameras):
            start = np.zeros(self.cameras)
            for other in range(self.cameras):
                curve = self.curve(other, middle)
                if curve is not None:
                    start[other] = lags[curve.argmin()]
            starts.append(start - start[reference])
        settled = [self._descend(start, reference, lags) for start in starts]
        return min(settled, key=self.total)

    def total(self, offset: FloatArray) -> float:
        """The sum over pairs at these offsets (C,), px; inf where a lag is beyond the limit."""
        differences = {pair: round(float(offset[pair[0]] - offset[pair[1]])) for pair in self.curves}
        if any(abs(value) > self.limit for value in differences.values()):
            return math.inf
        return float(sum(curve[differences[pair] + self.limit] for pair, curve in self.curves.items()))

    def _descend(self, offset: FloatArray, reference: int, lags: IntArray) -> FloatArray:
        offset = offset.copy()
        for _ in range(len(offset) * 4):
            before = offset.copy()
            for camera in range(len(offset)):
                if camera == reference:
                    continue
                profile = self.profile(camera, offset)
                best = int(profile.argmin())
                now = round(float(offset[camera])) + self.limit
                if math.isfinite(profile[best]) and (not 0 <= now < len(lags) or profile[best] < profile[now]):
                    offset[camera] = lags[best]
            if (offset == before).all():
                break
        return offset


@dataclass(frozen=True)
class Rival:
    """The second-best offset of a camera: where, and its disagreement relative to the best one's (over 1)."""

    offset_frames: int
    ratio: float


def tabulate(
    pieces: Sequence[Sequence[Piece]], matrices: dict[Pair, FloatArray], frames: IntArray, limit: int, step: int
) -> LagTable:
    """The disagreement of all pairs over the lags -limit ... limit, in these frames; every `step`-th is looked at."""
    lags = np.unique(np.append(np.arange(0, limit + 1, step), limit))
    lags = np.unique(np.concatenate([-lags, lags]))
    base = frames[:: max(1, len(frames) // SEARCH_FRAMES)]
    sizes = {
        (i, j): found
        for (i, j), matrix in matrices.items()
        if (found := nearest_sizes(pieces[i], pieces[j], matrix, base, lags)) is not None
    }
    plain = {pair: _mean_of_known(size) for pair, size in sizes.items()}
    typical = float(np.quantile([curve.min() for curve in plain.values()], TYPICAL)) if plain else 0.0
    every = np.arange(-limit, limit + 1)
    return LagTable(
        {pair: np.interp(every, lags, _evidence(size, CAP * typical)) for pair, size in sizes.items()},
        limit,
        len(pieces),
        {pair: np.interp(every, lags, curve) for pair, curve in plain.items()},
    )


def _mean_of_known(size: FloatArray) -> FloatArray:
    """The mean (L,) of sizes (L, P, F); the largest mean of all where few are known."""
    known = np.isfinite(size)
    counts = known.sum(axis=(1, 2))
    mean = np.where(known, size, 0.0).sum(axis=(1, 2)) / np.maximum(counts, 1)
    trusted = counts >= max(FEWEST_SHARE * counts.max(), 1)
    result: FloatArray = np.where(trusted, mean, mean[trusted].max())
    return result


def _evidence(size: FloatArray, cap: float) -> FloatArray:
    """The mean (L,) of sizes (L, P, F) up to a cap, where those that are not known speak neither for nor against a lag."""
    known = np.isfinite(size)
    counts = known.sum(axis=(1, 2))
    enough = max(int(counts.max()), ENOUGH)
    gain: FloatArray = np.where(known, np.maximum(cap - size, 0.0), 0.0).sum(axis=(1, 2)) / enough
    return cap - gain


def rival(profile: FloatArray, here: int, apart: int) -> Rival | None:
    """The best other minimum of a profile at least `apart` lags from index `here`; None where there is none.

    Only lags beyond a barrier count: from `here`, the disagreement must rise before it falls again.
    """
    limit = len(profile) // 2
    finite = np.where(np.isfinite(profile), profile, np.nanmax(np.where(np.isfinite(profile), profile, np.nan)))
    padded = np.concatenate([[math.inf], finite, [math.inf]])
    low = (padded[1:-1] <= padded[:-2]) & (padded[1:-1] <= padded[2:]) & np.isfinite(profile)
    low &= np.abs(np.arange(len(profile)) - here) >= apart
    if not low.any() or not 0 <= here < len(profile):
        return None
    index = int(np.flatnonzero(low)[np.argmin(profile[low])])
    best = float(np.nanmin(finite[max(0, here - 1) : here + 2]))
    return Rival(index - limit, float(profile[index]) / max(best, 1e-9))


def nearest_sizes(
    first: Sequence[Piece], second: Sequence[Piece], matrix: FloatArray, frames: IntArray, lags: IntArray
) -> FloatArray | None:
    """Disagreement (L, P, F) of two cameras over the lags, px, by piece of the first and frame; None where nothing is shared.

    At a lag, the second camera is at frame f + lag when the first is at frame f. Each person of the first camera is compared,
    frame by frame, with the one of the second that fits best at that lag: who is who is not known yet.
    """
    nearest = np.full((len(lags), len(first), len(frames)), np.nan)
    for a, one in enumerate(first):
        there = np.flatnonzero((frames >= one.start) & (frames < one.stop))
        if len(there) < FEWEST_FRAMES:
            continue
        known = one.position_px[frames[there] - one.start]
        for other in second:
            rows, size = _sizes(known, frames[there], other, matrix, lags)
            if rows.size:
                place = np.ix_(rows, np.array([a]), there)
                nearest[place] = np.fmin(nearest[place], size[:, None])
    return nearest if np.isfinite(nearest).any() else None


def _sizes(
    one_px: FloatArray, frames: IntArray, other: Piece, matrix: FloatArray, lags: IntArray
) -> tuple[IntArray, FloatArray]:
    """The lags (L,) at which a person's image points (F, K, 2) can be compared, and the mean disagreement (L, F) there, px."""
    place = frames[None] + lags[:, None] - other.start
    inside = (place >= 0) & (place < len(other.position_px))
    rows = np.flatnonzero(inside.sum(axis=1) >= FEWEST_FRAMES)
    if not rows.size:
        return rows, np.zeros((0, len(frames)))
    second = np.where(
        inside[rows][..., None, None], other.position_px[np.clip(place[rows], 0, len(other.position_px) - 1)], np.nan
    )
    distance = sampson_distance_px(matrix, one_px[None], second)
    median, count = median_of_known(distance, axis=1)
    size = np.abs(distance - np.where(count < FEWEST_FRAMES, np.nan, median)[:, None])
    known = np.isfinite(size)
    number = known.sum(axis=-1)
    size = np.minimum(size, SPREAD_LIMIT_PX) + PLACE_SHARE * np.minimum(np.abs(distance), PLACE_LIMIT_PX)
    mean = np.where(known, size, 0.0).sum(axis=-1) / np.maximum(number, 1)
    return rows, np.where(number >= FEWEST_KEYPOINTS, mean, np.nan)


def mean_table(tables: Sequence[LagTable]) -> LagTable:
    """The mean of the tables of parts of a trial, for each pair over those in which it can be compared."""
    pairs = sorted({pair for table in tables for pair in table.curves})
    curves, plain = (
        {
            pair: np.mean([getattr(table, name)[pair] for table in tables if pair in table.curves], axis=0)
            for pair in pairs
        }
        for name in ("curves", "plain")
    )
    return LagTable(curves, tables[0].limit, tables[0].cameras, plain)
