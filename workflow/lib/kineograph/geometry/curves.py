"""Piecewise polynomials and their slopes."""

from __future__ import annotations

import numpy as np

from kineograph.model.kinematic_tree import Curve
from kineograph.model.shapes import FloatArray


def straight(slope: float, offset: float = 0.0) -> Curve:
    """The line ``slope * x + offset``."""
    return Curve(np.zeros(0), np.zeros(1), np.array([[offset, slope]], dtype=float))


def through(knots: FloatArray, value: FloatArray, slope: FloatArray) -> Curve:
    """The cubic Hermite spline through knots (n,) with these values and slopes; straight beyond the ends."""
    step = np.diff(knots)
    rise = np.diff(value) / step
    cubic = np.stack(
        [
            value[:-1],
            slope[:-1],
            (3 * rise - 2 * slope[:-1] - slope[1:]) / step,
            (slope[:-1] + slope[1:] - 2 * rise) / np.square(step),
        ],
        axis=1,
    )
    ends = [[value[end], slope[end], 0.0, 0.0] for end in (0, -1)]
    return Curve(knots, np.concatenate([knots[:1], knots]), np.concatenate([ends[:1], cubic, ends[1:]]))


def scaled(curve: Curve, factor: float) -> Curve:
    """The curve with all values multiplied."""
    return Curve(curve.start, curve.anchor, curve.coefficient * factor)


def evaluate(curve: Curve, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values and slopes at `x` (any shape)."""
    if len(curve.anchor) == 1:
        away, powers = x - curve.anchor[0], [np.asarray(power) for power in curve.coefficient[0]]
    else:
        stretch = np.searchsorted(curve.start, x, side="right")
        away, powers = x - curve.anchor[stretch], list(curve.coefficient.T[:, stretch])
    *lower, highest = powers
    value, slope = np.broadcast_to(highest, away.shape), np.zeros_like(away)
    for power in reversed(lower):  # Horner's scheme, and its derivative
        slope = slope * away + value
        value = value * away + power
    return value, slope
