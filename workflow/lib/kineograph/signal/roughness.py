"""How rough a movement is from moment to moment, and how much of its noise is new in each frame: for the temporal triangulation.

A movement is rough by its third differences, and the prior of :mod:`kineograph.signal.smooth_series`. The filter `smoother` has a
simpler one, for which :mod:`kineograph.signal.track_likelihood` learns both numbers.
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.robust import median_of_known
from kineograph.signal.smooth_series import ORDER, difference_bands

ROUGHNESS_M = np.geomspace(2e-6, 0.03, 9)
"""Standard deviations of the third difference from frame to frame that are tried at first, m."""
WINDOW_FRAMES = 40
CHANGE = np.log(3.0)
"""Standard deviation of the change of the roughness's logarithm from window to window."""
DECIDED = 2.0
"""A roughness holds for a stretch in which the measurements decide so many third differences a coordinate: 10 frames or so of a
movement that is hardly smoothed, and some seconds of standing still."""
SLOWEST_HZ = 1.0
"""Nothing is smoothed as if it moved slower than this: little is gained by it, and a short trial tells too little of it."""
LEAST_WHITE = 2e-4
FOURTH = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
MEDIAN_OF_THREE = 2.366
"""Median of a chi-square of 3 degrees of freedom."""
TOGETHER = 500
"""Frames after which a keypoint's own share of new noise counts as much as that of all keypoints."""
SPREAD = 1.5
"""Relative variance of a share, times the frames it is from. All noise is new unless the share is two deviations below 1."""
LEAST_WEIGHT = 1.0
"""Of a position of which nothing is known, 1/m^2."""


def new_share(position_m: FloatArray, covariance_m2: FloatArray) -> FloatArray:
    """The share of each keypoint's noise, as a standard deviation, that is new in each frame, (K,), at most 1.

    The rest stays or changes slowly, as a calibration's bias does. Fourth differences hold hardly anything else than noise, in
    most frames at least: their median is compared with what the variances would make of them. Source: Hall, Kay & Titterington
    1990, doi:10.1093/biomet/77.3.521 (variances from differences).

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing or not to be believed.
    covariance_m2 : (6, F, K) array
        By :data:`~kineograph.geometry.symmetric_systems.ENTRIES`, m^2.
    """
    length = len(position_m) - len(FOURTH) + 1
    difference = sum(c * position_m[i : length + i] for i, c in enumerate(FOURTH)).reshape(-1, 3).T
    expected = sum(c**2 * covariance_m2[:, i : length + i] for i, c in enumerate(FOURTH)).reshape(6, -1)
    squared = (difference * symmetric_systems.times(symmetric_systems.inverse(expected), difference)).sum(axis=0)
    middle, count = median_of_known(squared.reshape(length, -1), axis=0)
    share = np.where(count > 0, middle, 0.0) / MEDIAN_OF_THREE
    pooled = (share * count).sum() / max(count.sum(), 1)
    own = (share * count + TOGETHER * pooled) / (count + TOGETHER)
    unsure = np.sqrt(SPREAD / (count + TOGETHER))
    clipped: FloatArray = np.sqrt(np.clip(own * (1 + 2 * unsure), LEAST_WHITE**2, 1.0))
    return clipped


def learn_roughness(position_m: FloatArray, variance_m2: FloatArray) -> FloatArray:
    """The roughness of each keypoint's movement around each frame, (F, K), m.

    In windows, the likelihood of each roughness that is tried, with nothing known of where the movement comes from; then along
    the windows the likeliest mean, where the roughness's logarithm walks at random.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing or not to be believed.
    variance_m2 : (F, K) array
        Variance of a coordinate that is new in each frame, m^2.
    """
    frames = len(position_m)
    last = max(frames - WINDOW_FRAMES, 0)
    start = np.append(np.arange(0, last, WINDOW_FRAMES), last)
    inside = start + np.arange(min(WINDOW_FRAMES, frames))[:, None]
    known = np.isfinite(position_m[..., 0]) & np.isfinite(variance_m2)
    mean = _along_windows(_evidence(position_m[inside], variance_m2[inside], known[inside]))
    middle = start + (len(inside) - 1) / 2
    when = np.arange(frames)
    roughness: FloatArray = np.exp(np.stack([np.interp(when, middle, row) for row in mean.T], axis=1))
    return roughness


def _evidence(position_m: FloatArray, variance_m2: FloatArray, known: BoolArray) -> FloatArray:
    """Logarithm of the likelihood of each roughness, (R, W, K), up to a constant, from windows of L frames (L, W, K, 3)."""
    length = len(position_m)
    number = known.sum(axis=0)
    weight = np.where(known, 1 / np.where(known, variance_m2, 1.0), 0.0)
    values = np.where(known[..., None], position_m, 0.0)
    middle = (weight[..., None] * values).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)[..., None]
    values = values - middle
    right = weight[..., None] * values
    precision = ROUGHNESS_M**-2.0
    pattern = difference_bands(np.ones(length - ORDER))
    log_pivots, gained = _eliminated(pattern, precision, weight, right)
    misfit = (weight[..., None] * np.square(values)).sum(axis=(0, 3)) - gained
    free = (length - ORDER) * np.log(precision)[:, None, None]
    evidence = 0.5 * (3 * (free - log_pivots) - misfit)
    return np.where(number > ORDER + 1, evidence, 0.0)


