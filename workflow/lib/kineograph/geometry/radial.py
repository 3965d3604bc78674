"""Turning the radial distortion of tools that model the correction into that of OpenCV, which models the lens."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

SAMPLES = 400
ROUNDS = 8


def opposite_radial(correction: FloatArray, widest: float) -> FloatArray:
    """OpenCV's coefficients of the lens that a radial correction undoes.

    The correction takes the distorted radius r to the ideal one, ``r * (1 + a1 r**2 + a2 r**4 + a3 r**6)``. OpenCV's
    rational model goes the other way; its six radial coefficients are fitted to it by linear least squares, weighted anew
    each round by the last denominator, so that what becomes small is the error in the image (Sanathanan and Koerner 1963,
    doi:10.1109/TAC.1963.1105517).

    Parameters
    ----------
    correction : (3,) array
        a1, a2, a3, in normalized image coordinates.
    widest : float
        Largest distorted radius to fit, in normalized image coordinates: the image's farthest corner.

    Returns
    -------
    (8,) or (4,) array
        k1, k2, 0, 0, k3, k4, k5, k6; four zeros where the correction does nothing.
    """
    if not correction.any():
        return np.zeros(4)
    distorted = np.linspace(0, widest, SAMPLES + 1)[1:]
    ideal = distorted * (1 + np.stack([distorted**2, distorted**4, distorted**6], axis=1) @ correction)
    rising = np.maximum.accumulate(ideal) == ideal  # beyond the top of the polynomial two radii would be one
    rising = np.logical_and.accumulate(rising & (np.diff(ideal, prepend=0.0) > 0))
    distorted, ideal = distorted[rising], ideal[rising]
    powers = np.stack([ideal**2, ideal**4, ideal**6], axis=1)
    ratio = distorted / ideal
    unknowns = np.concatenate([powers, -ratio[:, None] * powers], axis=1)
    weight: FloatArray = ideal
    k: FloatArray = np.zeros(6)
    for _ in range(ROUNDS):
        k = np.asarray(
            np.linalg.lstsq(unknowns * weight[:, None], (ratio - 1) * weight, rcond=1e-10)[0], dtype=np.float64
        )
        weight = np.asarray(ideal / np.maximum(1 + powers @ k[3:], 1e-3), dtype=np.float64)
    return np.array([k[0], k[1], 0.0, 0.0, *k[2:]])
