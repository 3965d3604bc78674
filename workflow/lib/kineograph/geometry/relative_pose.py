"""How one camera stands to another, from image points that both saw: neither pose nor the distance between them is known.

Points that don't belong together only cost a bounded amount (Cauchy's loss), so keypoints that failed, and limbs whose sides a
network exchanged, do no harm as long as most are right. Everything is done for a batch of B problems at once: the same two
views at many lags, or many starts for one problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.rotation import matrices_from_vectors
from kineograph.model.shapes import BoolArray, FloatArray, finite

FEWEST_POINTS = 30
REWEIGHTINGS = 8
WIDEST = 6.0
"""The loss begins so many times as wide, so that it finds what most points agree with wherever it starts."""
STEPS = 6
SAMPLES = 256
"""So many subsets of the points give starts of their own."""
SEED = 0
SAMPLE_POINTS = 9
"""Points of a subset: eight determine it. With a third of all points wrong, one subset in forty has none of them."""
BEST = 10
"""Starts that are refined."""
STEP = 1e-6
TURNED = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class RelativePoses:
    """B relative poses, ``x_second = rotation @ x_first + s * direction`` with an unknown s > 0.

    Attributes
    ----------
    rotation : (B, 3, 3) array
        From the first camera to the second.
    direction : (B, 3) array
        Unit vector.
    cost : (B,) array
        Mean of the loss, 0 (all points agree) to 1 (none does); NaN with too few points.
    """

    rotation: FloatArray
    direction: FloatArray
    cost: FloatArray


def fit_relative_poses(first: FloatArray, second: FloatArray, scale: float) -> RelativePoses:
    """The relative pose that most points agree with, for each of B problems.

    The weighted eight-point algorithm (Hartley 1997, doi:10.1109/34.601246), reweighted anew, is the start of steps of
    Gauss-Newton on the five parameters of a relative pose.

    Parameters
    ----------
    first, second : (B, N, 2) arrays
        Normalized, undistorted image coordinates of the same points; NaN where either is missing.
    scale : float
        Where the loss bends: the distance from agreement (Sampson's) of a point that is just about right.
    """
    known = finite(first) & finite(second)
    x, y = (np.where(known[..., None], points, 0.0) for points in (first, second))
    essential = _eight_points(x, y, known.astype(float), scale, REWEIGHTINGS)
    rotation, direction = _in_front(essential, x, y, known)
    for wider in (WIDEST, np.sqrt(WIDEST)):
        wide = _refined(rotation, direction, x, y, known, wider * scale)
        rotation, direction = wide.rotation, wide.direction
    return _refined(rotation, direction, x, y, known, scale)


def best_relative_pose(first: FloatArray, second: FloatArray, scale: float) -> RelativePoses:
    """The best relative pose (B = 1) of points (N, 2) from many starts: of all points, and of random subsets of them.

    A person who walked along a line gives points near a plane, for which the start from all points can be far off.
    """
    known = finite(first) & finite(second)
    x, y = first[known], second[known]
    if len(x) < FEWEST_POINTS:
        return RelativePoses(np.eye(3)[None], np.array([[1.0, 0, 0]]), np.array([np.nan]))
    random = np.random.default_rng(SEED)
    subsets = np.stack([random.choice(len(x), SAMPLE_POINTS, replace=False) for _ in range(SAMPLES)])
    ones = np.ones(subsets.shape)
    starts = _eight_points(x[subsets], y[subsets], ones, scale, 1)
    everything = _eight_points(x[None], y[None], np.ones((1, len(x))), scale, REWEIGHTINGS)
    essential = np.concatenate([everything, starts])
    cost = _loss(sampson(essential, x[None], y[None]), np.ones((1, len(x)), bool), scale)
    order = np.argsort(cost, kind="stable")[:BEST]
    order = np.unique(np.append(order, 0))
    shape = (len(order), *x.shape)
    a, b, there = np.broadcast_to(x, shape), np.broadcast_to(y, shape), np.ones(shape[:2], bool)
    rotation, direction = _in_front(essential[order], a, b, there)
    found = _refined(rotation, direction, a, b, there, scale)
    best = [int(np.nanargmin(found.cost))]
    return RelativePoses(found.rotation[best], found.direction[best], found.cost[best])


def essential_matrix(rotation: FloatArray, direction: FloatArray) -> FloatArray:
    """The matrices E (B, 3, 3) with ``y^T E x = 0`` for normalized coordinates x, y of the first and second camera."""
    matrix: FloatArray = cross_matrix(direction) @ rotation
    return matrix


def cross_matrix(vector: FloatArray) -> FloatArray:
    """The matrices (B, 3, 3) that take the cross product with vectors (B, 3) from the left."""
    result = np.zeros((*vector.shape, 3))
    result[..., [2, 0, 1], [1, 2, 0]] = vector
    crossed: FloatArray = result - np.swapaxes(result, -1, -2)
    return crossed


def sampson(essential: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Signed distance (B, N) from agreement, in normalized coordinates (Sampson 1982, doi:10.1016/0146-664X(82)90101-0)."""
    a, b = _homogeneous(first), _homogeneous(second)
    line_b = a @ np.swapaxes(essential, -1, -2)
    line_a = b @ essential
    gradient = np.square(line_a[..., :2]).sum(axis=-1) + np.square(line_b[..., :2]).sum(axis=-1)
    distance: FloatArray = np.sum(b * line_b, axis=-1) / np.sqrt(np.maximum(gradient, 1e-18))
    return distance


def depths(
    rotation: FloatArray, direction: FloatArray, first: FloatArray, second: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Depths (B, N) of points in both cameras, in units of the distance between the cameras."""
    a, b = _homogeneous(first), _homogeneous(second)
    turned = a @ np.swapaxes(rotation, -1, -2)
    across, moved = np.cross(b, turned), np.cross(b, direction[..., None, :])
    near = -np.sum(across * moved, axis=-1) / np.maximum(np.square(across).sum(axis=-1), 1e-12)
    return near, near * turned[..., 2] + direction[..., 2:]


def parallax_sine(rotation: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Sine of the angle between both cameras' lines of sight to each point, (B, N)."""
    a, b = _homogeneous(first), _homogeneous(second)
    turned = a @ np.swapaxes(rotation, -1, -2)
    length = np.linalg.norm(turned, axis=-1) * np.linalg.norm(b, axis=-1)
    sine: FloatArray = np.linalg.norm(np.cross(b, turned), axis=-1) / length
    return sine


def _homogeneous(points: FloatArray) -> FloatArray:
    return np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1)


def _loss(distance: FloatArray, known: BoolArray, scale: float) -> FloatArray:
    """Mean over points of a loss between 0 and 1, (B,) (Geman and McClure's)."""
    squared = np.square(distance / scale)
    total: FloatArray = np.where(known, squared / (1 + squared), 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.where(count >= FEWEST_POINTS, total / np.maximum(count, 1), np.nan)


def _eight_points(x: FloatArray, y: FloatArray, weight: FloatArray, scale: float, rounds: int) -> FloatArray:
    """Essential matrices (B, 3, 3) of points (B, N, 2) and weights (B, N)."""
    count = np.maximum(weight.sum(axis=-1), 1.0)[:, None]
    change = []
    for points in (x, y):
        mean = (points * weight[..., None]).sum(axis=1) / count
        spread = np.sqrt((np.square(points - mean[:, None]).sum(axis=-1) * weight).sum(axis=1, keepdims=True) / count)
        factor = np.sqrt(2) / np.maximum(spread, 1e-9)
        matrix = np.zeros((len(points), 3, 3))
        matrix[:, 0, 0] = matrix[:, 1, 1] = factor[:, 0]
        matrix[:, :2, 2] = -factor * mean
        matrix[:, 2, 2] = 1
        change.append(matrix)
    a, b = (_homogeneous(points) @ np.swapaxes(matrix, 1, 2) for points, matrix in zip((x, y), change, strict=True))
    rows = (b[..., :, None] * a[..., None, :]).reshape(*a.shape[:2], 9)
    factor, essential = weight, np.zeros((len(x), 3, 3))
    for wider in np.geomspace(WIDEST, 1, rounds):
        normal = np.swapaxes(rows * factor[..., None], 1, 2) @ rows
        vector = np.linalg.eigh(normal)[1][..., 0].reshape(-1, 3, 3)
        u, _, vt = np.linalg.svd(np.swapaxes(change[1], 1, 2) @ vector @ change[0])
        essential = u * np.array([1.0, 1.0, 0.0]) @ vt
        if rounds > 1:
            factor = weight / (1 + np.square(sampson(essential, x, y) / (wider * scale)))
    return essential


def _in_front(essential: FloatArray, x: FloatArray, y: FloatArray, known: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Of the four poses of each essential matrix, the one with the most points in front of both cameras."""
    u, _, vt = np.linalg.svd(essential)
    u = u * np.sign(np.linalg.det(u))[:, None, None]
    vt = vt * np.sign(np.linalg.det(vt))[:, None, None]
    ways = [(u @ turn @ vt, sign * u[..., 2]) for turn in (TURNED, TURNED.T) for sign in (1.0, -1.0)]
    votes = []
    for rotation, direction in ways:
        near, far = depths(rotation, direction, x, y)
        votes.append((known & (near > 0) & (far > 0)).sum(axis=-1))
    best, rows = np.argmax(votes, axis=0), np.arange(len(essential))
    return np.stack([way[0] for way in ways])[best, rows], np.stack([way[1] for way in ways])[best, rows]


def _refined(
    rotation: FloatArray, direction: FloatArray, x: FloatArray, y: FloatArray, known: BoolArray, scale: float
) -> RelativePoses:
    """Steps of damped Gauss-Newton on turn (3) and direction (2), each problem keeping a step only where it helps."""
    cost = _loss(sampson(essential_matrix(rotation, direction), x, y), known, scale)
    damping = np.full(len(rotation), 1e-3)
    for _ in range(STEPS):
        residual = np.where(known, sampson(essential_matrix(rotation, direction), x, y), 0.0)
        columns = []
        for index in range(5):
            step = np.zeros((len(rotation), 5))
            step[:, index] = STEP
            ahead = sampson(essential_matrix(*_moved(rotation, direction, step)), x, y)
            columns.append(np.where(known, ahead - residual, 0.0) / STEP)
        design = np.stack(columns, axis=-1)
        weight = known / np.square(1 + np.square(residual / scale))
        weighted = design * weight[..., None]
        normal = np.swapaxes(weighted, 1, 2) @ design
        right = (weighted * residual[..., None]).sum(axis=1)
        diagonal = np.einsum("bii->bi", normal)
        held = normal + (damping[:, None] * diagonal + 1e-12)[..., None] * np.eye(5)
        step = -np.linalg.solve(held, right[..., None])[..., 0]
        moved = _moved(rotation, direction, step)
        tried = _loss(sampson(essential_matrix(*moved), x, y), known, scale)
        better = tried < cost
        rotation = np.where(better[:, None, None], moved[0], rotation)
        direction = np.where(better[:, None], moved[1], direction)
        gained = np.where(better, cost - tried, 0.0)
        cost, damping = np.where(better, tried, cost), np.where(better, damping / 10, damping * 10)
        if np.nanmax(gained, initial=0.0) < 1e-6 and (damping > 1).all():
            break
    return RelativePoses(rotation, direction, cost)


def _moved(rotation: FloatArray, direction: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Poses changed by turns (B, 3), rad, and shifts across the direction (B, 2)."""
    other = np.eye(3)[np.argmin(np.abs(direction), axis=-1)]
    across = np.cross(direction, other)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    shifted = direction + step[:, 3:4] * across + step[:, 4:] * np.cross(direction, across)
    shifted /= np.linalg.norm(shifted, axis=-1, keepdims=True)
    turned: FloatArray = matrices_from_vectors(step[:, :3]) @ rotation
    return turned, shifted
