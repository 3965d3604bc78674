"""Can every direction of space be measured? In which one points are least sure, and whether cameras stand badly or are missed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.points import Points3D
from kineograph.model.report import Reason, Verdict
from kineograph.model.shapes import FloatArray

SAMPLES = 1000
"""So many points are looked at."""
STRETCHED = 3.0
"""Points that are so many times less sure in one direction than in the surest are worth a warning ..."""
UNSURE_MM = 20.0
"""... and a failing verdict, if their standard deviation there is larger than this: joint angles are then off by many degrees."""
SELDOM = 0.5
"""A camera that is used in fewer of the points than this is said to be missed, where all cameras would measure well."""


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
        smallest; ``ratio_of_all``, what it would be if all cameras were used, and equally good; ``angle_deg``, of all pairs of
        the point's cameras the angle between their lines of sight that is nearest to a right one. Empty without points.
    """
    index = np.flatnonzero(points.measured & np.isfinite(covariance_m2).all(axis=(-1, -2)))
    if not index.size:
        return {}
    index = index[np.unique(np.linspace(0, index.size - 1, SAMPLES).round().astype(int))]
    variance = np.linalg.eigvalsh(covariance_m2.reshape(-1, 3, 3)[index])
    sd_m = np.sqrt(np.maximum(variance, 1e-12))
    ray = points.position_m.reshape(-1, 1, 3)[index] - positions_m
    distance_m = np.linalg.norm(ray, axis=-1, keepdims=True)
    ray /= distance_m
    used = points.cameras_used.reshape(-1, len(positions_m))[index]
    both = used[:, :, None] & used[:, None]
    cosine = np.where(both, np.abs(ray @ ray.swapaxes(1, 2)), 1.0).min(axis=(1, 2))
    return {
        "sd_mm": float(np.median(sd_m[:, 2]) * 1e3),
        "ratio": float(np.median(sd_m[:, 2] / sd_m[:, 0])),
        "ratio_of_all": float(np.median(_stretch(ray, distance_m))),
        "angle_deg": float(np.degrees(np.median(np.arccos(np.clip(cosine, 0.0, 1.0))))),
    }


def _stretch(ray: FloatArray, distance_m: FloatArray) -> FloatArray:
    """How many times less sure (N,) points are in one direction, seen along rays (N, C, 3) from these distances (N, C, 1).

    A camera measures across its line of sight, the less surely the farther away, and along it nothing.
    """
    along = ray / distance_m
    information = np.square(1 / distance_m).sum(axis=1)[..., None] * np.eye(3) - along.swapaxes(1, 2) @ along
    values = np.linalg.eigvalsh(information)
    stretch: FloatArray = np.sqrt(values[:, 2] / np.maximum(values[:, 0], 1e-12))
    return stretch


def weak_direction(conditioning: dict[str, float], cameras: Sequence[str], used: FloatArray) -> list[Reason]:
    """A reason for doubt where one direction is measured much less surely than the others.

    It blames all cameras where they stand badly, and none where some are missed: why they are not used, other stages say.

    Parameters
    ----------
    conditioning : dict
        From :func:`weakest_direction`.
    cameras : sequence of str
        C names.
    used : (C,) array
        The share of the points in which each camera is used.
    """
    if not conditioning or conditioning["ratio"] < STRETCHED:
        return []
    verdict: Verdict = "fail" if conditioning["sd_mm"] > UNSURE_MM else "warn"
    ratio, sd_mm = conditioning["ratio"], conditioning["sd_mm"]
    if conditioning["ratio_of_all"] < STRETCHED:
        missed = [camera for camera, share in zip(cameras, used, strict=True) if share < SELDOM]
        text = (
            f"points are {ratio:.0f} times less sure in one direction than across it (standard deviation {sd_mm:.0f} mm, "
            f"median), and {conditioning['ratio_of_all']:.1f} times if all cameras were used: {used.sum():.1f} of "
            f"{len(cameras)} are on average, and {', '.join(missed) or 'none'} in less than {SELDOM:.0%} of the points"
        )
        hint = "see why by the other verdicts and on the trial's page: are they calibrated, in step, and in view of the person?"
        return [Reason(verdict, text, "", hint)]
    text = (
        f"points are {ratio:.0f} times less sure in one direction than across it (standard deviation {sd_mm:.0f} mm, median): "
        f"the lines of sight of {', '.join(cameras)} cross at {conditioning['angle_deg']:.0f} degrees at best"
    )
    hint = "move a camera to the side, or add one: lines of sight should cross at 40 to 90 degrees"
    return [Reason(verdict, text, f"cameras {', '.join(cameras)}", hint)]
