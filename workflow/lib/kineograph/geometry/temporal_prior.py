"""Points of a whole trial at once: what the cameras saw, and movements that are smooth as far as they show themselves to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import Fit, Views, evaluate
from kineograph.geometry.view_offsets import offset_covariance
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.robust import median_of_known
from kineograph.signal.roughness import learn_roughness, leverage, new_share, refined_roughness
from kineograph.signal.smooth_series import covariances, factorize, solve

ROUNDS = 2
"""Gauss-Newton steps in pixels; each weighs the image points anew."""
REFINEMENTS = 4
TOLD = 11 / 12
MOST_UNSURE = 2.0
MOST_M_S2 = 500.0
JUMP = 3.0
"""A point this many times farther than usual from where its neighbours lead is left out at first, if two cameras made it."""
WINDOW_FRAMES = 20
NEIGHBOURS = 4
LEAST_INFORMATION = 1.0
"""Of a coordinate of which nothing else is known, 1/m^2: keeps the system solvable."""


@dataclass(frozen=True)
class Prior:
    """What is known of a person's movement beyond single frames.

    Attributes
    ----------
    roughness_m : (F, K) array
        See :func:`~kineograph.signal.roughness.learn_roughness`.
    white : (K,) array
        See :func:`~kineograph.signal.roughness.new_share`.
    believed : (F, K) array of bool
        The points that the movement was learnt from: they are there, and don't jump.
    """

    roughness_m: FloatArray
    white: FloatArray
    believed: BoolArray
    firm: BoolArray
    offset_px: FloatArray


def learn_prior(position_m: FloatArray, covariance_m2: FloatArray, sure: BoolArray, offset_px: FloatArray, fps_hz: float) -> Prior:
    """Learn the prior from points triangulated frame by frame.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    covariance_m2 : (F, K, 3, 3) array
        m^2.
    sure : (F, K) array of bool
        Points on which so many cameras agree that they are never taken for a jump.
    """
    variance = np.trace(covariance_m2, axis1=2, axis2=3) / 3
    away, usual = _away(position_m, variance)
    likely = np.minimum(variance, MOST_UNSURE**2 * median_of_known(variance, axis=0)[0])
    threshold = JUMP * (usual + np.sqrt(3 * likely))
    firm = sure & ~(away > threshold + 0.5 * MOST_M_S2 / fps_hz**2)
    believed = np.isfinite(variance) & (firm | (away <= threshold))
    position = np.where(believed[..., None], position_m, np.nan)
    white = new_share(position, np.stack([covariance_m2[..., i, j] for i, j in symmetric_systems.ENTRIES]))
    roughness = learn_roughness(position, variance * np.square(white))
    information = _information(covariance_m2, believed) / np.tile(np.square(white), len(position))
    filled = _filled(position_m, believed).reshape(-1, 3).T
    right = symmetric_systems.times(information, filled)
    noise = white / np.sqrt(np.where(believed, 1 / np.where(believed, variance, 1.0), 0.0).mean(axis=0))
    for _ in range(REFINEMENTS):
        _, smooth = _solve(information, right, filled, roughness)
        roughness = refined_roughness(smooth.T.reshape(position.shape), roughness, noise, believed, fps_hz)
    return Prior(roughness, white, believed, firm, offset_px)


def smooth_points(
    views: Views, start_m: FloatArray, covariance_m2: FloatArray, agreed: BoolArray, prior: Prior
) -> tuple[FloatArray, Fit]:
    """The likeliest positions of a run of frames.

    Parameters
    ----------
    views : Views
        Image points of F frames times K keypoints, frames first.
    start_m : (F, K, 3) array
        Points triangulated frame by frame, m, NaN where missing.
    covariance_m2 : (F, K, 3, 3) array
        Their covariance, m^2.
    agreed : (C, F K) array of bool
        Image points that are not doubted, whatever the movement says.
    prior : Prior
        From :func:`learn_prior`, of the same frames.

    Returns
    -------
    covariance_m2 : (F, K, 3, 3) array
        Of the positions found, m^2: as much of the noise as is new in each frame is smoothed, the rest stays.
    fit : Fit
        Positions and how they fit the image points.
    """
    shape = start_m.shape
    information = _information(covariance_m2, prior.believed)
    position = _filled(start_m, prior.believed).reshape(-1, 3).T
    white = np.tile(np.square(prior.white), shape[0])
    right = symmetric_systems.times(information / white, position)
    factor, position = _solve(information / white, right, position, prior.roughness_m)
    doubt = _doubt(covariance_m2, prior).ravel()
    for _ in range(ROUNDS):
        fit, gradient = evaluate(views, position, doubt_m2=doubt, agreed=agreed)
        information = fit.information / white
        right = symmetric_systems.times(information, position) + gradient / white
        factor, position = _solve(information, right, position, prior.roughness_m)
    fit, _ = evaluate(views, position, doubt_m2=doubt, agreed=agreed)
    return covariances(factor) * TOLD + _bias(views, fit, prior, shape), fit


def _bias(views: Views, fit: Fit, prior: Prior, shape: tuple[int, ...]) -> FloatArray:
    """The covariance (F, K, 3, 3) of what stays in the noise and can't be smoothed; where a point is hardly seen, the usual one.

    What the cameras are off by all the time, or what the noise holds that is not new in each frame, whichever is more.
    """
    information = fit.information.copy()
    information[[0, 3, 5]] += LEAST_INFORMATION
    slow = symmetric_systems.inverse(information) * np.tile(1 - np.square(prior.white), shape[0])
    offset = np.tile(prior.offset_px, shape[0])
    steady = offset_covariance(views.projection, fit.position_m, fit.weight, views.sigma_px, offset)
    size_slow, size_steady = (part[0] + part[3] + part[5] for part in (slow, steady))
    bias = symmetric_systems.full(np.where(size_steady > size_slow, steady, slow)).reshape(*shape, 3)
    size = np.fmax(size_slow, size_steady).reshape(shape[:2])
    usual_size = median_of_known(size, axis=0)[0]
    usual = bias[np.argsort(size, axis=0)[len(size) // 2], np.arange(shape[1])]
    hardly_seen = ~(size <= usual_size * 4)
    return np.where(hardly_seen[..., None, None], usual, bias)


def _information(covariance_m2: FloatArray, believed: BoolArray) -> FloatArray:
    """The inverse covariances (6, F K), 1/m^2; 0 where a point is not believed."""
    known = np.where(believed[..., None, None], covariance_m2, np.eye(3))
    inverse = symmetric_systems.inverse(np.stack([known[..., i, j].ravel() for i, j in symmetric_systems.ENTRIES]))
    information: FloatArray = np.where(believed.ravel(), inverse, 0.0)
    return information


def _solve(
    information: FloatArray, right: FloatArray, around_m: FloatArray, roughness_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The factor, and the solution (3, N) of frames times keypoints."""
    frames, keypoints = roughness_m.shape
    held = information.reshape(6, frames, keypoints).copy()
    held[[0, 3, 5]] += LEAST_INFORMATION
    factor = factorize(held, roughness_m)
    pulled = (right + LEAST_INFORMATION * around_m).T.reshape(frames, keypoints, 3)
    return factor, solve(factor, pulled).reshape(-1, 3).T


