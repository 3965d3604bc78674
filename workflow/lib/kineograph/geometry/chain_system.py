"""Linear systems of a whole trial: full blocks within a frame, and each coordinate tied to itself two frames on.

The matrix is banded, so solving it and the parts of its inverse that are needed cost as much as the trial is long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray


@dataclass(frozen=True)
class Ties:
    """What ties the frames of each coordinate together: a symmetric matrix with five diagonals.

    Attributes
    ----------
    own : (F, n) array
        Its diagonal.
    next, second : (F, n) array
        Between a frame and the one after it, and the second after it; the last rows are zero.
    """

    own: FloatArray
    next: FloatArray
    second: FloatArray

    def times(self, x: FloatArray) -> FloatArray:
        """The matrix times `x` (F, n)."""
        result = self.own * x
        result[:-1] += self.next[:-1] * x[1:]
        result[1:] += self.next[:-1] * x[:-1]
        result[:-2] += self.second[:-2] * x[2:]
        result[2:] += self.second[:-2] * x[:-2]
        return result


def smoothness(joined: BoolArray, precision: FloatArray) -> Ties:
    """Ties of second differences.

    Parameters
    ----------
    joined : (F - 2,) array of bool
        True where a frame and the two after it follow each other in time.
    precision : (n,) array
        Of each coordinate's second difference from frame to frame.
    """
    frames = len(joined) + 2
    counted = joined.astype(float)
    own, following, second = np.zeros(frames), np.zeros(frames), np.zeros(frames)
    for shift, (near, mine) in enumerate(((-2.0, 1.0), (-2.0, 4.0), (0.0, 1.0))):  # (1, -2, 1) with itself
        own[shift : shift + frames - 2] += mine * counted
        following[shift : shift + frames - 2] += near * counted
    second[: frames - 2] += counted
    return Ties(*(band[:, None] * precision for band in (own, following, second)))


def solve(blocks: FloatArray, ties: Ties, right: FloatArray, held: BoolArray) -> FloatArray:
    """Solve for (F, n) unknowns, of which those `held` (F, n) stay zero.

    Parameters
    ----------
    blocks : (F, n, n) array
        Symmetric, of each frame; they are added to the ties.
    ties : Ties
        Between frames.
    right : (F, n) or (F, n, R) array
        Right side, or several.
    """
    from scipy.linalg import solveh_banded

    frames, count = right.shape[:2]
    band = np.zeros((2 * count + 1, frames, count))
    index = np.arange(count)
    for below in range(count):
        rows, columns = index[below:], index[: count - below]
        free = ~(held[:, rows] | held[:, columns])
        band[below][:, columns] = blocks[:, rows, columns] * free
    band[0] = np.where(held, 1.0, band[0] + ties.own)
    for step, tie in ((1, ties.next), (2, ties.second)):
        free = ~(held[:-step] | held[step:])
        band[step * count, :-step] = tie[:-step] * free
    flat = solveh_banded(
        band.reshape(2 * count + 1, -1),
        np.where(held.reshape(held.shape + (1,) * (right.ndim - 2)), 0.0, right).reshape(
            frames * count, *right.shape[2:]
        ),
        lower=True,
        overwrite_ab=True,
        check_finite=False,
    )
    solution: FloatArray = flat.reshape(right.shape)
    return solution


def covariance(blocks: FloatArray, ties: Ties) -> tuple[FloatArray, FloatArray]:
    """The parts of the inverse that tell how certain each frame and each second difference is.

    By elimination in one direction and back substitution of covariances in the other (Takahashi, Fagan & Chin 1973), two frames
    a block.

    Returns
    -------
    covariance : (F, n, n) array
        Of each frame's unknowns.
    of_second_difference : (F - 2, n) array
        Variance of each unknown's second difference.
    """
    frames, count = ties.own.shape
    pairs = -(-frames // 2)
    first, last = np.arange(count), np.arange(count, 2 * count)
    whole = np.zeros((pairs, 2 * count, 2 * count))
    upper = (frames + 1) // 2
    whole[:upper, :count, :count] = blocks[::2]
    whole[: frames // 2, count:, count:] = blocks[1::2]
    whole[:upper, first, first] += ties.own[::2]
    whole[: frames // 2, last, last] += ties.own[1::2]
    between = ties.next[::2][: frames // 2]
    whole[: frames // 2, first, last] += between
    whole[: frames // 2, last, first] += between
    if frames % 2:
        whole[-1, last, last] = 1.0
    over = np.zeros((pairs, 3, count))  # ties of each pair to the next: first-first, last-first, last-last
    over[:upper, 0] = ties.second[::2]
    over[: frames // 2, 1] = ties.next[1::2]
    over[: frames // 2, 2] = ties.second[1::2]
    if frames % 2 and pairs > 1:
        over[-2, 2] = 0.0
    inverse, gain = np.empty_like(whole), np.empty_like(whole)
    for pair in range(pairs):
        system = whole[pair]
        if pair:
            system = system - _tied(gain[pair - 1], over[pair - 1])
        inverse[pair] = np.linalg.inv(system)
        gain[pair, :, :count] = inverse[pair, :, :count] * over[pair, 0] + inverse[pair, :, count:] * over[pair, 1]
        gain[pair, :, count:] = inverse[pair, :, count:] * over[pair, 2]
    cross = np.zeros((pairs, 2 * count, 2 * count))
    for pair in range(pairs - 2, -1, -1):
        cross[pair] = -gain[pair] @ inverse[pair + 1]
        inverse[pair] -= cross[pair] @ gain[pair].T
    found = np.empty((frames, count, count))
    found[::2], found[1::2] = inverse[:upper, :count, :count], inverse[: frames // 2, count:, count:]
    return found, _second_differences(found, inverse, cross)


def _tied(gain: FloatArray, over: FloatArray) -> FloatArray:
    """What a pair's elimination takes from the next pair's block: (ties to it) transposed times the gain."""
    count = over.shape[1]
    result = np.empty_like(gain)
    result[:count] = over[0][:, None] * gain[:count] + over[1][:, None] * gain[count:]
    result[count:] = over[2][:, None] * gain[count:]
    return result


def _second_differences(found: FloatArray, inverse: FloatArray, cross: FloatArray) -> FloatArray:
    frames, count = found.shape[:2]
    own = np.diagonal(found, axis1=1, axis2=2)
    inside = np.diagonal(inverse[:, :count, count:], axis1=1, axis2=2)
    over = {
        (a, b): np.diagonal(cross[:, a * count : (a + 1) * count, b * count : (b + 1) * count], axis1=1, axis2=2)
        for a, b in ((0, 0), (1, 0), (1, 1))
    }
    following, second = np.empty((frames, count)), np.empty((frames, count))
    following[::2], following[1::2] = inside[: len(following[::2])], over[1, 0][: len(following[1::2])]
    second[::2], second[1::2] = over[0, 0][: len(second[::2])], over[1, 1][: len(second[1::2])]
    variance: FloatArray = (
        own[:-2] + 4 * own[1:-1] + own[2:] - 4 * following[:-2] - 4 * following[1:-1] + 2 * second[:-2]
    )
    return np.maximum(variance, 0.0)
