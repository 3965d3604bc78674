"""Points of many frames at once: what the cameras saw, and movements that are smooth as far as they show themselves to be."""

from __future__ import annotations

import numpy as np

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import Fit, Views, evaluate
from kineograph.geometry.temporal_prior import LEAST_INFORMATION, Prior
from kineograph.geometry.view_offsets import offset_covariance
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.robust import median_of_known
from kineograph.signal.roughness import leverage
from kineograph.signal.smooth_series import covariances, factorize, solve

ROUNDS = 2
"""Gauss-Newton steps in pixels; each weighs the image points anew."""
SMOOTHER = 0.93
"""Part of the system's variance that is told. Of a movement just as rough as assumed, the error has all of it; of one that is
smoother than the smoothing, 5/6 (the integral of a quintic spline's squared response over that of its response). People are
between; the value was chosen on synthetic movements, seeds 0, 1 and 5, and holds on others."""
MOST_LEVERAGE = 0.9
HARDLY_SEEN = 4.0
"""A point whose constant errors would have so many times the usual variance is hardly seen: it hangs on the frames around."""


def smooth_points(views: Views, agreed: BoolArray, offset_px: FloatArray, prior: Prior) -> tuple[FloatArray, Fit]:
    """The likeliest positions of a run of frames.

    An image point counts by the probability that it is right, as seen from the movement, and with regard to how well the
    movement is known there: where it is quick, it tells little. Those that are agreed on count in full.

    Parameters
    ----------
    views : Views
        Image points of F frames times K keypoints, frames first.
    agreed : (C, F K) array of bool
        Image points that are not doubted, whatever the movement says.
    offset_px : (K,) array
        What the cameras are off by all the time: see :func:`~kineograph.geometry.view_offsets.learn_offsets`.
    prior : Prior
        Of the same frames.

    Returns
    -------
    covariance_m2 : (F, K, 3, 3) array
        Of the positions found, m^2: as much of the noise as is new in each frame is smoothed, the rest stays, and so do the
        cameras' offsets.
    fit : Fit
        Positions and how they fit the image points.
    """
    frames, keypoints = prior.roughness_m.shape
    position = prior.smooth_m.reshape(-1, 3).T
    white = np.tile(np.square(prior.white), frames)
    own = np.minimum(leverage(prior.roughness_m / prior.noise_m), MOST_LEVERAGE)
    doubt = (np.square(prior.noise_m) * own / (1 - own)).ravel()
    for _ in range(ROUNDS):
        fit, gradient = evaluate(views, position, doubt_m2=doubt, agreed=agreed)
        information = fit.information / white
        right = symmetric_systems.times(information, position) + gradient / white + LEAST_INFORMATION * position
        information[[0, 3, 5]] += LEAST_INFORMATION
        factor = factorize(information.reshape(6, frames, keypoints), prior.roughness_m)
        position = solve(factor, right.T.reshape(frames, keypoints, 3)).reshape(-1, 3).T
    fit, _ = evaluate(views, position, doubt_m2=doubt, agreed=agreed)
    return SMOOTHER * covariances(factor) + _lasting(views, fit, offset_px, prior), fit


def _lasting(views: Views, fit: Fit, offset_px: FloatArray, prior: Prior) -> FloatArray:
    """The covariance (F, K, 3, 3) of errors that last and can't be smoothed; where a point is hardly seen, its usual one.

    What the cameras are off by all the time, or what the noise holds that is not new in each frame, whichever is more.
    """
    frames, keypoints = prior.roughness_m.shape
    information = fit.information.copy()
    information[[0, 3, 5]] += LEAST_INFORMATION
    slow = symmetric_systems.inverse(information) * np.tile(1 - np.square(prior.white), frames)
    steady = offset_covariance(views.projection, fit.position_m, fit.weight, views.sigma_px, np.tile(offset_px, frames))
    larger = np.where(steady[[0, 3, 5]].sum(axis=0) > slow[[0, 3, 5]].sum(axis=0), steady, slow)
    size = larger[[0, 3, 5]].sum(axis=0).reshape(frames, keypoints)
    lasting = symmetric_systems.full(larger).reshape(frames, keypoints, 3, 3)
    usual = lasting[np.argsort(size, axis=0)[frames // 2], np.arange(keypoints)]
    hardly_seen = ~(size <= HARDLY_SEEN * median_of_known(size, axis=0)[0])
    return np.where(hardly_seen[..., None, None], usual, lasting)
