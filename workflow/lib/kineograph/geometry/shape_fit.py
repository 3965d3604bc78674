"""The poses of some frames and what they have in common, the size of the bodies and the places of the markers, solved together.

Damped Gauss-Newton. Each frame's pose touches only its own markers, so the poses are eliminated frame by frame and what is left
is a small system of the common unknowns (the Schur complement; Triggs et al. 2000, doi:10.1007/3-540-44480-7_21). Finding
scales and markers with the poses: Andersen et al. 2010, doi:10.1080/10255840903067080; Werling et al. 2023,
doi:10.1371/journal.pone.0295152, who add priors as here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.damped_steps import Attempt, descend
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.pose_fit import Pull, cost, shortened
from kineograph.geometry.scale_derivatives import scale_derivatives
from kineograph.geometry.scaled_tree import scaled_tree
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import BoolArray, FloatArray

FIRST_DAMPING, LEAST_RAISED = 1e-4, 1e-6
TOLERANCE = 1e-6
"""Settled when no step of the shape is longer, in its unknowns' units, and the poses' root mean square step is not."""


@dataclass(frozen=True)
class Shapes:
    """The shapes that a model can take, by a vector of G + 3 M unknowns, or G where markers stay.

    Attributes
    ----------
    tree : KinematicTree
        The generic model, J joints.
    markers : tuple of str
        The M markers that are followed, in the order of `MarkerModel`.
    factors : (J, 3) array
        Scale of each body that the unknowns are told from.
    tied : (G, J, 3) array
        1 where a factor belongs to a group that grows together. The first G unknowns are the logarithms of what the groups'
        factors are multiplied by; the others are the markers' shifts on their bodies, m.
    prior_sd : (G,) or (G + 3 M,) array
        Standard deviation of each unknown around 0.
    """

    tree: KinematicTree
    markers: tuple[str, ...]
    factors: FloatArray
    tied: FloatArray
    prior_sd: FloatArray

    @property
    def moves_markers(self) -> bool:
        """Whether markers are shifted."""
        return len(self.prior_sd) > len(self.tied)

    def scaled(self, shape: FloatArray) -> FloatArray:
        """Factors (J, 3) of a shape."""
        grown = np.einsum("g,gja->ja", shape[: len(self.tied)], self.tied)
        result: FloatArray = self.factors * np.exp(grown)
        return result

    def offsets_m(self, shape: FloatArray) -> FloatArray:
        """Shift (M, 3) of each marker, m."""
        return shape[len(self.tied) :].reshape(-1, 3) if self.moves_markers else np.zeros((len(self.markers), 3))

    def model(self, shape: FloatArray) -> MarkerModel:
        """The model of a shape."""
        moved = np.zeros((len(self.tree.markers), 3))
        moved[[self.tree.markers.index(name) for name in self.markers]] = self.offsets_m(shape)
        return MarkerModel(scaled_tree(self.tree, self.scaled(shape), moved), self.markers)

    def derivatives(self, model: MarkerModel, x: FloatArray, shape: FloatArray) -> FloatArray:
        """How marker places change with the shape, (F, unknowns, M, 3)."""
        by_scale = scale_derivatives(model, x, self.scaled(shape), self.tied, self.offsets_m(shape))
        if not self.moves_markers:
            return by_scale
        count = len(self.markers)
        by_place = np.zeros((len(x), count, 3, count, 3))
        index = np.arange(count)
        by_place[:, index, :, index] = model.bodies(x).transpose(1, 0, 3, 2)
        return np.concatenate([by_scale, by_place.reshape(len(x), 3 * count, count, 3)], axis=1)


@dataclass(frozen=True)
class ShapeFit:
    """Poses and shape.

    Attributes
    ----------
    x : (F, n) array
        Poses.
    shape : (P,) array
        The unknowns in common.
    covariance : (P, P) array
        Theirs, as far as markers, springs and priors tell.
    taken_m2 : (F, M) array
        How uncertain each marker's place is after the fit, in its three directions together, m^2: what the fit takes of its
        noise.
    """

    x: FloatArray
    shape: FloatArray
    covariance: FloatArray
    taken_m2: FloatArray


@dataclass(frozen=True)
class System:
    """Gauss-Newton's equations of F frames' poses and of P unknowns in common.

    Attributes
    ----------
    own, cross, slope : (F, n, n), (F, n, P) and (F, n) array
        Of each frame.
    common, common_slope : (P, P) and (P,) array
        Of the unknowns in common.
    free : (F, n) array of bool
        False where a coordinate is held at a limit.
    """

    own: FloatArray
    cross: FloatArray
    slope: FloatArray
    common: FloatArray
    common_slope: FloatArray
    free: BoolArray

    def eliminated(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """What of the poses hangs on the shape, (F, n, P), their own step, (F, n), and the shape's system."""
        solved = np.linalg.solve(self.own, np.concatenate([self.cross, self.slope[..., None]], axis=2))
        gain, step = solved[..., :-1], solved[..., -1]
        matrix = self.common - np.einsum("fnp,fnq->pq", self.cross, gain)
        right = self.common_slope - np.einsum("fnp,fn->p", self.cross, step)
        return gain, step, matrix, right


