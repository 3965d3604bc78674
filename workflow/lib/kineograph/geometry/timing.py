"""How far apart in time views are: how well pairs of views agree at given offsets, and the offsets at which they agree best.

Two views of a point agree with the cameras' epipolar geometry at the same instant only. The residual of that agreement
(Sampson distance) also has parts that say nothing about time: small errors of the calibration make it depend smoothly on
where the point is in the two images, and each keypoint has its own bias. For each pair of cameras these are taken out by
regression, in each stretch of the trial by itself. What remains is proportional to the keypoints' speed, with the offset as
the slope.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.epipolar import sampson_distance_px
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.signal.resampling import sample
from kineograph.signal.robust import median_of_known

SEARCH_FRAMES = 400
"""The coarse search looks at no more frames than this, evenly spread."""
FEWEST_FRAMES = 12
"""Keypoints that two cameras share in fewer frames than this, of a stretch or a lag, are not compared."""
SPREAD_LIMIT_PX = 30.0
"""Residuals over this are taken as this: another person, or a failed keypoint."""
REFINEMENTS = 6
STEP_FRAMES = 0.5
"""Frames before and after over which a keypoint's speed is taken."""
SIGNIFICANT = 3.0
"""Standard errors by which an offset must differ from zero."""
SMALLEST_ERROR_FRAMES = 0.01
HUBER = 1.345


