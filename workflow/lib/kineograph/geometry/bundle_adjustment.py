"""Bundle adjustment: cameras and points at once, such that the points project where they were seen.

Robust Levenberg-Marquardt steps on the cameras alone: the points are eliminated from the normal equations by the Schur
complement. Source: Triggs et al. 2000, Bundle Adjustment - A Modern Synthesis (doi:10.1007/3-540-44480-7_21).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kineograph.geometry.projection import distort, project, to_pixels, undistort_pixels
from kineograph.geometry.rotation import matrix_from_vector
from kineograph.geometry.triangulation import reproject, triangulate_dlt
from kineograph.model.camera import Camera
from kineograph.model.shapes import BoolArray, FloatArray, finite, require_shape

POSE = 6
"""Parameters of a camera's pose: turn about its own axes, rad, and shift of its centre, m. Focal length and k1 may follow."""
STEP = 1e-6
LEAST_DEPTH_M = 0.05
"""Points nearer to a camera, or behind it, are left out of that camera's equations."""
ROUNDS = 4
"""How often the scale of the robust loss is taken anew from the residuals."""
STEPS = 8
SCALES = 1.5
"""The scale of the loss, in median residuals."""
LEAST_SCALE_PX = 1.0
"""It never gets smaller."""
POINT_SCALE_PX = 10.0
"""That by which points are triangulated with fixed cameras."""
FIRST_DAMPING, LEAST_DAMPING, LARGEST_DAMPING = 1e-3, 1e-9, 1e9
LEAST_GAIN = 1e-5
"""Steps end where one lowers the cost by a smaller part."""


@dataclass(frozen=True)
class Priors:
    """How far the cameras are believed to be from where they were given: standard deviations.

    The image points of one person share their errors, so they count for less than their number: `independent` of them are
    taken as independent measurements, and the priors weigh against so many.
    """

    turn_rad: float = np.radians(2.0)
    shift_m: float = 0.1
    focal: float = 0.05
    k1: float = 0.02
    independent: float = 20.0

    def precision(self, parameters: int) -> FloatArray:
        """One over the variance of each parameter of a camera, (parameters,)."""
        sigma = np.array([self.turn_rad] * 3 + [self.shift_m] * 3 + [self.focal, self.k1])[:parameters]
        precision: FloatArray = 1 / np.square(sigma)
        return precision


@dataclass(frozen=True)
class Adjustment:
    """Adjusted cameras and their points.

    Attributes
    ----------
    cameras : tuple of Camera
        In the given order.
    points_m : (N, 3) array
        World, m; NaN for points that fewer than two cameras saw.
    scale_px : float
        Scale of the robust loss at the end, px.
    """

    cameras: tuple[Camera, ...]
    points_m: FloatArray
    scale_px: float


def adjust(
    cameras: Sequence[Camera],
    image_px: FloatArray,
    weight: FloatArray,
    *,
    free: BoolArray | None = None,
    intrinsics: bool = False,
    priors: Priors = Priors(),
) -> Adjustment:
    """Move the cameras such that all that was seen fits together best.

    The loss is Cauchy's, its scale the median residual, taken anew as the fit improves. Only the priors hold the cameras as a
    whole in place: where that matters, align the result (:func:`kineograph.geometry.rig_alignment.align`).

    Parameters
    ----------
    cameras : sequence of Camera
        C cameras, where they are believed to be.
    image_px : (N, C, 2) array
        Where each camera saw each point, px as in the video; NaN where not seen.
    weight : (N, C) array
        Weights of the image points; 0 where one must not be used.
    free : (C,) array of bool, optional
        The cameras that may move; all without it.
    intrinsics : bool
        Also adjust focal length and the first radial distortion coefficient.
    priors : Priors
        How far the cameras may be from where they are given.
    """
    count, number = weight.shape
    require_shape(image_px, (count, number, 2), "image_px")
    weight = np.where(finite(image_px), weight, 0.0)
    enough = (weight > 0).sum(axis=1) >= 2
    parameters = POSE + (2 if intrinsics else 0)
    moves = np.ones(number, bool) if free is None else free
    problem = _Problem(tuple(cameras), np.nan_to_num(image_px[enough]), weight[enough], moves)
    held = priors.precision(parameters) * weight[enough].sum() / priors.independent
    state = np.zeros((number, parameters))
    points = triangulate(cameras, problem.image_px, problem.weight)
    scale = LEAST_SCALE_PX
    for _ in range(ROUNDS if len(points) else 0):
        scale = max(LEAST_SCALE_PX, SCALES * problem.median_error_px(state, points))
        state, points = _descend(problem, state, points, scale, held)
    everything = np.full((count, 3), np.nan)
    everything[enough] = points
    return Adjustment(problem.cameras(state), everything, scale)