def _eliminated(
    pattern: FloatArray, precision: FloatArray, weight: FloatArray, right: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Logarithm of the determinant of each system, and its quadratic form of the right-hand side's inverse, (R, W, K).

    The systems are `pattern` (4, L) times each of the precisions (R,), and the weights (L, W, K) on the diagonal. L D L' row by
    row, for all at once; only the last three rows are needed at any time.
    """
    shape = (len(precision), *weight.shape[1:])
    nothing = np.zeros(shape)
    pivots = [np.ones(shape)] * ORDER  # D of the last three rows, the nearest first
    lowers: list[list[FloatArray]] = [[nothing] * (ORDER + 1)] * ORDER  # L of these, left of the diagonal
    solved = [np.zeros((*shape, 3))] * ORDER
    log_pivots, gained = np.zeros(shape), np.zeros(shape)
    for frame in range(weight.shape[0]):
        scaled, lower = [nothing] * (ORDER + 1), [nothing] * (ORDER + 1)  # L times D, and L, of this row
        pivot = pattern[0, frame] * precision[:, None, None] + weight[frame] + LEAST_WEIGHT
        part = np.broadcast_to(right[frame], (*shape, 3)).copy()
        for d in range(min(ORDER, frame), 0, -1):
            value = np.broadcast_to(pattern[d, frame - d] * precision[:, None, None], shape).copy()
            for e in range(d + 1, ORDER + 1):
                value -= scaled[e] * lowers[d - 1][e - d]
            scaled[d], lower[d] = value, value / pivots[d - 1]
            pivot = pivot - value * lower[d]
            part -= lower[d][..., None] * solved[d - 1]
        log_pivots += np.log(pivot)
        gained += np.square(part).sum(axis=-1) / pivot
        pivots, lowers, solved = [pivot, *pivots[:-1]], [lower, *lowers[:-1]], [part, *solved[:-1]]
    return log_pivots, gained


def _along_windows(evidence: FloatArray) -> FloatArray:
    """The mean of the roughness's logarithm in each window (W, K), from the evidence of all (R, W, K)."""
    grid = np.log(ROUGHNESS_M)
    apart = np.square((grid[:, None] - grid) / CHANGE)
    step = np.exp(-0.5 * apart) + 1e-4
    step /= step.sum(axis=0)
    own = np.exp(evidence - evidence.max(axis=0))
    windows = own.shape[1]
    ahead, back = own.copy(), np.ones_like(own)
    for window in range(1, windows):
        ahead[:, window] *= step @ ahead[:, window - 1]
        ahead[:, window] /= ahead[:, window].sum(axis=0)
    for window in range(windows - 2, -1, -1):
        back[:, window] = step.T @ (own[:, window + 1] * back[:, window + 1])
        back[:, window] /= back[:, window].sum(axis=0)
    belief = ahead * back
    belief /= belief.sum(axis=0)
    mean: FloatArray = np.einsum("r,rwk->wk", grid, belief)
    return mean


def refined_roughness(
    smooth_m: FloatArray, roughness_m: FloatArray, noise_m: FloatArray, known: BoolArray, fps_hz: float
) -> FloatArray:
    """The roughness (F, K) anew, from the series (F, K, 3) smoothed with the last one.

    What third differences come to in a stretch of time, over how many of them the measurements decided there: the fixed point
    is where the likelihood is highest. Source: MacKay 1992, Bayesian interpolation, doi:10.1162/neco.1992.4.3.415.

    Parameters
    ----------
    smooth_m : (F, K, 3) array
        m.
    roughness_m : (F, K) array
        What it was smoothed with, m.
    noise_m : (K,) array
        Standard deviation of a coordinate, m.
    known : (F, K) array of bool
        Where something was measured.
    fps_hz : float
        Frame rate, Hz.
    """
    third = np.zeros(roughness_m.shape)
    third[1:-2] = np.square(np.diff(smooth_m, n=ORDER, axis=0)).mean(axis=-1)
    decided = leverage(roughness_m / noise_m) * known
    decided[[0, -2, -1]] = 0.0
    # of all that is decided, about half of the three numbers that make a parabola are not the roughness's
    decided *= np.clip(1 - 0.5 * ORDER / np.maximum(decided.sum(axis=0), 1e-9), 0.3, 1.0)
    result = np.stack([_over_stretches(*pair) for pair in zip(third.T, decided.T, strict=True)], axis=1)
    least = noise_m * (2 * np.pi * SLOWEST_HZ / fps_hz) ** ORDER
    return np.maximum(np.sqrt(result), least)


def _over_stretches(amount: FloatArray, decided: FloatArray) -> FloatArray:
    """For each frame (F,), the amounts over the numbers decided, in the stretch around it that holds :data:`DECIDED` of these."""
    frame = np.arange(len(amount) + 1)
    clock, total = (np.append(0.0, np.cumsum(values)) for values in (decided, amount))
    half = 0.5 * min(DECIDED, clock[-1])
    middle = np.clip(0.5 * (clock[1:] + clock[:-1]), half, clock[-1] - half)
    rising = clock + 1e-9 * frame
    first, last = (np.interp(middle + sign * half, rising, frame) for sign in (-1, 1))
    span = np.interp(last, frame, clock) - np.interp(first, frame, clock)
    mean: FloatArray = (np.interp(last, frame, total) - np.interp(first, frame, total)) / np.maximum(span, 1e-9)
    return mean


def leverage(ratio: FloatArray) -> FloatArray:
    """How much a frame's own measurement counts in its smoothed position, from 0 to 1, for even roughness over noise."""
    grid = np.geomspace(1e-5, 1e3, 60)
    wave = np.square(2 * np.sin(np.pi * (np.arange(2000) + 0.5) / 4000)) ** ORDER
    part: FloatArray = np.interp(np.log(ratio), np.log(grid), (1 / (1 + wave / np.square(grid)[:, None])).mean(axis=1))
    return part
