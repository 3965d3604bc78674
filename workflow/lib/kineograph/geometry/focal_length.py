"""Which focal length makes a camera see known points where it saw them?"""

from __future__ import annotations

import numpy as np

from kineograph.geometry.projection import project
from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray

FARTHEST = 2.0
"""Ratios from one over this to this are looked at."""
STEPS = 25
ROUNDS = 3
"""How often the search goes on around the best ratio, with steps that many times smaller."""


def focal_ratio_that_fits(camera: Camera, points_m: FloatArray, image_px: FloatArray) -> float:
    """The factor to a camera's focal length with the least median distance between image points and projections.

    Parameters
    ----------
    camera : Camera
        The camera; its pose and its lens distortion stay.
    points_m : (N, 3) array
        World, m; NaN where not known.
    image_px : (N, 2) array
        px as in the video; NaN where not seen.

    Returns
    -------
    float
        1 where nothing is seen.
    """
    known = np.isfinite(points_m).all(axis=-1) & np.isfinite(image_px).all(axis=-1)
    if not known.any():
        return 1.0
    points, image = points_m[known], image_px[known]
    middle, half = 0.0, float(np.log(FARTHEST))
    for _ in range(ROUNDS):
        ratios = np.exp(np.linspace(middle - half, middle + half, STEPS))
        left = [_median_px(camera.zoomed(ratio), points, image) for ratio in ratios]
        middle, half = float(np.log(ratios[int(np.argmin(left))])), 2 * half / (STEPS - 1)
    return float(np.exp(middle))


def _median_px(camera: Camera, points_m: FloatArray, image_px: FloatArray) -> float:
    distance = np.linalg.norm(image_px - project(camera, points_m), axis=-1)
    known = distance[np.isfinite(distance)]
    return float(np.median(known)) if known.size else float("inf")