def triangulate(cameras: Sequence[Camera], image_px: FloatArray, weight: FloatArray, *, rounds: int = 0) -> FloatArray:
    """Points (N, 3), m, from image points (N, C, 2), px as in the videos; NaN where fewer than two cameras saw one.

    With `rounds`, image points far from the others' are given less weight, so often anew: by Cauchy's loss of scale
    :data:`POINT_SCALE_PX`.
    """
    points = np.full((len(image_px), 3), np.nan)
    enough = ((weight > 0) & finite(image_px)).sum(axis=1) >= 2
    ideal = np.stack([undistort_pixels(camera, image_px[enough, c]) for c, camera in enumerate(cameras)], axis=1)
    used = np.where(finite(ideal), weight[enough], 0.0)
    ideal = np.nan_to_num(ideal)
    projection = np.array([camera.projection for camera in cameras])
    solved = triangulate_dlt(ideal, used, projection)
    for _ in range(rounds):
        error = np.nan_to_num(np.linalg.norm(reproject(projection, solved) - ideal, axis=-1), nan=POINT_SCALE_PX)
        solved = triangulate_dlt(ideal, used / np.sqrt(1 + np.square(error / POINT_SCALE_PX)), projection)
    points[enough] = solved
    return points


def pose_information(
    cameras: Sequence[Camera], points_m: FloatArray, image_px: FloatArray, scale_px: float
) -> FloatArray:
    """What image points (N, C, 2) of points (N, 3) tell of the cameras' poses, (6 C, 6 C): the inverse of a covariance.

    Three turns about its own axes, rad, and three shifts of its centre a camera; the points are free. The image points that fit
    have the standard deviation `scale_px`, and are taken for independent. Turning, shifting and scaling everything together
    changes nothing that is seen: those seven directions have no information.
    """
    known = np.isfinite(points_m).all(axis=1)
    weight = finite(image_px[known]).astype(float)
    moves = np.ones(len(cameras), bool)
    problem = _Problem(tuple(cameras), np.nan_to_num(image_px[known]), weight, moves)
    equations = problem.equations(np.zeros((len(cameras), POSE)), points_m[known], scale_px)
    tiny = 1e-9 * np.trace(equations.points, axis1=1, axis2=2)[:, None, None] + 1e-12
    return _eliminated(equations.cameras, equations.points + tiny * np.eye(3), equations.between)[0]


def residuals_px(cameras: Sequence[Camera], points_m: FloatArray, image_px: FloatArray) -> FloatArray:
    """Seen minus projected, (N, C, 2), px as in the videos (x to the right, y down); NaN where not seen."""
    return np.stack([image_px[:, c] - project(camera, points_m) for c, camera in enumerate(cameras)], axis=1)


@dataclass(frozen=True)
class _Equations:
    """Normal equations in blocks: cameras (C, p, p) and (C, p), points (N, 3, 3) and (N, 3), and between them (N, C, p, 3)."""

    cameras: FloatArray
    cameras_right: FloatArray
    points: FloatArray
    points_right: FloatArray
    between: FloatArray


