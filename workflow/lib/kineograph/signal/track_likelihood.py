"""How rough a track's movement is, and how much of its noise is new in each frame: the pair that makes the track likeliest.

For the filter `smoother`, which takes points as they come, of any triangulation: one roughness for a whole track, of second
differences. :mod:`kineograph.signal.roughness` learns the same two numbers for the temporal triangulation in another way: of
third differences, changing over time, the noise first. Neither gives the other's results.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

ROUGHNESS_M_S2 = np.geomspace(0.1, 300.0, 15)
"""Standard deviations that are tried of how an acceleration lasting one frame is drawn anew in each, m/s^2."""
WHITE_SHARE = np.geomspace(0.05, 1.0, 6)
"""Shares of the standard deviation that may change from frame to frame; the rest stays, as a calibration's bias does."""
STRETCH_FRAMES = 100
MOST_STRETCHES = 12
"""Of long trials, so many stretches are looked at, spread evenly."""
FREEDOM = 30.0
"""Innovations have the tails of Student's t with so many degrees of freedom, so that single jumps don't decide."""
RUN_UP = 2
"""Frames of a stretch before which its speed is not known."""
UNKNOWN_M2 = 100.0
"""Variance of a position of which nothing is known, m^2."""


def likeliest(position_m: FloatArray, variance_m2: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """The likeliest roughness of each track, and the share of its noise that is new in each frame.

    The movement has second differences that are white noise (constant velocity, as in Bar-Shalom, Li & Kirubarajan 2001,
    section 6.2, doi:10.1002/0471221279); the likelihood is that of a Kalman filter's innovations, for all pairs of both
    numbers, all tracks and all stretches of frames at once, forwards and backwards in time.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    variance_m2 : (F, K) array
        Mean variance of a coordinate, m^2.
    rate_hz : float
        Frames a second.

    Returns
    -------
    roughness_m : (K,) array
        Standard deviation of a coordinate's second difference from frame to frame, m.
    white : (K,) array
        From 0 to 1.
    """
    frames = len(position_m)
    length = min(STRETCH_FRAMES, frames)
    starts = np.linspace(0, frames - length, min(MOST_STRETCHES, -(-frames // length))).round().astype(int)
    inside = np.arange(length)[:, None] + starts
    roughness = np.repeat(ROUGHNESS_M_S2 / rate_hz**2, len(WHITE_SHARE))
    share = np.tile(WHITE_SHARE, len(ROUGHNESS_M_S2))
    there, back = (
        _surprise(position_m[frame], variance_m2[frame], np.square(roughness), np.square(share)).sum(axis=1)
        for frame in (inside, inside[::-1])
    )
    best = (there + back).argmin(axis=0)
    return roughness[best], share[best]


def _surprise(position: FloatArray, variance: FloatArray, process: FloatArray, share: FloatArray) -> FloatArray:
    """Minus twice the logarithm of the likelihood, up to a constant, (G, S, K), of G pairs and S stretches of L frames.

    The state is the position in this frame and in the one before, with one variance for all three coordinates.
    """
    shape = (len(process), *variance.shape[1:])
    process, share = process[:, None, None], share[:, None, None]
    here, there = np.zeros((*shape, 3)), np.zeros((*shape, 3))
    both, cross, before = np.full(shape, UNKNOWN_M2), np.zeros(shape), np.full(shape, UNKNOWN_M2)
    cost, number = np.zeros(shape), np.zeros(shape[1:], int)
    for measured, spread in zip(position, variance, strict=True):
        here, there = 2 * here - there, here
        both, cross, before = 4 * both - 4 * cross + before + process, 2 * both - cross, both
        known = np.isfinite(measured[..., 0]) & np.isfinite(spread)
        innovation = np.where(known[..., None], np.nan_to_num(measured), 0.0) - here
        expected = both + share * np.where(known, spread, 1.0)
        size = np.square(innovation).sum(axis=-1) / expected / (1 - 2 / FREEDOM)
        number += known
        counts = known & (number > RUN_UP)
        cost += np.where(counts, 3 * np.log(expected) + (FREEDOM + 3) * np.log1p(size / FREEDOM), 0.0)
        part = np.where(counts, np.minimum(1.0, (FREEDOM + 3) / (FREEDOM + size)), 1.0)[..., None]
        gain, slow = both / expected * known, cross / expected * known
        here, there = here + gain[..., None] * part * innovation, there + slow[..., None] * part * innovation
        before = before - slow * cross
        both, cross = (1 - gain) * both, (1 - gain) * cross
    return cost
