"""Are a participant's bodies of the size that fits all postures? Scales and marker places refined together with poses.

Pair scaling takes the distance of two markers for the size of a body, although joints that lie between them bend. Here the
poses of chosen frames and the sizes are solved together, with pair scaling as the prior; frames that were not used decide whether
the result is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.natural_posture import natural_posture
from kineograph.geometry.pose_fit import Pull, fit_poses
from kineograph.geometry.pose_starts import start_poses
from kineograph.geometry.shape_fit import Shapes
from kineograph.geometry.shape_learning import FIRST_NOISE_M, Learnt, learn_shape, less_if_far
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.stages.refinement_frames import ChosenFrames
from kineograph.stages.scale import AXES, pairs_of
from kineograph.stages.scaling_report import MeasurementLike

FEWEST_FRAMES = 30
"""Fewer tell sizes and poses no better than pairs do."""
HELD_OUT = 3
"""One frame in so many is kept for the check."""
PLACEMENT_M = 0.01
"""How far a person's marker is usually off its place on the model, in each direction, by which pair scaling errs."""
BENDING = 0.03
"""What else pair scaling errs by: joints between the markers of a pair bend."""
OFFSET_M = 0.01
"""The prior standard deviation of a marker's shift, in each direction."""


@dataclass(frozen=True)
class Group:
    """Factors that are one unknown.

    Attributes
    ----------
    name : str
        Of the measurement, and of its side where sides are told apart.
    entries : tuple of (str, int)
        Bodies and axes.
    prior_sd : float
        Of the logarithm of the factor.
    disagreement : float
        Standard error of the factor by what its pairs of markers tell differently, relative to it; 0 where one pair tells.
    """

    name: str
    entries: tuple[tuple[str, int], ...]
    prior_sd: float
    disagreement: float = 0.0

    @property
    def unsure(self) -> float:
        """How far pair scaling may be off, of the logarithm: by the prior, and by what its pairs say themselves."""
        return float(np.hypot(self.prior_sd, self.disagreement))


@dataclass(frozen=True)
class Check:
    """How frames fit that a refinement did not use. What passes is fitted once more with all frames.

    Attributes
    ----------
    held_out : (F,) array of bool
        The frames that were not used.
    error_m : (2, 2) array
        Root mean square marker error in frames that were used and that were held out, each before and after, m.
    gain : (H,) array
        How much the weighed squares of each frame that was held out fell, relative to their mean before.
    """

    held_out: BoolArray
    error_m: FloatArray
    gain: FloatArray

    @property
    def passed(self) -> bool:
        """Whether frames that were not used fit better, by more than chance."""
        return bool(self.gain.mean() > self.gain.std() / np.sqrt(len(self.gain)))


@dataclass(frozen=True)
class Refined:
    """What a refinement found.

    Attributes
    ----------
    groups : tuple of Group
        G groups of factors.
    factors : dict of str to (3,) array
        Body -> scale along its axes.
    change, change_sd : (G,) array
        Logarithm of what each group's factor was multiplied by, and its standard deviation.
    offset_m, offset_sd_m : dict of str to (3,) array
        Marker -> shift on its scaled body, and its standard deviation, m; empty where markers stay.
    noise_m : dict of str to float
        Marker -> what it is off by in each direction, m.
    frames : ChosenFrames
        The frames.
    check : Check
        Whether it is better than pair scaling.
    """

    groups: tuple[Group, ...]
    factors: dict[str, FloatArray]
    change: FloatArray
    change_sd: FloatArray
    offset_m: dict[str, FloatArray]
    offset_sd_m: dict[str, FloatArray]
    noise_m: dict[str, float]
    frames: ChosenFrames
    check: Check


def factor_groups(
    measurements: Sequence[MeasurementLike],
    factors: Mapping[str, FloatArray],
    model_markers_m: Mapping[str, FloatArray],
    pool_sides: bool,
    ratio: Mapping[tuple[str, str], float],
) -> tuple[Group, ...]:
    """Which factors pair scaling sets to one number; `ratio` is what it has of each pair of markers."""
    owner: dict[tuple[str, int], tuple[str, tuple[tuple[str, str], ...]]] = {}
    for item in measurements:
        for body, axes in item.bodies.items():
            if body in factors:
                pairs = tuple(pair for pair in pairs_of(item, body, pool_sides) if set(pair) <= set(model_markers_m))
                owner |= {(body, AXES.index(axis)): (item.name, pairs) for axis in axes if pairs}
    found: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[str, int]]] = {}
    for entry, key in owner.items():
        found.setdefault(key, []).append(entry)
    names = [name for name, _ in found]
    groups = []
    for (name, pairs), entries in found.items():
        lengths = [float(np.linalg.norm(model_markers_m[a] - model_markers_m[b])) for a, b in pairs]
        placement = PLACEMENT_M * np.sqrt(2 / len(lengths)) / np.mean(lengths)
        side = f"_{entries[0][0][-1]}" if names.count(name) > 1 else ""
        told = [ratio[pair] for pair in pairs if np.isfinite(ratio.get(pair, np.nan))]
        prior_sd = float(np.hypot(placement, BENDING))
        groups.append(Group(name + side, tuple(entries), prior_sd, _disagreement(told)))
    return tuple(groups)


