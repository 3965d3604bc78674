"""What a trial shows of a person's movement beyond single frames: how rough it is when, what is noise, and what is a jump."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.robust import median_of_known
from kineograph.signal.roughness import learn_roughness, new_share, refined_roughness
from kineograph.signal.smooth_series import smooth_alike

REFINEMENTS = 4
"""How often the roughness is taken anew; after the third it hardly changes."""
JUMP = 3.0
"""A point this many times farther than usual from where its neighbours lead is not believed, unless three cameras agree on it."""
MOST_UNSURE = 2.0
"""A point's own uncertainty excuses it up to this many times the keypoint's usual one."""
MOST_M_S2 = 500.0
"""Nothing on a body is accelerated more over a whole frame, m/s^2: not even three cameras that agree are believed beyond it."""
NEIGHBOURS = 4
"""Frames to each side that lead to a point."""
WINDOW_FRAMES = 20
"""How far points usually are from where their neighbours lead is taken over so many frames."""
FEWEST_POINTS = 10
LEAST_INFORMATION = 1.0
"""Of a coordinate of which nothing else is known, 1/m^2: keeps the systems solvable."""


@dataclass(frozen=True)
class Prior:
    """What is known of a person's movement beyond single frames.

    Attributes
    ----------
    roughness_m : (F, K) array
        Standard deviation of a coordinate's third difference from frame to frame, m.
    white : (K,) array
        The share of the noise that is new in each frame: see :func:`~kineograph.signal.roughness.new_share`.
    noise_m : (K,) array
        Standard deviation of a coordinate that is new in each frame, m.
    firm : (F, K) array of bool
        The points that are not doubted, however they fit the movement.
    smooth_m : (F, K, 3) array
        The movement as single frames' points show it, m.
    """

    roughness_m: FloatArray
    white: FloatArray
    noise_m: FloatArray
    firm: BoolArray
    smooth_m: FloatArray

    def of(self, frames: slice) -> Prior:
        """That of some frames."""
        return Prior(self.roughness_m[frames], self.white, self.noise_m, self.firm[frames], self.smooth_m[frames])


def learn_prior(position_m: FloatArray, covariance_m2: FloatArray, agreed: BoolArray, fps_hz: float) -> Prior:
    """Learn the prior from points triangulated frame by frame.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing; :data:`FEWEST_POINTS` or more of each keypoint.
    covariance_m2 : (F, K, 3, 3) array
        m^2.
    agreed : (F, K) array of bool
        Points on which so many cameras agree that they are right, however quick the movement.
    fps_hz : float
        Frame rate, Hz.
    """
    variance = np.trace(covariance_m2, axis1=2, axis2=3) / 3
    believed, firm = _believed(position_m, variance, agreed, fps_hz)
    position = np.where(believed[..., None], position_m, np.nan)
    white = new_share(position, np.stack([covariance_m2[..., i, j] for i, j in symmetric_systems.ENTRIES]))
    roughness = learn_roughness(position, variance * np.square(white))
    weight = np.where(believed, 1 / np.where(believed, variance, 1.0), 0.0) / np.square(white)
    noise = 1 / np.sqrt(weight.mean(axis=0))
    filled = _filled(position_m, believed)
    for _ in range(REFINEMENTS):
        smooth = smooth_alike(filled, weight + LEAST_INFORMATION, roughness)
        roughness = refined_roughness(smooth, roughness, noise, believed, fps_hz)
    smooth = smooth_alike(filled, weight + LEAST_INFORMATION, roughness)
    return Prior(roughness, white, noise, firm, smooth)


def _believed(
    position_m: FloatArray, variance_m2: FloatArray, agreed: BoolArray, fps_hz: float
) -> tuple[BoolArray, BoolArray]:
    """The points (F, K) that are taken for the movement's, and those of them that are not to be doubted."""
    away, usual = _away(position_m)
    likely = np.minimum(variance_m2, MOST_UNSURE**2 * median_of_known(variance_m2, axis=0)[0])
    allowed = JUMP * (usual + np.sqrt(3 * likely))
    known = np.isfinite(variance_m2)
    firm = known & agreed & ~(away > allowed + 0.5 * MOST_M_S2 / fps_hz**2)
    believed = firm | (known & (away <= allowed))
    few = believed.sum(axis=0) < FEWEST_POINTS
    return np.where(few, known, believed), firm


def _away(position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far points (F, K) are from where the points around them lead, NaN where too few are, and how far that usually is, m."""
    frames, keypoints = position_m.shape[:2]
    padded = np.full((frames + 2 * NEIGHBOURS, keypoints, 3), np.nan)
    padded[NEIGHBOURS:-NEIGHBOURS] = position_m

    def at(shift: int) -> FloatArray:
        return padded[NEIGHBOURS + shift : NEIGHBOURS + shift + frames]

    guesses = [0.5 * (at(-shift) + at(shift)) for shift in range(1, NEIGHBOURS + 1)]
    guesses += [2 * at(shift) - at(2 * shift) for shift in (-1, 1)]
    guess = median_of_known(np.stack(guesses), axis=0)[0]
    away = np.linalg.norm(position_m - guess, axis=-1)
    blocks = -(-frames // WINDOW_FRAMES)
    whole = np.full((blocks * WINDOW_FRAMES, keypoints), np.nan)
    whole[:frames] = away
    usual = median_of_known(whole.reshape(blocks, WINDOW_FRAMES, keypoints), axis=1)[0]
    return away, np.repeat(np.nan_to_num(usual), WINDOW_FRAMES, axis=0)[:frames]


def _filled(position_m: FloatArray, believed: BoolArray) -> FloatArray:
    """The positions that are believed, and straight lines between them."""
    filled = position_m.copy()
    when = np.arange(len(position_m))
    for keypoint in np.flatnonzero(~believed.all(axis=0)):
        known = believed[:, keypoint]
        for axis in range(3):
            filled[:, keypoint, axis] = np.interp(when, when[known], position_m[known, keypoint, axis])
    return filled