def fit_shape(
    shapes: Shapes,
    observed_m: FloatArray,
    precision: FloatArray,
    x: FloatArray,
    shape: FloatArray,
    pull: Pull,
    lean: FloatArray,
    *,
    steps: int,
) -> ShapeFit:
    """The likeliest poses and shape near a start.

    Parameters
    ----------
    shapes : Shapes
        What is unknown in common, and its prior.
    observed_m, precision
        (F, M, 3) and (F, M), as in :func:`kineograph.geometry.pose_fit.normal_equations`.
    x, shape : (F, n) and (P,) array
        Where to begin.
    pull : Pull
        Springs of the poses.
    lean : (P,) array
        From :func:`kineograph.geometry.shape_bias.lean`, or zeros: a slope that is added to half the weighed squares.
    steps : int
        At most so many.
    """
    model = shapes.model(shape)

    def total(state: tuple[FloatArray, FloatArray]) -> float:
        return _cost(shapes, *state, observed_m, precision, pull) + 2 * float(lean @ state[1])

    def steps_from(state: tuple[FloatArray, FloatArray]) -> Attempt[tuple[FloatArray, FloatArray]]:
        x, shape = state
        system = equations(shapes, x, shape, observed_m, precision, pull)

        def attempt(damping: float) -> tuple[tuple[FloatArray, FloatArray], float]:
            gain, step, matrix, right = _damped(system, damping).eliminated()
            change = -np.linalg.solve(matrix, right + lean)
            moved = shortened(-step - gain @ change, model.turning)
            new = np.clip(x + moved, model.low, model.high)
            length = max(float(np.abs(change).max()), float(np.sqrt(np.mean(np.square(new - x)))))
            return (new, shape + change), length

        return attempt

    x, shape = descend(
        (np.clip(x, model.low, model.high), shape),
        total,
        steps_from,
        first_damping=FIRST_DAMPING,
        least_raised=LEAST_RAISED,
        steps=steps,
        tolerance=TOLERANCE,
    )
    system = equations(shapes, x, shape, observed_m, precision, pull)
    gain, _, matrix, _ = system.eliminated()
    covariance = np.asarray(np.linalg.inv(matrix), float)
    _, by_pose, by_shape = linearised(shapes, shapes.model(shape), x, shape)
    told = by_shape - np.einsum("fnp,fnk->fpk", gain, by_pose)
    variance: FloatArray = (np.linalg.solve(system.own, by_pose) * by_pose).sum(axis=1)
    variance = variance + np.einsum("fpk,pq,fqk->fk", told, covariance, told)
    taken: FloatArray = variance.reshape(observed_m.shape).sum(axis=-1)
    return ShapeFit(x, shape, covariance, taken)


def _cost(
    shapes: Shapes, x: FloatArray, shape: FloatArray, observed_m: FloatArray, precision: FloatArray, pull: Pull
) -> float:
    squares = cost(shapes.model(shape), x, observed_m, precision, pull).sum()
    return float(squares + np.square(shape / shapes.prior_sd).sum())


def equations(
    shapes: Shapes, x: FloatArray, shape: FloatArray, observed_m: FloatArray, precision: FloatArray, pull: Pull
) -> System:
    """Gauss-Newton's equations at poses and a shape; coordinates that would leave their limits are held."""
    root = np.sqrt(precision)[..., None]
    model = shapes.model(shape)
    places, by_pose, by_shape = linearised(shapes, model, x, shape)
    off = ((places - observed_m) * root).reshape(len(x), -1)
    flat_root = np.broadcast_to(root, observed_m.shape).reshape(len(x), 1, -1)
    poses, common = by_pose * flat_root, by_shape * flat_root
    own = poses @ poses.swapaxes(1, 2)
    cross = poses @ common.swapaxes(1, 2)
    slope = np.einsum("fnk,fk->fn", poses, off) + pull.precision * (x - pull.value)
    index = np.arange(x.shape[1])
    own[:, index, index] += pull.precision
    held = ((x <= model.low) & (slope > 0)) | ((x >= model.high) & (slope < 0))
    own = np.where(held[:, :, None] | held[:, None, :], np.eye(x.shape[1]), own)
    cross, slope = np.where(held[:, :, None], 0.0, cross), np.where(held, 0.0, slope)
    prior = shapes.prior_sd**-2.0
    flat = common.swapaxes(0, 1).reshape(len(shape), -1)
    return System(own, cross, slope, flat @ flat.T + np.diag(prior), flat @ off.ravel() + prior * shape, ~held)


def linearised(
    shapes: Shapes, model: MarkerModel, x: FloatArray, shape: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Marker places (F, M, 3), and how their coordinates change with poses, (F, n, 3 M), and with the shape, (F, P, 3 M)."""
    places, by_pose = model.linearised(x)
    by_shape = shapes.derivatives(model, x, shape)
    return places, by_pose.reshape(*by_pose.shape[:2], -1), by_shape.reshape(*by_shape.shape[:2], -1)


def _damped(system: System, damping: float) -> System:
    own, common = system.own.copy(), system.common.copy()
    for matrix in (own, common):
        index = np.arange(matrix.shape[-1])
        size = matrix[..., index, index]
        matrix[..., index, index] += damping * np.maximum(size, 1e-3 * size.mean(axis=-1, keepdims=True))
    return dataclasses.replace(system, own=own, common=common)