@dataclass(frozen=True)
class _Problem:
    """What is adjusted to what: the given cameras, the image points (N, C, 2) and weights (N, C), and which cameras move."""

    given: tuple[Camera, ...]
    image_px: FloatArray
    weight: FloatArray
    moves: BoolArray

    def cameras(self, state: FloatArray) -> tuple[Camera, ...]:
        """The cameras with the parameters (C, p)."""
        rows = zip(self.given, state, self.moves, strict=True)
        return tuple(_moved(camera, row) if may else camera for camera, row, may in rows)

    def residuals(self, state: FloatArray, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Seen minus projected (N, C, 2), 0 where it does not count, and the weights (N, C) that count."""
        residual = residuals_px(self.cameras(state), points, self.image_px)
        counts = finite(residual) & (self.weight > 0)
        return np.where(counts[..., None], residual, 0.0), np.where(counts, self.weight, 0.0)

    def median_error_px(self, state: FloatArray, points: FloatArray) -> float:
        """Median length of the residuals, px."""
        residual, counts = self.residuals(state, points)
        distance = np.linalg.norm(residual, axis=-1)[counts > 0]
        return float(np.median(distance)) if distance.size else 0.0

    def cost(self, state: FloatArray, points: FloatArray, scale: float, held: FloatArray) -> float:
        """Cauchy's loss and the priors; an image point that can't be projected any more costs what one 100 scales off costs."""
        distance = np.linalg.norm(residuals_px(self.cameras(state), points, self.image_px), axis=-1)
        relative = np.where(np.isfinite(distance), distance / scale, 100.0)
        return float(np.sum(self.weight * np.log1p(np.square(relative))) + np.sum(held * state**2))

    def equations(self, state: FloatArray, points: FloatArray, scale: float) -> _Equations:
        """The normal equations of the residuals over the scale, weighted by Cauchy's loss."""
        residual, counts = self.residuals(state, points)
        robust = counts / (scale**2 + np.square(residual).sum(axis=-1))
        parts = [_jacobian(camera, points, state.shape[1]) for camera in self.cameras(state)]
        by_camera = np.stack([part[0] for part in parts], axis=1)
        by_point = np.stack([part[1] for part in parts], axis=1)
        left_c = by_camera * robust[..., None, None]
        left_p = by_point * robust[..., None, None]
        return _Equations(
            np.einsum("ncij,ncik->cjk", left_c, by_camera, optimize=True),
            np.einsum("ncij,nci->cj", left_c, residual, optimize=True),
            np.einsum("ncij,ncik->njk", left_p, by_point, optimize=True),
            np.einsum("ncij,nci->nj", left_p, residual, optimize=True),
            np.einsum("ncij,ncik->ncjk", left_c, by_point, optimize=True),
        )


def _descend(
    problem: _Problem, state: FloatArray, points: FloatArray, scale: float, held: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Levenberg-Marquardt steps with a loss of this scale; the parameters (C, p) and points (N, 3) that they come to."""
    cost = problem.cost(state, points, scale, held)
    damping = FIRST_DAMPING
    for _ in range(STEPS):
        equations = problem.equations(state, points, scale)
        better = False
        while not better and damping < LARGEST_DAMPING:
            step, moved = _solve(equations, held, state, problem.moves, damping)
            next_cost = problem.cost(state + step, points + moved, scale, held)
            better = next_cost < cost
            damping = max(damping / 10, LEAST_DAMPING) if better else damping * 10
        if not better:
            break
        state, points = state + step, points + moved
        gained, cost = 1 - next_cost / cost, next_cost
        if gained < LEAST_GAIN:
            break
    return state, points


def _moved(camera: Camera, state: FloatArray) -> Camera:
    """The camera turned about its own axes, shifted, and with other intrinsics where the state has them."""
    rotation = matrix_from_vector(state[:3]) @ camera.rotation
    centre = camera.position_m + state[3:POSE]
    moved = replace(camera, rotation=rotation, translation_m=-rotation @ centre)
    if len(state) == POSE:
        return moved
    scaled = np.diag([np.exp(state[6]), np.exp(state[6]), 1.0])
    principal = camera.intrinsics * np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]) @ scaled
    principal[:2, 2] = camera.intrinsics[:2, 2]
    first = np.zeros(len(camera.distortion))
    first[0] = state[7]
    return replace(moved, intrinsics=principal, distortion=camera.distortion + first)


def _jacobian(camera: Camera, points: FloatArray, parameters: int) -> tuple[FloatArray, FloatArray]:
    """Derivatives of a camera's pixels by its parameters, (N, 2, p), and by the points, (N, 2, 3); 0 for points too near."""
    local = points @ camera.rotation.T + camera.translation_m
    visible = local[:, 2] > LEAST_DEPTH_M
    local = np.where(visible[:, None], local, [0.0, 0.0, 1.0])
    flat = local[:, :2] / local[:, 2:]
    by_flat = np.stack([_slope(camera, flat, np.array(step)) for step in ((STEP, 0.0), (0.0, STEP))], axis=-1)
    by_local = np.zeros((len(points), 2, 3))
    by_local[:, [0, 1], [0, 1]] = 1 / local[:, 2:]
    by_local[:, :, 2] = -flat / local[:, 2:]
    by_local = by_flat @ by_local * visible[:, None, None]
    cross = np.zeros((len(points), 3, 3))
    cross[:, [2, 0, 1], [1, 2, 0]] = local
    cross -= np.swapaxes(cross, 1, 2)
    by_point = by_local @ camera.rotation
    columns = [-by_local @ cross, -by_point]
    if parameters > POSE:
        k = camera.intrinsics
        bent = to_pixels(camera, distort(camera, flat)) - k[:2, 2]
        more = np.zeros(len(camera.distortion))
        more[0] = STEP
        upper, lower = (replace(camera, distortion=camera.distortion + sign * more) for sign in (1, -1))
        by_k1 = (to_pixels(camera, distort(upper, flat)) - to_pixels(camera, distort(lower, flat))) / (2 * STEP)
        columns.append(np.stack([bent, by_k1], axis=-1) * visible[:, None, None])
    return np.concatenate(columns, axis=-1), by_point


def _slope(camera: Camera, flat: FloatArray, step: FloatArray) -> FloatArray:
    """Derivative of the pixels by the normalized image coordinates along `step`, (N, 2), by a central difference."""
    upper, lower = (to_pixels(camera, distort(camera, flat + sign * step)) for sign in (1, -1))
    slope: FloatArray = (upper - lower) / (2 * STEP)
    return slope


def _solve(
    equations: _Equations, held: FloatArray, state: FloatArray, moves: BoolArray, damping: float
) -> tuple[FloatArray, FloatArray]:
    """The step of the cameras (C, p) and of the points (N, 3)."""
    number, parameters = state.shape
    diagonal = np.eye(parameters)
    cameras = equations.cameras + held * diagonal
    cameras = cameras + damping * cameras * diagonal
    right = equations.cameras_right - held * state
    tiny = 1e-9 * np.trace(equations.points, axis1=1, axis2=2)[:, None, None] + 1e-12
    points = equations.points * (1 + damping * np.eye(3)) + tiny * np.eye(3)
    reduced, eliminated, inverse, flat = _eliminated(cameras, points, equations.between)
    rhs = right.ravel() - eliminated @ equations.points_right.ravel()
    may = np.repeat(moves, parameters)
    step = np.zeros(number * parameters)
    step[may] = np.linalg.solve(reduced[np.ix_(may, may)], rhs[may])
    back = equations.points_right - (step @ flat).reshape(-1, 3)
    return step.reshape(number, parameters), np.einsum("nxy,ny->nx", inverse, back)


def _eliminated(
    cameras: FloatArray, points: FloatArray, between: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.floating], FloatArray]:
    """The normal matrix of the cameras without the points (C p, C p); what eliminates them, (C p, 3 N); and its parts."""
    number, parameters = cameras.shape[:2]
    inverse = np.linalg.inv(points)
    ordered = between.transpose(1, 2, 0, 3)  # C, p, N, 3
    eliminated = np.einsum("cjnx,nxy->cjny", ordered, inverse, optimize=True).reshape(number * parameters, -1)
    flat = ordered.reshape(number * parameters, -1)
    reduced: FloatArray = -eliminated @ flat.T
    for index in range(number):
        block = slice(index * parameters, (index + 1) * parameters)
        reduced[block, block] += cameras[index]
    return reduced, eliminated, inverse, flat
