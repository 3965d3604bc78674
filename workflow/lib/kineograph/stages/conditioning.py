"""Do the cameras stand so that every direction of space can be measured? In which one points are least sure, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.points import Points3D
from kineograph.model.report import Reason
from kineograph.model.shapes import FloatArray

SAMPLES = 1000
"""So many points are looked at."""
STRETCHED = 3.0
"""Points that are so many times less sure in one direction than in the surest are worth a warning ..."""
UNSURE_MM = 20.0
"""... and a failing verdict, if their standard deviation there is larger than this: joint angles are then off by many degrees."""


def weakest_direction(points: Points3D, covariance_m2: FloatArray, positions_m: FloatArray) -> dict[str, float]:
    """How sure points are in their weakest direction, and how widely the lines of sight of their cameras part.

    Parameters
    ----------
    points : Points3D
        The points of a trial.
    covariance_m2 : (F, P, K, 3, 3) array
        How sure they are by what the cameras show in each frame, m^2: the movement around makes no camera stand better.
    positions_m : (C, 3) array
        Where the cameras stand, m.

    Returns
    -------
    dict
        Medians over points: ``sd_mm``, the standard deviation in the direction in which it is largest; ``ratio``, that to the
        smallest; ``angle_deg``, of all pairs of the point's cameras the angle between their lines of sight that is nearest to a
        right one. Empty without points.
    """
    index = np.flatnonzero(points.measured & np.isfinite(covariance_m2).all(axis=(-1, -2)))
    if not index.size:
        return {}
    index = index[np.unique(np.linspace(0, index.size - 1, SAMPLES).round().astype(int))]
    variance = np.linalg.eigvalsh(covariance_m2.reshape(-1, 3, 3)[index])
    sd_m = np.sqrt(np.maximum(variance, 1e-12))
    ray = points.position_m.reshape(-1, 1, 3)[index] - positions_m
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    used = points.cameras_used.reshape(-1, len(positions_m))[index]
    both = used[:, :, None] & used[:, None]
    cosine = np.where(both, np.abs(ray @ ray.swapaxes(1, 2)), 1.0).min(axis=(1, 2))
    return {
        "sd_mm": float(np.median(sd_m[:, 2]) * 1e3),
        "ratio": float(np.median(sd_m[:, 2] / sd_m[:, 0])),
        "angle_deg": float(np.degrees(np.median(np.arccos(np.clip(cosine, 0.0, 1.0))))),
    }


def weak_direction(conditioning: dict[str, float], cameras: Sequence[str]) -> list[Reason]:
    """A reason for doubt where one direction is measured much less surely than the others."""
    if not conditioning:
        return []
    if conditioning["ratio"] < STRETCHED:
        return []
    return [
        Reason(
            "fail" if conditioning["sd_mm"] > UNSURE_MM else "warn",
            f"points are {conditioning['ratio']:.0f} times less sure in one direction than across it (standard deviation "
            f"{conditioning['sd_mm']:.0f} mm, median): the lines of sight of {', '.join(cameras)} cross at "
            f"{conditioning['angle_deg']:.0f} degrees at best",
            f"cameras {', '.join(cameras)}",
            "move a camera to the side, or add one: lines of sight should cross at 40 to 90 degrees",
        )
    ]