def _doubt(covariance_m2: FloatArray, prior: Prior) -> FloatArray:
    """How uncertain a coordinate is before its own frame is looked at, (F, K), m^2.

    For a smooth series of even noise r and roughness q, the neighbours leave a variance of about r^2 (q / r)^(1/3) / 3
    (the equivalent kernel of a quintic spline; Silverman 1984, doi:10.1214/aos/1176346710).
    """
    variance = np.trace(covariance_m2, axis1=2, axis2=3) / 3
    noise = np.sqrt(median_of_known(np.where(prior.believed, variance, np.nan), axis=0)[0]) * prior.white
    own = np.minimum(leverage(prior.roughness_m / noise), 0.9)
    doubt: FloatArray = np.square(noise) * own / (1 - own)
    return doubt


def _away(position_m: FloatArray, variance_m2: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far points (F, K) are from where the points around them lead, NaN where too few are, and how far that usually is, m."""
    frames, keypoints = variance_m2.shape
    padded = np.full((frames + 2 * NEIGHBOURS, keypoints, 3), np.nan)
    padded[NEIGHBOURS:-NEIGHBOURS] = position_m

    def at(shift: int) -> FloatArray:
        return padded[NEIGHBOURS + shift : NEIGHBOURS + shift + frames]

    guesses = [0.5 * (at(-s) + at(s)) for s in range(1, NEIGHBOURS + 1)] + [2 * at(s) - at(2 * s) for s in (-1, 1)]
    guess = median_of_known(np.stack(guesses), axis=0)[0]
    away = np.linalg.norm(position_m - guess, axis=-1)
    blocks = -(-frames // WINDOW_FRAMES)
    whole = np.full((blocks * WINDOW_FRAMES, keypoints), np.nan)
    whole[:frames] = away
    usual = median_of_known(whole.reshape(blocks, WINDOW_FRAMES, keypoints), axis=1)[0]
    usual = np.repeat(np.nan_to_num(usual), WINDOW_FRAMES, axis=0)[:frames]
    return away, usual


def _filled(position_m: FloatArray, believed: BoolArray) -> FloatArray:
    """The positions that are believed, and straight lines between them."""
    filled = position_m.copy()
    when = np.arange(len(position_m))
    for keypoint in np.flatnonzero(~believed.all(axis=0)):
        known = believed[:, keypoint]
        for axis in range(3):
            filled[:, keypoint, axis] = np.interp(when, when[known], position_m[known, keypoint, axis])
    return filled
