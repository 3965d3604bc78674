"""The poses of a whole trial at once: markers, limits, smooth motion and a natural posture weighed together.

The motion of each coordinate is a Gaussian process: its second differences are white noise (as in Whittaker's smoother and in
constant-velocity Kalman filters) and it stays within a natural spread around a natural value. What the markers tell, they tell;
what they leave open is held by the frames around and by that value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.chain_system import Ties, covariance, smoothness, solve
from kineograph.geometry.damped_steps import Attempt, descend
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.pose_fit import Pull, cost, normal_equations, shortened
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

FIRST_DAMPING, LEAST_RAISED = 1e-6, 1e-5


@dataclass(frozen=True)
class Process:
    """How the n free coordinates move when nothing is measured.

    Attributes
    ----------
    roughness : (n,) array
        Standard deviation of the second difference from frame to frame, rad or m.
    centre : (n,) array
        Natural value.
    spread : (n,) array
        Standard deviation around it, infinite where any value is as likely.
    joined : (F - 2,) array of bool
        True where a frame and the two after it follow each other in time.
    mean_pull : (n,) array, optional
        Precision with which the mean over the frames is pulled to the centre; for errors that last through all of them.
    """

    roughness: FloatArray
    centre: FloatArray
    spread: FloatArray
    joined: BoolArray
    mean_pull: FloatArray | None = None

    @property
    def level(self) -> FloatArray:
        """Precision (F, n) of each frame's distance from the centre that gives the process its spread.

        A process with spectral density 1 / (level + w^4 / roughness^2) has the variance
        level^(-3/4) roughness^(1/2) / (2 sqrt(2)), the integral over all w; so the pull of one frame is weak, because all frames
        pull together. Half of a single frame's precision comes on top at both ends, where a side is missing.
        """
        frames = len(self.joined) + 2
        inside = (2 * np.sqrt(2) * np.square(self.spread) / np.sqrt(self.roughness)) ** (-4 / 3)
        level = np.tile(np.minimum(inside, self.spread**-2.0), (frames, 1))
        level[0] += 0.5 * self.spread**-2.0
        level[-1] += 0.5 * self.spread**-2.0
        return level

    @property
    def ties(self) -> Ties:
        """The process's precision matrix."""
        tied = smoothness(self.joined, self.roughness**-2.0)
        return Ties(tied.own + self.level, tied.next, tied.second)


def joined(frames: IntArray) -> BoolArray:
    """(F - 2,) True where a frame number and the two after it follow each other."""
    following = np.diff(frames) == 1
    result: BoolArray = following[:-1] & following[1:]
    return result


def trajectory_cost(
    model: MarkerModel, x: FloatArray, observed_m: FloatArray, precision: FloatArray, process: Process
) -> float:
    """What :func:`fit_trajectory` makes small."""
    return _cost(model, x, observed_m, precision, process, process.ties)


def fit_trajectory(
    model: MarkerModel,
    observed_m: FloatArray,
    precision: FloatArray,
    start: FloatArray,
    process: Process,
    *,
    steps: int = 20,
    tolerance: float = 1e-5,
) -> FloatArray:
    """The likeliest trajectory near a start.

    Parameters
    ----------
    model, observed_m, precision
        As in :func:`kineograph.geometry.pose_fit.normal_equations`; two frames or more.
    start : (F, n) array
        Where to begin.
    process : Process
        What is known of the motion.
    steps : int
        At most so many.
    tolerance : float
        Settled when the step's root mean square is smaller, rad or m.

    Returns
    -------
    (F, n) array
    """
    ties = process.ties
    pulled = _pulled(process, len(start))
    index = np.arange(start.shape[1])

    def steps_from(x: FloatArray) -> Attempt[FloatArray]:
        blocks, slope, _ = normal_equations(model, x, observed_m, precision)
        away = x - process.centre
        slope = slope + ties.times(away) + pulled * away.mean(axis=0) * len(x)
        held = ((x <= model.low) & (slope > 0)) | ((x >= model.high) & (slope < 0))
        size = blocks[:, index, index] + ties.own

        def attempt(damping: float) -> tuple[FloatArray, float]:
            damped = blocks.copy()
            damped[:, index, index] += damping * size
            step = shortened(_solved(damped, ties, -slope, held, pulled), model.turning)
            new = np.clip(x + step, model.low, model.high)
            return new, float(np.sqrt(np.mean(np.square(new - x))))

        return attempt

    return descend(
        np.clip(start, model.low, model.high),
        lambda x: _cost(model, x, observed_m, precision, process, ties),
        steps_from,
        first_damping=FIRST_DAMPING,
        least_raised=LEAST_RAISED,
        steps=steps,
        tolerance=tolerance,
    )


def uncertainty(
    model: MarkerModel, x: FloatArray, observed_m: FloatArray, precision: FloatArray, process: Process
) -> tuple[FloatArray, FloatArray]:
    """How certain a trajectory is: (F, n, n) covariances of the poses, (F - 2, n) variances of second differences."""
    blocks, _, _ = normal_equations(model, x, observed_m, precision)
    return covariance(blocks, process.ties)


def _pulled(process: Process, frames: int) -> FloatArray:
    """What the pull on the mean adds to the precision between any two of the frames, (n,)."""
    if process.mean_pull is None:
        return np.zeros(len(process.centre))
    result: FloatArray = process.mean_pull / frames**2
    return result


def _solved(blocks: FloatArray, ties: Ties, right: FloatArray, held: BoolArray, pulled: FloatArray) -> FloatArray:
    """Solve with the pull on means, which ties all frames to each other (Woodbury's formula)."""
    columns = np.flatnonzero(pulled)
    if not len(columns):
        return solve(blocks, ties, right, held)
    ones = np.zeros((*right.shape, len(columns)))
    ones[:, columns, np.arange(len(columns))] = 1.0
    ones[held] = 0.0
    several = solve(blocks, ties, np.concatenate([right[..., None], ones], axis=2), held)
    alone, moved = several[..., 0], several[..., 1:]
    among = np.einsum("fnk,fnl->kl", ones, moved)
    size = np.linalg.solve(np.diag(1 / pulled[columns]) + among, np.einsum("fnk,fn->k", ones, alone))
    result: FloatArray = alone - moved @ size
    return result


def _cost(
    model: MarkerModel, x: FloatArray, observed_m: FloatArray, precision: FloatArray, process: Process, ties: Ties
) -> float:
    free = Pull(np.zeros(x.shape[1]), process.centre)
    away = x - process.centre
    of_means = (_pulled(process, len(x)) * np.square(away.sum(axis=0))).sum()
    return float(cost(model, x, observed_m, precision, free).sum() + (away * ties.times(away)).sum() + of_means)
