"""The clocks of cameras at which their views agree best: offsets with fractions of a frame, and drifts.

Refined by Gauss-Newton on all pairs of cameras together (weighted least squares with Huber's weights), from the coarse
search of :mod:`kineograph.geometry.lags`. Standard errors are the jackknife's over the stretches of the trial
(Miller 1974, doi:10.1093/biomet/61.1.1) and what the pairs of cameras contradict each other by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.view_pairs import ViewPairs
from kineograph.model.shapes import BoolArray, FloatArray

REFINEMENTS = 10
MEMORY = 4
ENOUGH_FRAMES = 5e-3
"""Refinement ends with steps smaller than this."""
SIGNIFICANT = 4.0
"""Standard errors by which an offset or a drift must differ from zero."""
SMALLEST_ERROR_FRAMES = 0.03
UNREFINED_ERROR_FRAMES = 0.29
"""Standard error of a whole-frame lag that the stretches were too short to refine: of a uniform spread over a frame."""
OUTWARD = (0.2, 0.5, 1.0)
"""With drift, clocks are refined on the middle of the trial first, then outward: parts of its half length."""


@dataclass(frozen=True)
class ClockEstimate:
    """Clocks (2, C) in frames as in :class:`ViewPairs`, and their standard errors; NaN where not searched."""

    clocks: FloatArray
    error: FloatArray

    @property
    def significant(self) -> BoolArray:
        """Which (2, C) differ from zero by more than four standard errors."""
        result: BoolArray = np.abs(self.clocks) > SIGNIFICANT * self.error
        return result


def estimate_clocks(
    pairs: ViewPairs, stretches: Sequence[FloatArray], start: FloatArray, free: BoolArray
) -> ClockEstimate:
    """The clocks that these stretches give.

    Parameters
    ----------
    pairs : ViewPairs
        The views.
    stretches : sequence of (frames,) arrays
        Frames of the trial, in stretches.
    start : (C,) array
        Offsets to refine from, frames.
    free : (2, C) array of bool
        Which clocks to find; the others stay as the start has them, and at no drift.
    """
    clocks = np.stack([start.astype(float), np.zeros(len(start))])
    if free[1].any():
        for reach in OUTWARD[:-1]:
            inner = [frame for frame in stretches if np.abs(pairs.place(frame)).mean() <= reach]
            if len(inner) > 1:
                clocks = _refine(pairs, clocks, inner, free).clocks
    return _refine(pairs, clocks, stretches, free)


def _refine(pairs: ViewPairs, start: FloatArray, stretches: Sequence[FloatArray], free: BoolArray) -> ClockEstimate:
    clocks = start.copy()
    tried: list[tuple[FloatArray, FloatArray]] = []
    for _ in range(REFINEMENTS):
        parts = [pairs.normal_equations(clocks, frame) for frame in stretches]
        normal, right = np.sum([part[0] for part in parts], axis=0), np.sum([part[1] for part in parts], axis=0)
        step = _solve(normal, right.sum(axis=0), free)
        if np.abs(step).max() < ENOUGH_FRAMES:
            break
        tried.append((clocks, step))
        clocks = clocks + np.clip(_accelerated(tried[-MEMORY:]), -1.0, 1.0)
    left_out = np.array([_solve(normal - part[0], (right - part[1]).sum(axis=0), free) for part in parts])
    count = len(parts)
    variance = (count - 1) / count * np.square(left_out - left_out.mean(axis=0)).sum(axis=0)
    error = np.sqrt(variance + _between_pairs(normal, right, free))
    error[np.diag(normal).reshape(free.shape) == 0] = UNREFINED_ERROR_FRAMES
    return ClockEstimate(clocks, np.where(free, np.maximum(error, SMALLEST_ERROR_FRAMES), np.nan))


def _between_pairs(normal: FloatArray, right: FloatArray, free: BoolArray) -> FloatArray:
    """Variance (2, C) of the clocks by how much the pairs of cameras contradict each other.

    What is wrong with a camera's calibration is the same in all stretches, so that those can't tell, but not in all pairs
    (cluster-robust variance: Liang & Zeger 1986, doi:10.1093/biomet/73.1.13).
    """
    pairs = int((right != 0).any(axis=1).sum())
    if pairs < 2:
        return np.zeros(free.shape)
    apart = right - right.mean(axis=0) * (right != 0).any(axis=1)[:, None]
    changes = np.array([_solve(normal, item, free) for item in apart])
    result: FloatArray = pairs / (pairs - 1) * np.square(changes).sum(axis=0)
    return result


def _accelerated(tried: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """The next change of the clocks (2, C), from those tried and the steps that they led to.

    Steps fall short, as slopes hold noise and weights follow the residuals; how short, the last ones tell (Anderson
    acceleration: Walker & Ni 2011, doi:10.1137/10078356X).
    """
    clocks, steps = (np.array([item[n].ravel() for item in tried]) for n in range(2))
    latest: FloatArray = tried[-1][1]
    if len(tried) < 2:
        return latest
    moved, changed = np.diff(clocks, axis=0).T, np.diff(steps, axis=0).T
    part = np.linalg.lstsq(changed, steps[-1], rcond=1e-3)[0]
    change: FloatArray = latest - ((moved + changed) @ part).reshape(latest.shape)
    return change


def _solve(normal: FloatArray, right: FloatArray, free: BoolArray) -> FloatArray:
    """The change of the clocks (2, C): 0 where not free, and where nothing is known."""
    index = np.flatnonzero(free)
    step = np.zeros(free.size)
    inner = normal[np.ix_(index, index)]
    ridge = np.eye(len(index)) * 1e-9 * max(float(np.trace(inner)), 1e-12)
    step[index] = np.linalg.solve(inner + ridge, right[index])
    return step.reshape(free.shape)
