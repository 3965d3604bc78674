"""A camera whose lag to the others changes at once in mid-trial, as where it lost frames: when, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.lags import nearest_sizes
from kineograph.geometry.view_pairs import FEWEST_FRAMES, Pair
from kineograph.model.pieces import Piece
from kineograph.model.shapes import FloatArray, IntArray

BLOCK_S = 0.5
"""Lags are compared in blocks of this length."""
BLOCK_FRAMES = 15
"""Of longer blocks, so many frames are looked at."""
SHORTEST_BLOCKS = 2
"""A lag must hold for so many blocks before the step and after it."""
SUSPECT = 2.0
"""A camera is looked at closely where its views disagree, in some block, by so many times what the other cameras' views do."""
GAIN = 0.6
"""Two lags are taken for true where they leave at most this part of the disagreement that one lag leaves ..."""
TYPICAL = 2.5
"""... and at most so many times that of the other cameras."""
SMALLEST_FRAMES = 2


@dataclass(frozen=True)
class LagStep:
    """From which of its frames on a camera is at another lag, and by how many frames later; counted at the trial's rate."""

    frame: int
    frames: int


class LagSteps:
    """Search for steps in the lags of a trial's cameras.

    Parameters
    ----------
    pieces : sequence of sequences of Piece
        What each of the C cameras shows.
    matrices : dict of (int, int) to (3, 3) array
        Fundamental matrices of the pairs of cameras.
    offset : (C,) array
        How much later each camera started, as far as is known, frames.
    windows : sequence of (int, int)
        First and last-but-one frames of the parts of the trial that are looked at.
    fps_hz : float
        Rate of the pieces, Hz.
    """

    def __init__(
        self,
        pieces: Sequence[Sequence[Piece]],
        matrices: dict[Pair, FloatArray],
        offset: FloatArray,
        windows: Sequence[tuple[int, int]],
        fps_hz: float,
    ) -> None:
        self._pieces = pieces
        self._matrices = matrices
        self._offset = np.round(offset).astype(int)
        size = max(FEWEST_FRAMES + 1, round(BLOCK_S * fps_hz))
        self._blocks = [
            block
            for first, last in windows
            for block in np.array_split(np.arange(first, last), max(1, (last - first) // size))
        ]

    def find(self, limit: int) -> dict[int, LagStep]:
        """The cameras with a step, of all lags up to `limit`; at most one of three, as the others have to agree."""
        now = {pair: self._table(*pair, np.zeros(1, int))[:, 0] for pair in self._matrices}
        worst = {}
        for camera in range(len(self._pieces)):
            own = _middle([values for pair, values in now.items() if camera in pair])
            others = _middle([values for pair, values in now.items() if camera not in pair])
            if own is not None and others is not None:
                with np.errstate(invalid="ignore"):
                    ratio = own / np.maximum(others, 1e-9)
                known = ratio[np.isfinite(ratio)]
                if known.size and known.max() > SUSPECT:
                    worst[camera] = float(known.max())
        found: dict[int, LagStep] = {}
        for camera in sorted(worst, key=lambda index: -worst[index]):
            trusted = [other for other in range(len(self._pieces)) if other not in found and other != camera]
            clean = [other for other in trusted if other not in worst]
            trusted = clean if len(clean) > 1 else trusted
            typical = _middle([values for pair, values in now.items() if set(pair) <= set(trusted)])
            if len(trusted) > 1 and typical is not None:
                step = self._step(camera, trusted, limit, float(np.nanmedian(typical)))
                if step is not None:
                    found[camera] = step
        return found

    def _table(self, camera: int, other: int, lags: IntArray) -> FloatArray:
        """Disagreement (blocks, lags), px, of two cameras where the first is so much later than its offset says."""
        table = np.full((len(self._blocks), len(lags)), np.nan)
        for row, block in enumerate(self._blocks):
            frames = block[:: max(1, len(block) // BLOCK_FRAMES)]
            size = self._sizes(camera, other, frames, lags)
            if size is not None:
                table[row] = _mean(size.reshape(len(lags), -1))
        return table

    def _sizes(self, camera: int, other: int, frames: IntArray, lags: IntArray) -> FloatArray | None:
        """Disagreement (lags, people, frames), px, at these frames of the camera."""
        pair = min(camera, other), max(camera, other)
        if pair not in self._matrices:
            return None
        matrix = self._matrices[pair] if camera < other else self._matrices[pair].T
        ahead = lags + int(self._offset[camera] - self._offset[other])
        return nearest_sizes(self._pieces[camera], self._pieces[other], matrix, frames, ahead)

    def _step(self, camera: int, trusted: Sequence[int], limit: int, typical: float) -> LagStep | None:
        """The step of one camera against others that are trusted; None where one lag explains what was seen."""
        lags = np.arange(-limit, limit + 1)
        table = _middle([self._table(camera, other, lags) for other in trusted])
        if table is None:
            return None
        rows = np.flatnonzero(np.isfinite(table).any(axis=1))
        if len(rows) < 2 * SHORTEST_BLOCKS + 1:
            return None
        border = np.arange(
            SHORTEST_BLOCKS, len(rows) - SHORTEST_BLOCKS
        )  # the block in which it happens fits neither lag
        before, after = _parts(table[rows], border)
        two, one = before.min(axis=1) + after.min(axis=1), (before + after).min(axis=1)
        best = int(two.argmin())
        first, second = int(before[best].argmin()), int(after[best].argmin())
        explained = two[best] <= min(GAIN * one[best], TYPICAL * typical * (len(rows) - 1))
        if not explained or abs(second - first) < SMALLEST_FRAMES:
            return None
        near = rows[border[best] - 1 : border[best] + 2]
        around = np.arange(self._blocks[near[0]][0], self._blocks[near[-1]][-1] + 1)
        return LagStep(self._when(camera, trusted, around, lags[[first, second]]), second - first)

    def _when(self, camera: int, trusted: Sequence[int], frames: IntArray, lags: IntArray) -> int:
        """The first of these frames of a camera that fits the second lag, where those before it fit the first."""
        sizes = [self._sizes(camera, other, frames, lags) for other in trusted]
        curve = _middle([_mean_of_people(size) for size in sizes if size is not None])
        if curve is None:
            return int(frames[len(frames) // 2])
        gain = np.nan_to_num(curve[0] - curve[1])  # over 0 where the second lag fits better
        total = np.append(0.0, np.cumsum(gain))
        return int(frames[0] + total.argmin())


def _parts(table: FloatArray, border: IntArray) -> tuple[FloatArray, FloatArray]:
    """The sums (B, L) of the rows before each of B borders, and of those after it, of a table (rows, L).

    What is not known counts as what fits its row best, so it speaks neither for nor against a lag; but infinite where less than
    half is known.
    """
    known = np.isfinite(table)
    filled = np.where(known, table, np.nanmin(table, axis=1, keepdims=True))
    total, count = np.cumsum(filled, axis=0), np.cumsum(known, axis=0)
    before = np.where(2 * count[border - 1] >= border[:, None], total[border - 1], np.inf)
    left = len(table) - 1 - border[:, None]
    after = np.where(2 * (count[-1] - count[border]) >= left, total[-1] - total[border], np.inf)
    return before, after


def _middle(tables: Sequence[FloatArray]) -> FloatArray | None:
    """The median of tables of one shape, element by element, of what is known; None without any."""
    if not tables:
        return None
    stacked = np.stack(tables)
    known = np.isfinite(stacked).any(axis=0)
    result = np.full(stacked.shape[1:], np.nan)
    result[known] = np.nanmedian(stacked[:, known], axis=0)
    return result


def _mean(size: FloatArray) -> FloatArray:
    """The mean over the last axis of what is known; NaN where hardly anything is."""
    known = np.isfinite(size)
    count = known.sum(axis=-1)
    total = np.where(known, size, 0.0).sum(axis=-1)
    return np.where(count >= FEWEST_FRAMES // 2, total / np.maximum(count, 1), np.nan)


def _mean_of_people(size: FloatArray) -> FloatArray:
    """The mean (lags, frames) over people of sizes (lags, people, frames)."""
    known = np.isfinite(size)
    total = np.where(known, size, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
