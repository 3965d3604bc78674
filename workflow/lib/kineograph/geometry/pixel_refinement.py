"""Points that fit their image points best in pixels, with outliers out: damped Gauss-Newton steps for many points at once.

Points are the last axis here, (3, N) and (C, 2, N), because sums over long last axes are several times quicker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kineograph.geometry import symmetric_systems
from kineograph.model.shapes import BoolArray, FloatArray

CUTOFF_SQUARED = 9.0
"""Squared residual, in units of the noise, at which an image point of confidence 0.5 is as likely wrong as right. Of good
image points (two coordinates, so chi-square of 2 degrees of freedom) 1.1 % are farther away."""
MOST_STEPS = 30
SMALL_STEP_M = 1e-6
_DAMPING = (1e-9, 1e-6, 1e12)
"""Smallest, first and largest damping, relative to the diagonal."""


@dataclass(frozen=True)
class Views:
    """The image points of N points in C cameras.

    Attributes
    ----------
    projection : (C, 3, 4) array
        Projection matrices.
    image_px : (C, 2, N) array
        Undistorted image points, px; anything finite where not seen.
    seen : (C, N) array of bool
        Where there is an image point.
    sigma_px : (C, N) array
        Standard deviation of each coordinate of an image point that is right, px.
    odds : (C, N) array
        How much likelier than right each image point is wrong, before anything else is known.
    """

    projection: FloatArray
    image_px: FloatArray
    seen: BoolArray
    sigma_px: FloatArray
    odds: FloatArray

    def take(self, points: NDArray[np.intp] | BoolArray) -> Views:
        """Those of some points."""
        return Views(
            self.projection,
            self.image_px[..., points],
            self.seen[:, points],
            self.sigma_px[:, points],
            self.odds[:, points],
        )


@dataclass
class Fit:
    """Points and how they fit.

    Attributes
    ----------
    position_m : (3, N) array
        World, m.
    cost : (N,) array
        Twice the negative logarithm of the likelihood, up to a constant.
    weight : (C, N) array
        The probability that each image point is right; 0 where not seen.
    squared : (C, N) array
        Squared residuals in units of the noise; 0 where not seen.
    information : (6, N) array
        Of the weighted residuals, 1/m^2: see :mod:`~kineograph.geometry.symmetric_systems`.
    """

    position_m: FloatArray
    cost: FloatArray
    weight: FloatArray
    squared: FloatArray
    information: FloatArray

    def put(self, points: NDArray[np.intp] | BoolArray, other: Fit) -> None:
        """Replace some points by those of another fit, in the order of theirs."""
        for name in ("position_m", "cost", "weight", "squared", "information"):
            getattr(self, name)[..., points] = getattr(other, name)


def odds_of(confidence: FloatArray) -> FloatArray:
    """The odds that an image point is wrong: its confidence is taken as the probability, kept within 5-95 %, that it is right."""
    right = np.clip(confidence, 0.05, 0.95)
    odds: FloatArray = (1 - right) / right
    return odds


def project(projection: FloatArray, position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points (3, N) in cameras (C, 3, 4): pixels (C, 2, N) and depths (C, N)."""
    homogeneous = projection[:, :, :3] @ position_m + projection[:, :, 3:]
    depth = homogeneous[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels: FloatArray = homogeneous[:, :2] / depth[:, None]
    return pixels, depth


def focal_length_px(projection: FloatArray) -> FloatArray:
    """Focal length along the image's x axis of projection matrices (C, 3, 4), (C,), px."""
    along, ahead = projection[:, 0, :3], projection[:, 2, :3]
    across = along - (along * ahead).sum(axis=1)[:, None] * ahead
    length: FloatArray = np.linalg.norm(across, axis=1)
    return length


def jacobian(projection: FloatArray, pixels: FloatArray, depth: FloatArray) -> FloatArray:
    """Derivative of the pixels by the position, (C, 2, 3, N), px/m."""
    derivative: FloatArray = projection[:, :2, :3, None] - pixels[:, :, None] * projection[:, 2:, :3, None]
    derivative /= depth[:, None, None]
    return derivative


def robust_cost(squared: FloatArray, odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cost and weight of squared residuals in units of the noise.

    An image point is either right, with Gaussian noise, or wrong, and then anywhere. Source: Torr & Zisserman 2000, MLESAC,
    doi:10.1006/cviu.1999.0832. The cost is twice the negative logarithm of that mixture; the weight is its derivative by the
    squared residual, which is the probability that the image point is right.
    """
    right = np.exp(-0.5 * squared)
    wrong = odds * np.exp(-0.5 * CUTOFF_SQUARED)
    total = right + wrong
    return -2 * np.log(total), right / total


def evaluate(
    views: Views, position_m: FloatArray, *, doubt_m2: FloatArray | None = None, agreed: BoolArray | None = None
) -> tuple[Fit, FloatArray]:
    """The fit of positions (3, N), and the gradient (3, N) by which to move them.

    With `doubt_m2` (N,), the variance of a coordinate, image points are weighed as if seen from a position so uncertain; those
    in `agreed` (C, N) keep their full weight.
    """
    pixels, depth = project(views.projection, position_m)
    residual = (views.image_px - pixels) / views.sigma_px[:, None]
    squared = np.where(views.seen, np.square(residual).sum(axis=1), 0.0)
    if doubt_m2 is None:
        cost, weight = robust_cost(squared, views.odds)
    else:
        nearness = focal_length_px(views.projection)[:, None] / depth
        cost, weight = robust_cost(squared / (1 + doubt_m2 * np.square(nearness / views.sigma_px)), views.odds)
    weight *= views.seen
    if agreed is not None:
        weight[agreed] = 1.0
    derivative = jacobian(views.projection, pixels, depth) / views.sigma_px[:, None, None]
    weighted = derivative * weight[:, None, None]
    information = np.stack(
        [(weighted[:, :, i] * derivative[:, :, j]).sum(axis=(0, 1)) for i, j in symmetric_systems.ENTRIES]
    )
    gradient = (weighted * residual[:, :, None]).sum(axis=(0, 1))
    total = (cost * views.seen).sum(axis=0)
    return Fit(position_m, np.where(np.isfinite(total), total, np.inf), weight, squared, information), gradient


def refine(views: Views, start_m: FloatArray) -> Fit:
    """The nearest least cost to each start (3, N), by Levenberg-Marquardt steps with reweighting.

    Points that move by less than :data:`SMALL_STEP_M` leave the loop. A step that raises the cost is taken back.
    """
    low, damping_at_first, high = _DAMPING
    best, gradient = evaluate(views, start_m)
    going = np.arange(start_m.shape[1])
    now, some = best, views
    damping = np.full(len(going), damping_at_first)
    for _ in range(MOST_STEPS):
        with np.errstate(invalid="ignore"):
            step = symmetric_systems.times(symmetric_systems.inverse(_damped(now.information, damping)), gradient)
        step = np.where(np.isfinite(step), step, 0.0)
        tried, slope = evaluate(some, now.position_m + step)
        better = tried.cost <= now.cost
        now = Fit(*(np.where(better, getattr(tried, n), getattr(now, n)) for n in vars(now)))
        gradient = np.where(better, slope, gradient)
        damping = np.clip(np.where(better, damping * 0.1, damping * 100), low, high)
        best.put(going, now)
        left = np.abs(step).max(axis=0) > SMALL_STEP_M
        if not left.any():
            break
        if left.mean() < 0.7:
            going, damping, gradient, some = going[left], damping[left], gradient[:, left], some.take(left)
            now = Fit(*(value[..., left] for value in vars(now).values()))
    return best


def _damped(information: FloatArray, damping: FloatArray) -> FloatArray:
    """The information with its diagonal raised."""
    raised = information.copy()
    size = information[0] + information[3] + information[5]
    for place in (0, 3, 5):
        raised[place] += damping * size
    return raised
