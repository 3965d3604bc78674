"""The markers of the one participant of an export, and how well they are known."""

from __future__ import annotations

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.geometry.markers import marker_positions, marker_variances
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
    names, position = marker_positions(points, skeleton)
    variance = marker_variances(points, skeleton)
    return names, position[:, person], np.sqrt(variance[:, person])