def _disagreement(ratios: Sequence[float]) -> float:
    """The standard error of the mean of these, relative to it."""
    return float(np.std(ratios, ddof=1) / np.sqrt(len(ratios)) / np.mean(ratios)) if len(ratios) > 1 else 0.0


def refine(
    tree: KinematicTree,
    frames: ChosenFrames,
    weights: Mapping[str, float],
    tasks: Mapping[str, tuple[float, float]],
    factors: Mapping[str, FloatArray],
    groups: tuple[Group, ...],
    *,
    offsets: bool,
) -> Refined:
    """Refine a participant's model.

    Parameters
    ----------
    tree : KinematicTree
        The generic model.
    frames : ChosenFrames
        From :func:`kineograph.stages.refinement_frames.choose_frames`; all of its markers are on the model.
    weights : dict of str to float
        How much each marker is trusted in the search for first poses.
    tasks : dict of str to (float, float)
        Coordinate -> (standard deviation, value) that it is pulled to, rad or m.
    factors : dict of str to (3,) array
        Body -> scale by pair scaling.
    groups : tuple of Group
        From :func:`factor_groups`.
    offsets : bool
        Whether markers are shifted, too.
    """
    held = np.arange(len(frames.number)) % HELD_OUT == HELD_OUT - 1
    shapes = _shapes(tree, frames.names, factors, groups, offsets=offsets)
    columns = [frames.names.index(name) for name in shapes.markers]
    observed, relative = frames.position_m[:, columns], _relative_precision(frames.variance_m2[:, columns])
    before = shapes.model(np.zeros(len(shapes.prior_sd)))
    posture = natural_posture(before, tasks)
    pull = Pull(posture.spread**-2.0, posture.centre)
    trust = np.array([weights[name] for name in shapes.markers])
    start = start_poses(before, observed, relative * trust / trust.mean() / FIRST_NOISE_M**2, pull)
    learnt = learn_shape(shapes, observed[~held], relative[~held], frames.time_s[~held], start[~held], pull)
    precision = relative / np.square(learnt.noise.sd_m)
    models = (before, shapes.model(learnt.fit.shape))
    poses = [fit_poses(model, observed, precision, start, pull) for model in models]
    off = [np.square(model.places(x) - observed).sum(axis=-1) for model, x in zip(models, poses, strict=True)]
    squares = [(each * less_if_far(each, precision) * precision).sum(axis=1)[held] for each in off]
    check = Check(
        held,
        np.array([[np.sqrt(each[part].mean()) for each in off] for part in (~held, held)]),
        (squares[0] - squares[1]) / squares[0].mean(),
    )
    if check.passed:
        learnt = learn_shape(shapes, observed, relative, frames.time_s, poses[1], pull, learnt)
    return _told(shapes, groups, factors, learnt, frames, check)


def _shapes(
    tree: KinematicTree,
    names: Sequence[str],
    factors: Mapping[str, FloatArray],
    groups: Sequence[Group],
    *,
    offsets: bool,
) -> Shapes:
    bodies = [joint.body for joint in tree.joints]
    base = np.array([factors.get(body, np.ones(3)) for body in bodies])
    tied = np.zeros((len(groups), len(bodies), 3))
    for index, group in enumerate(groups):
        for body, axis in group.entries:
            if body in bodies:
                tied[index, bodies.index(body), axis] = 1.0
    markers = MarkerModel(tree, names).markers
    prior = [group.prior_sd for group in groups] + [OFFSET_M] * (3 * len(markers) * offsets)
    return Shapes(tree, markers, base, tied, np.array(prior))


def _told(
    shapes: Shapes,
    groups: tuple[Group, ...],
    factors: Mapping[str, FloatArray],
    learnt: Learnt,
    frames: ChosenFrames,
    check: Check,
) -> Refined:
    fit = learnt.fit
    scaled = {body: factor.copy() for body, factor in factors.items()}
    for group, change in zip(groups, fit.shape, strict=False):
        for body, axis in group.entries:
            scaled[body][axis] *= np.exp(change)
    sd = np.sqrt(np.diagonal(fit.covariance))
    count = len(groups)
    shifts = (shapes.offsets_m(fit.shape), sd[count:].reshape(-1, 3)) if shapes.moves_markers else ()
    offset, offset_sd = (dict(zip(shapes.markers, each, strict=True)) for each in shifts) if shifts else ({}, {})
    return Refined(
        groups,
        scaled,
        fit.shape[:count],
        sd[:count],
        offset,
        offset_sd,
        dict(zip(shapes.markers, learnt.noise.sd_m, strict=True)),
        frames,
        check,
    )


def _relative_precision(variance_m2: FloatArray) -> FloatArray:
    """(F, M) precision of each sample against the marker's usual one; 1 where no covariance is known.

    Covariances tell what cameras leave open; what a marker is off its place on the model by comes on top.
    """
    known = np.isfinite(variance_m2)
    own = FIRST_NOISE_M**2 + np.where(known, variance_m2, 0.0)
    usual = FIRST_NOISE_M**2 + np.array(
        [np.median(column[told]) if told.any() else 0.0 for column, told in zip(variance_m2.T, known.T, strict=True)]
    )
    result: FloatArray = np.where(known, usual / own, 1.0)
    return result
