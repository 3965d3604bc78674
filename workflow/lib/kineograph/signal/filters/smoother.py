"""Kalman smoother that trusts each point by its covariance, and learns from each track how rough its movement is.

Nothing has to be chosen: how far a keypoint's speed changes from frame to frame, and how much of its error is new in each frame,
are those under which its track is likeliest (:func:`kineograph.signal.track_likelihood.likeliest`). Where a point is
uncertain, along the line of sight of two near cameras, say, its neighbours in time tell more. The result's covariance is
that of the smoothed position: what is left of the error that changes from frame to frame, and all of the error that stays.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray, finite
from kineograph.signal.kalman_points import smoothed
from kineograph.signal.robust import median_of_known
from kineograph.signal.track_likelihood import likeliest

PARAMETERS = {
    "smoothing_factor": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
        "description": "Divides the roughness that was learnt: 2 allows half the change of speed.",
    },
}
PROMISES = ("straight_lines",)
NEEDS_COVARIANCE = True
FEWEST_FRAMES = 5
"""A track of fewer measured frames stays as it is."""
LEAST_VARIANCE_M2 = 1e-10
"""Nothing is more certain than 0.01 mm."""


def apply_to_points(
    position_m: FloatArray, covariance_m2: FloatArray, rate_hz: float, *, smoothing_factor: float
) -> tuple[FloatArray, FloatArray]:
    """Smooth tracks of points; frames without a position are bridged, and where there is no covariance nothing is believed.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    covariance_m2 : (F, K, 3, 3) array
        m^2, NaN where nothing was measured, as in frames that were filled.
    rate_hz : float
        Frames a second.
    smoothing_factor : float
        See ``PARAMETERS``.

    Returns
    -------
    position_m, covariance_m2
        Of the smoothed points, in all frames of the tracks that were smoothed.
    """
    measured = finite(position_m) & finite(covariance_m2.reshape(*position_m.shape[:2], 9))
    enough = measured.sum(axis=0) >= FEWEST_FRAMES
    smooth, covariance = position_m.copy(), covariance_m2.copy()
    if not enough.any():
        return smooth, covariance
    known = measured[:, enough]
    place = np.where(known[..., None], position_m[:, enough], np.nan)
    spread = np.where(known[..., None, None], covariance_m2[:, enough], 0.0) + LEAST_VARIANCE_M2 * np.eye(3)
    variance = np.where(known, np.trace(spread, axis1=2, axis2=3) / 3, np.nan)
    roughness, white = likeliest(place, variance, rate_hz)
    told = np.where(known[..., None, None], np.linalg.inv(spread), 0.0) / np.square(white)[:, None, None]
    middle = np.nanmean(place, axis=0)
    pull = (told @ np.nan_to_num(place - middle)[..., None])[..., 0]
    moved, left = smoothed(told, pull, roughness / smoothing_factor)
    smooth[:, enough] = moved + middle
    usual = median_of_known(np.where(known[..., None, None], spread, np.nan), axis=0)[0]
    stays = np.where(known[..., None, None], spread, usual) * (1 - np.square(white))[:, None, None]
    covariance[:, enough] = left + stays
    return smooth, covariance
