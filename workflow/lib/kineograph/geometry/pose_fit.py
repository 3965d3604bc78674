"""The pose of each frame by itself: damped Gauss-Newton steps within limits, for all frames at once.

Levenberg-Marquardt with a damping of each frame's own (Marquardt 1963, doi:10.1137/0111030) and steps projected into the limits
(Bertsekas 1982, doi:10.1137/0320018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.damped_steps import LEAST_DAMPING, MOST_DAMPING
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

CHUNK_FRAMES = 256
"""Frames that are linearised together: their derivatives stay in the processor's cache."""
FIRST_DAMPING = 1e-3
LONGEST_TURN = 0.6
"""rad: beyond it the markers' circles are no longer nearly straight."""


@dataclass(frozen=True)
class Pull:
    """A weak spring of each free coordinate towards a value.

    Attributes
    ----------
    precision : (n,) array
        1 / rad^2 or 1 / m^2, in the units in which the markers' precisions are 1 / m^2.
    value : (n,) array
        Where it pulls to.
    """

    precision: FloatArray
    value: FloatArray


def cost(model: MarkerModel, x: FloatArray, observed_m: FloatArray, precision: FloatArray, pull: Pull) -> FloatArray:
    """Weighted squares of marker distances, and of the springs, of each frame, (F,)."""
    return _cost(model.places(x), x, observed_m, precision, pull)


def normal_equations(
    model: MarkerModel,
    x: FloatArray,
    observed_m: FloatArray,
    precision: FloatArray,
    columns: IntArray | slice = slice(None),
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What the markers tell about steps from poses `x`.

    Parameters
    ----------
    model : MarkerModel
        n free coordinates, M markers.
    x : (F, n) array
        Poses.
    observed_m : (F, M, 3) array
        Measured markers; where `precision` is 0 any number may stand.
    precision : (F, M) array
        1/m^2.
    columns : array of int
        The c coordinates wanted.

    Returns
    -------
    information : (F, c, c) array
    slope : (F, c) array
        Half the gradient of the weighted squares.
    residual_m : (F, M, 3) array
        Model minus measured, m.
    """
    count = len(np.arange(x.shape[1])[columns])
    information, slope = np.empty((len(x), count, count)), np.empty((len(x), count))
    residual = np.empty(observed_m.shape)
    for start in range(0, len(x), CHUNK_FRAMES):
        part = slice(start, start + CHUNK_FRAMES)
        places, jacobian = model.linearised(x[part])
        residual[part] = places - observed_m[part]
        root = np.sqrt(precision[part])[..., None]
        weighted = (jacobian[:, columns] * root[:, None]).reshape(len(places), count, -1)
        information[part] = weighted @ weighted.swapaxes(1, 2)
        slope[part] = (weighted @ (residual[part] * root).reshape(len(places), -1, 1))[..., 0]
    return information, slope, residual


def fit_poses(
    model: MarkerModel,
    observed_m: FloatArray,
    precision: FloatArray,
    start: FloatArray,
    pull: Pull,
    *,
    columns: IntArray | None = None,
    steps: int = 40,
    tolerance: float = 1e-6,
) -> FloatArray:
    """The best pose of each frame near its start.

    Parameters
    ----------
    model, observed_m, precision
        As in :func:`normal_equations`.
    start : (F, n) array
        Where to begin.
    pull : Pull
        Springs towards default values.
    columns : array of int
        Coordinates that may change; all where None.
    steps : int
        At most so many; frames that have settled take no further ones.
    tolerance : float
        A frame has settled when its step is smaller, rad or m.

    Returns
    -------
    (F, n) array
    """
    columns = np.arange(start.shape[1]) if columns is None else columns
    low, high = model.low[columns], model.high[columns]
    best = start.copy()
    best[:, columns] = np.clip(start[:, columns], low, high)
    moving = np.arange(len(start))
    damping = np.full(len(start), FIRST_DAMPING)
    for _ in range(steps):
        x, measured, weight = best[moving], observed_m[moving], precision[moving]
        information, slope, residual = normal_equations(model, x, measured, weight, columns)
        before = _cost(measured + residual, x, measured, weight, pull)
        slope = slope + pull.precision[columns] * (x[:, columns] - pull.value[columns])
        held = ((x[:, columns] <= low) & (slope > 0)) | ((x[:, columns] >= high) & (slope < 0))
        step = _steps(information, slope, pull.precision[columns], held, damping[moving])
        step = shortened(step, model.turning[columns])
        new = x.copy()
        new[:, columns] = np.clip(x[:, columns] + step, low, high)
        better = cost(model, new, measured, weight, pull) <= before
        best[moving[better]] = new[better]
        change = np.abs(new - x).max(axis=1)
        damping[moving] = np.clip(damping[moving] * np.where(better, 0.1, 10.0), LEAST_DAMPING, 2 * MOST_DAMPING)
        settled = (better & (change < tolerance)) | (damping[moving] > MOST_DAMPING)
        moving = moving[~settled]
        if not len(moving):
            break
    return best


def shortened(step: FloatArray, turning: BoolArray) -> FloatArray:
    """Steps (F, c) of which no angle is longer than :data:`LONGEST_TURN`."""
    longest = np.max(np.abs(step), axis=1, where=turning, initial=1e-12)
    result: FloatArray = step * np.minimum(1.0, LONGEST_TURN / longest)[:, None]
    return result


def _cost(places: FloatArray, x: FloatArray, observed_m: FloatArray, precision: FloatArray, pull: Pull) -> FloatArray:
    squares = np.einsum("fmi,fmi,fm->f", places - observed_m, places - observed_m, precision)
    total: FloatArray = squares + np.square(x - pull.value) @ pull.precision
    return total


def _steps(
    information: FloatArray, slope: FloatArray, spring: FloatArray, held: BoolArray, damping: FloatArray
) -> FloatArray:
    """Damped steps (F, c); coordinates held at a limit stay."""
    diagonal = np.arange(information.shape[1])
    system = np.where(held[:, :, None] | held[:, None, :], 0.0, information)
    size = information[:, diagonal, diagonal] + spring
    typical = np.maximum(size, 1e-3 * size.mean(axis=1, keepdims=True))
    system[:, diagonal, diagonal] = np.where(held, 1.0, size + damping[:, None] * typical)
    step: FloatArray = -np.linalg.solve(system, np.where(held, 0.0, slope)[..., None])[..., 0]
    return step
