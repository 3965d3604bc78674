"""Points from their images when some are wrong: the agreement of the most cameras, refined in pixels, with covariances."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import (
    CUTOFF_SQUARED,
    Fit,
    Views,
    odds_of,
    project,
    refine,
    robust_cost,
)
from kineograph.model.shapes import BoolArray, FloatArray, require_shape

BLOCK_NUMBERS = 100_000
"""Points are taken in blocks of about this many image points, so that all that a step needs stays in the processor's cache."""
USED_WEIGHT = 0.5
"""A camera is used where its image point is likelier right than wrong."""
RIVAL_COST = 9.2
"""A second solution counts where it is at least a hundredth as likely as the best (twice the natural logarithm of 100)."""
GOOD_FIT = (3.84, 7.81, 11.07, 14.07, 16.92, 19.68, 22.36, 25.0, 27.59, 30.14, 32.67, 35.17, 37.65)
"""95 % of a chi-square of 1, 3, 5 .. degrees of freedom: what 2, 3, 4 .. cameras leave spare after the three of a point."""


@dataclass(frozen=True)
class RobustPoints:
    """Triangulated points.

    Attributes
    ----------
    position_m : (N, 3) array
        World, m; NaN where missing.
    covariance_m2 : (N, 3, 3) array
        m^2; NaN where missing.
    weight : (N, C) array
        The probability that each image point is right; 0 where not seen.
    squared : (N, C) array
        Squared residuals in units of the noise.
    used : (N, C) array of bool
        Weight over :data:`USED_WEIGHT`.
    """

    position_m: FloatArray
    covariance_m2: FloatArray
    weight: FloatArray
    squared: FloatArray
    used: BoolArray


