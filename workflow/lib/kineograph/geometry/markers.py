"""From keypoints to the markers of a skeleton: its keypoints, and the means of keypoints that its card names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton


def marker_positions(points: Points3D, skeleton: Skeleton) -> tuple[tuple[str, ...], FloatArray]:
    """The markers of all participants in world axes.

    Parameters
    ----------
    points : Points3D
        The keypoints, and what a network placed beside them.
    skeleton : Skeleton
        Their skeleton.

    Returns
    -------
    names : tuple of str
        M markers: the K points, then the virtual ones of the skeleton that are not among them.
    position_m : (F, P, M, 3) array
        m; a virtual marker is NaN where one of its keypoints is.
    """
    extra = [name for name in skeleton.virtual if name not in points.names]
    means = [
        points.position_m[:, :, [points.names.index(part) for part in skeleton.virtual[name]]].mean(axis=2)
        for name in extra
    ]
    position = np.concatenate([points.position_m, *(mean[:, :, None] for mean in means)], axis=2)
    return (*points.names, *extra), position


def marker_variances(points: Points3D, skeleton: Skeleton) -> FloatArray:
    """Mean variance of a coordinate of each marker of :func:`marker_positions`, (F, P, M), m^2; NaN where unknown."""
    variance = np.trace(points.covariance_m2, axis1=-2, axis2=-1) / 3
    extra = [name for name in skeleton.virtual if name not in points.names]
    parts = [[points.names.index(part) for part in skeleton.virtual[name]] for name in extra]
    means = [variance[:, :, part].sum(axis=2) / len(part) ** 2 for part in parts]
    result: FloatArray = np.concatenate([variance, *(mean[:, :, None] for mean in means)], axis=2)
    return result


def arranged(values: FloatArray, names: Sequence[str], wanted: Sequence[str]) -> FloatArray:
    """Values (F, M, ...) of named markers in the columns of others: (F, W, ...), NaN where a marker is not there."""
    result: FloatArray = np.full((len(values), len(wanted), *values.shape[2:]), np.nan)
    there = [index for index, name in enumerate(wanted) if name in names]
    result[:, there] = values[:, [names.index(wanted[index]) for index in there]]
    return result
