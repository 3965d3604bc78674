"""The markers of one participant: the points, and the means of points that the skeleton names."""

from __future__ import annotations

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.model.shapes import FloatArray


def markers(subject: Subject) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Names (M), positions (F, M, 3) in the world's axes, m, and the standard deviation of a coordinate, (F, M), m.

    The standard deviation is NaN where the position was not measured in the very frame, and that of a mean treats its parts
    as independent.

    Raises
    ------
    InputError
        Where the trial has no frame.
    """
    points, skeleton, person = subject.all_points, subject.skeleton, subject.places[0]
    position, variance = points.position_m[:, person], subject.covariance_sd_m()[:, 0] ** 2
    names, places, spreads = list(points.names), [position], [variance]
    for name, parts in skeleton.virtual.items():
        if name not in points.names:
            index = [points.names.index(part) for part in parts]
            names.append(name)
            places.append(position[:, index].mean(axis=1, keepdims=True))
            spreads.append(variance[:, index].sum(axis=1, keepdims=True) / len(index) ** 2)
    return tuple(names), np.concatenate(places, axis=1), np.sqrt(np.concatenate(spreads, axis=1))