def triangulate_robust(
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    sigma_px: FloatArray,
    *,
    min_cameras: int = 2,
) -> RobustPoints:
    """Triangulate many points, each from the cameras that agree.

    All cameras first, by the point nearest to their rays. Where one of them then disagrees, every pair of cameras makes a
    start, and the one that explains all image points best is refined. A point is missing where fewer than `min_cameras`
    agree, or where it explains the image points no better than to believe a single camera would. Where another place
    explains them nearly as well, the covariance reaches there.

    Parameters
    ----------
    image_px : (N, C, 2) array
        Undistorted image points, px, NaN where missing.
    confidence : (N, C) array
        0 or NaN where the image point must not be used; see :func:`~kineograph.geometry.pixel_refinement.odds_of`.
    projection : (C, 3, 4) array
        Projection matrices.
    sigma_px : (N, C) array
        Noise of each coordinate of the image points, px.
    min_cameras : int
        Fewest cameras accepted, 2 or more.
    """
    count, cameras = confidence.shape
    require_shape(image_px, (count, cameras, 2), "image_px")
    require_shape(projection, (cameras, 3, 4), "projection")
    require_shape(sigma_px, (count, cameras), "sigma_px")
    result = RobustPoints(
        np.full((count, 3), np.nan),
        np.full((count, 3, 3), np.nan),
        np.zeros((count, cameras)),
        np.zeros((count, cameras)),
        np.zeros((count, cameras), bool),
    )
    block = max(1, BLOCK_NUMBERS // max(cameras, 1))
    for start in range(0, count, block):
        part = slice(start, start + block)
        image, sure = image_px[part], confidence[part]
        seen = np.isfinite(image).all(axis=-1) & (np.nan_to_num(sure) > 0)
        there = np.flatnonzero(seen.sum(axis=1) >= min_cameras)
        if not len(there):
            continue
        views = Views(
            projection,
            np.ascontiguousarray(np.moveaxis(np.where(seen[..., None], image, 0.0)[there], 0, -1)),
            np.ascontiguousarray(seen[there].T),
            np.ascontiguousarray(sigma_px[part][there].T),
            odds_of(np.nan_to_num(sure[there].T)),
        )
        fit, beside = _solve(views)
        _store(result, start + there, views, fit, beside, min_cameras)
    return result


def _solve(views: Views) -> tuple[Fit, FloatArray]:
    """The best fit, and what rivals add to the covariance (6, N), m^2."""
    direction, origin = _rays(views)
    fit = refine(views, _nearest_to_rays(direction, origin, views.seen))
    beside = np.zeros_like(fit.information)
    doubt = np.flatnonzero(((fit.weight <= USED_WEIGHT) & views.seen).any(axis=0) | ~np.isfinite(fit.cost))
    if not len(doubt):
        return fit, beside
    some = views.take(doubt)
    position, cost, pairs = _pair_starts(some, direction[..., doubt], origin)
    everyone = np.arange(len(doubt))
    first = cost.argmin(axis=0)
    candidate = refine(some, position[first, :, everyone].T)
    now = Fit(*(value[..., doubt] for value in vars(fit).values()))
    better = candidate.cost < now.cost
    fit.put(doubt[better], Fit(*(value[..., better] for value in vars(candidate).values())))
    now = Fit(*(value[..., doubt] for value in vars(fit).values()))
    used = now.weight > USED_WEIGHT
    cost[np.stack([used[i] & used[j] for i, j in pairs])] = np.inf
    second = cost.argmin(axis=0)
    near = np.isfinite(cost[second, everyone]) & (cost[second, everyone] - now.cost < 4 * RIVAL_COST)
    close = np.flatnonzero(near)
    if len(close):
        start = position[second[close], :, close].T
        beside[:, doubt[close]] = _spread_to_rival(some.take(close), start, now.position_m[:, close], now.cost[close])
    return fit, beside


def _spread_to_rival(views: Views, start_m: FloatArray, best_m: FloatArray, best_cost: FloatArray) -> FloatArray:
    """The second moment (6, N), m^2, about the best places (3, N) that a second place, refined from `start_m`, adds.

    The share of the second place is its likelihood over that of both; 0 where fewer than two cameras agree on it.
    """
    rival = refine(views, start_m)
    two = (rival.weight > USED_WEIGHT).sum(axis=0) >= 2
    lead = np.clip(rival.cost - best_cost, 0.0, RIVAL_COST)
    share = np.where(two & (lead < RIVAL_COST), 1 / (1 + np.exp(0.5 * lead)), 0.0)
    away = rival.position_m - best_m
    spread: FloatArray = share * np.stack([away[i] * away[j] for i, j in symmetric_systems.ENTRIES])
    return spread


def _store(
    result: RobustPoints, where: NDArray[np.intp], views: Views, fit: Fit, beside: FloatArray, min_cameras: int
) -> None:
    """Take over the points that can be believed."""
    used = fit.weight > USED_WEIGHT
    number = used.sum(axis=0)
    covariance = symmetric_systems.inverse(fit.information)
    believed = (number >= min_cameras) & np.isfinite(covariance).all(axis=0) & (covariance[[0, 3, 5]] > 0).all(axis=0)
    believed &= (fit.squared * used).sum(axis=0) < CUTOFF_SQUARED * (number - 1)
    _, depth = project(views.projection, fit.position_m)
    believed &= ((depth > 0) | ~used).all(axis=0)
    spare = np.asarray(GOOD_FIT)[np.clip(number - 2, 0, len(GOOD_FIT) - 1)]
    stretch = np.maximum(1.0, (fit.squared * fit.weight).sum(axis=0) / spare)
    covariance = covariance * stretch + beside
    at = where[believed]
    result.position_m[at] = fit.position_m[:, believed].T
    result.covariance_m2[at] = symmetric_systems.full(covariance[:, believed])
    result.weight[at] = fit.weight[:, believed].T
    result.squared[at] = fit.squared[:, believed].T
    result.used[at] = used[:, believed].T


def _rays(views: Views) -> tuple[FloatArray, FloatArray]:
    """Unit vectors from the cameras through the image points, (C, 3, N), and where the cameras are, (C, 3), m."""
    inverted = np.linalg.inv(views.projection[:, :, :3])
    origin = -(inverted @ views.projection[:, :, 3:])[..., 0]
    direction = inverted[:, :, :2] @ views.image_px + inverted[:, :, 2:]
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    return direction, origin


def _nearest_to_rays(direction: FloatArray, origin: FloatArray, weight: FloatArray | BoolArray) -> FloatArray:
    """The points (3, N) nearest to the rays of some cameras (weight (C, N) over 0)."""
    matrix = np.zeros((6, direction.shape[-1]))
    right = np.zeros((3, direction.shape[-1]))
    for ray, place, share in zip(direction, origin, weight, strict=True):
        across = np.stack([(i == j) - ray[i] * ray[j] for i, j in symmetric_systems.ENTRIES]) * share
        matrix += across
        right += symmetric_systems.times(across, np.broadcast_to(place[:, None], right.shape))
    with np.errstate(invalid="ignore"):
        point = symmetric_systems.times(symmetric_systems.inverse(matrix), right)
    return np.where(np.isfinite(point), point, 0.0)


def _pair_starts(
    views: Views, direction: FloatArray, origin: FloatArray
) -> tuple[FloatArray, FloatArray, list[tuple[int, int]]]:
    """The point of each pair of cameras (H, 3, N), its cost over all cameras (H, N; infinite where not seen), the pairs."""
    pairs = list(combinations(range(len(origin)), 2))
    position = np.empty((len(pairs), 3, direction.shape[-1]))
    cost = np.empty((len(pairs), direction.shape[-1]))
    for index, (i, j) in enumerate(pairs):
        both = views.seen[i] & views.seen[j]
        position[index] = _nearest_to_rays(direction[[i, j]], origin[[i, j]], np.stack([both, both]))
        pixels, _ = project(views.projection, position[index])
        squared = np.square((views.image_px - pixels) / views.sigma_px[:, None]).sum(axis=1)
        total = (robust_cost(squared, views.odds)[0] * views.seen).sum(axis=0)
        cost[index] = np.where(both & np.isfinite(total), total, np.inf)
    return position, cost, pairs