class ViewPairs:
    """How well pairs of views agree at given offsets.

    Parameters
    ----------
    views : list of (F, K, 2) arrays
        Each camera's main person, undistorted and smoothed, px, NaN where not confident.
    matrices : dict of (int, int) to (3, 3) array
        Fundamental matrix of each pair of cameras.
    """

    def __init__(self, views: list[FloatArray], matrices: dict[tuple[int, int], FloatArray]) -> None:
        self.views = views
        self.matrices = matrices

    def residual_px(self, pair: tuple[int, int], offset: FloatArray, frame: FloatArray) -> FloatArray:
        """Sampson distance of a pair's keypoints at common frames, (frames, K), px."""
        first, second = (sample(self.views[camera], frame - offset[camera]) for camera in pair)
        return sampson_distance_px(self.matrices[pair], first, second)

    def disagreement_px(self, offset: FloatArray, stretches: list[FloatArray]) -> float:
        """Mean size of what geometry leaves of the residuals, over all pairs and stretches, px; NaN of nothing."""
        sizes = [
            np.minimum(
                np.abs(self.explained(self.residual_px(pair, offset, frame), pair, offset, frame)), SPREAD_LIMIT_PX
            )
            for pair in self.matrices
            for frame in stretches
        ]
        known = [size[np.isfinite(size)] for size in sizes]
        return float(np.concatenate(known).mean()) if any(item.size for item in known) else math.nan

    def explained(
        self, residual: FloatArray, pair: tuple[int, int], offset: FloatArray, frame: FloatArray
    ) -> FloatArray:
        """The residual (frames, K) without each keypoint's mean and what depends linearly on the places in both images."""
        result = _centred(residual)
        there = np.isfinite(result)
        if there.sum() < FEWEST_FRAMES:
            return result
        places = np.concatenate([sample(self.views[camera], frame - offset[camera]) for camera in pair], axis=-1)
        counts = np.maximum(there.sum(axis=0), 1)[:, None]
        means = np.where(there[..., None], places, 0.0).sum(axis=0) / counts
        columns = (places - means)[there] / 1000
        values = result[there]
        weight, rest = np.ones(len(values)), values
        for _ in range(2):
            slopes = np.linalg.lstsq(columns * weight[:, None], values * weight, rcond=None)[0]
            rest = values - columns @ slopes
            weight = np.sqrt(_huber(rest))
        result[there] = rest
        return result

    def normal_equations(self, offset: FloatArray, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Normal matrix (C, C) and right side (C,) of small changes of the offsets, from one stretch.

        The residual of a pair is linear in small changes of its two offsets, with the keypoints' image speed as slope.
        """
        cameras = len(self.views)
        normal, right = np.zeros((cameras, cameras)), np.zeros(cameras)
        for pair in self.matrices:
            residual = self.explained(self.residual_px(pair, offset, frame), pair, offset, frame)
            slopes = []
            for camera in pair:
                shift = np.zeros(cameras)
                shift[camera] = STEP_FRAMES
                later = self.residual_px(pair, offset + shift, frame)
                earlier = self.residual_px(pair, offset - shift, frame)
                slopes.append(self.explained((later - earlier) / (2 * STEP_FRAMES), pair, offset, frame))
            good = np.isfinite(residual) & np.isfinite(slopes[0]) & np.isfinite(slopes[1])
            if good.sum() < FEWEST_FRAMES:
                continue
            r, slope = residual[good], np.stack([item[good] for item in slopes])
            weight = _huber(r) / _scale(r) ** 2
            index = np.ix_(pair, pair)
            normal[index] += (slope * weight) @ slope.T
            right[list(pair)] -= (slope * weight) @ r
        return normal, right


@dataclass(frozen=True)
class OffsetEstimate:
    """Offsets in frames (C,) and their standard errors; `offset` is `mean` with 0 where it is not significant."""

    mean: FloatArray
    error: FloatArray

    @property
    def offset(self) -> FloatArray:
        """The offsets (C,) that differ from zero by more than three standard errors; 0 elsewhere."""
        offset: FloatArray = np.where(np.abs(self.mean) > SIGNIFICANT * self.error, self.mean, 0.0)
        return offset


def estimate_offsets(pairs: ViewPairs, stretches: list[FloatArray], limit: int) -> OffsetEstimate | None:
    """The offsets that these stretches give, refined from zero and from a coarse search; None where nothing can be compared."""
    coarse = _search(pairs, np.concatenate(stretches), limit)
    if coarse is None:
        return None
    starts = [np.zeros(len(pairs.views))] + ([coarse] if coarse.any() else [])
    found = [_refine(pairs, start, stretches) for start in starts]
    return min(found, key=lambda item: pairs.disagreement_px(item.mean, stretches))


def _refine(pairs: ViewPairs, start: FloatArray, stretches: list[FloatArray]) -> OffsetEstimate:
    """Fractions of a frame, by Gauss-Newton on all pairs together; the first camera is the reference.

    The standard error is the jackknife's: how much the last step changes when each stretch in turn is left out.
    """
    offset = start.astype(float).copy()
    for _ in range(REFINEMENTS):
        parts = [pairs.normal_equations(offset, frame) for frame in stretches]
        normal, right = np.sum([part[0] for part in parts], axis=0), np.sum([part[1] for part in parts], axis=0)
        step = np.clip(_solve(normal, right), -1.0, 1.0)
        left_out = np.array([_solve(normal - part[0], right - part[1]) for part in parts])
        offset += step
        if np.abs(step).max() < 1e-4:
            break
    count = len(parts)
    error = np.sqrt((count - 1) / count * np.square(left_out - left_out.mean(axis=0)).sum(axis=0))
    return OffsetEstimate(offset, np.maximum(error, SMALLEST_ERROR_FRAMES))


def _solve(normal: FloatArray, right: FloatArray) -> FloatArray:
    """The change of the offsets (C,), 0 for the first camera; 0 for cameras of which nothing is known."""
    inner = normal[1:, 1:] + np.eye(len(right) - 1) * 1e-9 * max(float(np.trace(normal)), 1e-12)
    return np.concatenate([[0.0], np.linalg.solve(inner, right[1:])])


def _scale(residual: FloatArray) -> float:
    return max(1.4826 * float(np.median(np.abs(residual))), 1e-9)


def _huber(residual: FloatArray) -> FloatArray:
    """Huber's weights of residuals (N,)."""
    weight: FloatArray = np.minimum(1.0, HUBER * _scale(residual) / np.maximum(np.abs(residual), 1e-12))
    return weight


def _centred(residual: FloatArray) -> FloatArray:
    """The residual (F, K) without each keypoint's median; NaN for keypoints that are seen in too few frames."""
    median, count = median_of_known(residual, axis=0)
    return residual - np.where(count < FEWEST_FRAMES, np.nan, median)


def _search(pairs: ViewPairs, frames: FloatArray, limit: int) -> FloatArray | None:
    """Whole-frame offsets with the least disagreement in these frames; None where no pair can be compared.

    The spread of each pair's residuals is tabulated over the difference of its offsets; cameras are then moved one at a time
    to where the sum over pairs is least, from zero and from the best offsets against each camera in turn.
    """
    lags = np.arange(-limit, limit + 1)
    table = {}
    for (i, j), matrix in pairs.matrices.items():
        curve = agreement_curve(pairs.views[i], pairs.views[j], matrix, frames.astype(int), limit)
        if curve is not None:
            table[i, j] = curve
    if not table:
        return None

    def total(offset: FloatArray) -> float:
        difference = {pair: int(offset[pair[0]] - offset[pair[1]]) for pair in table}
        if any(abs(value) > limit for value in difference.values()):
            return math.inf
        return float(sum(curve[difference[pair] + limit] for pair, curve in table.items()))

    starts = [np.zeros(len(pairs.views))]
    for reference in range(len(pairs.views)):
        start = np.zeros(len(pairs.views))
        for other in range(len(pairs.views)):
            if (other, reference) in table:
                start[other] = lags[table[other, reference].argmin()]
            elif (reference, other) in table:
                start[other] = -lags[table[reference, other].argmin()]
        starts.append(start)
    settled = [_descend(start, total, lags) for start in starts]
    return min(settled, key=total)


def agreement_curve(
    first: FloatArray, second: FloatArray, matrix: FloatArray, frames: IntArray, limit: int
) -> FloatArray | None:
    """Disagreement of two views (F, K, 2) over the lags -limit ... limit, px; None where they can't be compared.

    At a lag, the second camera is at frame f + lag when the first is at frame f. Lags with too few common frames have the
    largest disagreement.
    """
    base = frames[:: max(1, len(frames) // SEARCH_FRAMES)]
    base = base[base < len(first)]
    curve = np.full(2 * limit + 1, np.nan)
    for index, lag in enumerate(range(-limit, limit + 1)):
        there = base[(base + lag >= 0) & (base + lag < len(second))]
        if len(there) >= max(FEWEST_FRAMES, len(base) // 2):
            size = np.abs(_centred(sampson_distance_px(matrix, first[there], second[there + lag])))
            known = size[np.isfinite(size)]
            curve[index] = np.minimum(known, SPREAD_LIMIT_PX).mean() if known.size else np.nan
    if not np.isfinite(curve).any():
        return None
    filled: FloatArray = np.where(np.isfinite(curve), curve, np.nanmax(curve))
    return filled


def _descend(offset: FloatArray, total: Callable[[FloatArray], float], lags: IntArray) -> FloatArray:
    """Move one camera at a time to its best whole-frame offset, the first camera staying at zero, until nothing changes."""
    offset = offset - offset[0]
    for _ in range(len(offset) * 4):
        before = offset.copy()
        for camera in range(1, len(offset)):
            trials = np.repeat(offset[None], len(lags), axis=0)
            trials[:, camera] = lags
            values = [total(trial) for trial in trials]
            best = int(np.argmin(values))
            if values[best] < total(offset):
                offset = trials[best]
        if (offset == before).all():
            break
    return offset
