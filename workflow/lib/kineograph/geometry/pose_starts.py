"""Where to begin: poses of a few frames without any guess, by the trunk first and each limb from several poses.

The trunk are the bodies from which two limbs or more with markers hang, and those between them and the ground; a limb is what
hangs on the trunk. So nothing here knows a model's names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import STILL, MarkerModel
from kineograph.geometry.pose_fit import Pull, fit_poses
from kineograph.geometry.spread_points import spread_points
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

HEADINGS = 4
LIMB_POSES = 6
TRUNK_STEPS = 15
LIMB_STEPS = 7
FINAL_STEPS = 30
TOLERANCE = 1e-3
"""rad or m: these are starts."""


@dataclass(frozen=True)
class Parts:
    """How a model's markers and free coordinates fall into trunk and limbs.

    Attributes
    ----------
    trunk_columns : array of int
        Coordinates of the trunk.
    trunk_markers : (M,) array of bool
        Markers on the trunk.
    limb_columns : tuple of array of int
        Coordinates of each limb.
    limb_markers : (L, M) array of bool
        Markers of each limb.
    """

    trunk_columns: IntArray
    trunk_markers: BoolArray
    limb_columns: tuple[IntArray, ...]
    limb_markers: BoolArray


def parts_of(model: MarkerModel) -> Parts:
    """Tell trunk and limbs apart."""
    joints = model.tree.joints
    count = len(joints)
    carries = np.zeros(count, bool)
    for carrier in model.marker_joint:
        at = int(carrier)
        while at != STILL and not carries[at]:
            carries[at] = True
            at = joints[at].parent
    moves = [any(model.column(motion.coordinate) != STILL for motion in joint.motions) for joint in joints]
    limbs_below = np.zeros(count, int)
    for number, joint in enumerate(joints):
        if carries[number] and moves[number] and joint.parent != STILL:
            limbs_below[joint.parent] += 1
    trunk = np.zeros(count, bool)
    for branching in np.flatnonzero(limbs_below > 1):
        above = int(branching)
        while above != STILL:
            trunk[above] = True
            above = joints[above].parent
    if not trunk.any():  # a chain without branches: the first body with markers
        trunk[: int(np.flatnonzero(carries)[0]) + 1] = True
    owner = np.full(count, STILL)  # the limb of each joint, named by its first joint; STILL for the trunk
    for number, joint in enumerate(joints):  # parents come first
        if trunk[number]:
            continue
        above = STILL if joint.parent == STILL else int(owner[joint.parent])
        owner[number] = above if above != STILL else (number if moves[number] else STILL)
    first = [int(limb) for limb in np.unique(owner[carries & (owner != STILL)])]
    marker_owner = np.where(model.marker_joint == STILL, STILL, owner[model.marker_joint])
    columns = {limb: _columns(model, owner == limb) for limb in (STILL, *first)}
    return Parts(
        columns[STILL],
        marker_owner == STILL,
        tuple(columns[limb] for limb in first),
        np.array([marker_owner == limb for limb in first], bool).reshape(len(first), len(model.markers)),
    )


def start_poses(model: MarkerModel, observed_m: FloatArray, precision: FloatArray, pull: Pull) -> FloatArray:
    """Poses (F, n) of frames of which nothing is known but their markers.

    Parameters
    ----------
    model, observed_m, precision, pull
        As in :func:`kineograph.geometry.pose_fit.fit_poses`.
    """
    parts = parts_of(model)
    trunk = _trunk_poses(model, parts, observed_m, precision, pull)
    guesses = limb_guesses(model)
    tried = np.repeat(trunk[None], len(guesses), axis=0)
    limbs = np.concatenate([*parts.limb_columns, np.zeros(0, int)])
    tried[:, :, limbs] = guesses[:, None, limbs]
    frames = len(observed_m)
    many = (np.tile(observed_m, (len(guesses), 1, 1)), np.tile(precision, (len(guesses), 1)))
    flat = fit_poses(model, *many, tried.reshape(-1, tried.shape[-1]), pull, steps=LIMB_STEPS, tolerance=TOLERANCE)
    squares = np.square(model.places(flat) - many[0]).sum(axis=-1) * many[1]
    tried, squares = flat.reshape(tried.shape), squares.reshape(len(guesses), frames, -1)
    merged = tried[squares.sum(axis=-1).argmin(axis=0), np.arange(frames)]
    for columns, markers in zip(parts.limb_columns, parts.limb_markers, strict=True):
        best = (squares @ markers).argmin(axis=0)
        merged[:, columns] = tried[best, np.arange(frames)][:, columns]
    return fit_poses(model, observed_m, precision, merged, pull, steps=FINAL_STEPS, tolerance=TOLERANCE)


def limb_guesses(model: MarkerModel) -> FloatArray:
    """Poses (poses, n) spread evenly over the limits, or over a quarter turn around the default where there are none."""
    tree = model.tree
    low = np.maximum(tree.low[model.free], tree.default[model.free] - np.pi / 2)
    high = np.minimum(tree.high[model.free], tree.default[model.free] + np.pi / 2)
    share = spread_points(LIMB_POSES, len(model.free), np.random.default_rng(3).spawn(1)[0])
    guesses: FloatArray = low + (0.1 + 0.8 * share) * (high - low)
    return guesses


def _trunk_poses(
    model: MarkerModel, parts: Parts, observed_m: FloatArray, precision: FloatArray, pull: Pull
) -> FloatArray:
    """Poses whose trunk fits, from several headings."""
    only = precision * parts.trunk_markers
    thin = (only > 0).sum(axis=1) < 3
    only[thin] = precision[thin]
    frames = len(observed_m)
    tried = np.tile(model.default, (HEADINGS, frames, 1))
    upright = _heading_column(model)
    if upright is not None:
        tried[:, :, upright] += np.arange(HEADINGS)[:, None] * 2 * np.pi / HEADINGS
    many = (np.tile(observed_m, (HEADINGS, 1, 1)), np.tile(only, (HEADINGS, 1)))
    flat = tried.reshape(HEADINGS * frames, -1)
    flat = fit_poses(model, *many, flat, pull, columns=parts.trunk_columns, steps=TRUNK_STEPS, tolerance=TOLERANCE)
    squares = (np.square(model.places(flat) - many[0]).sum(axis=-1) * many[1]).sum(axis=-1).reshape(HEADINGS, frames)
    chosen: FloatArray = flat.reshape(tried.shape)[squares.argmin(axis=0), np.arange(frames)]
    return chosen


def _heading_column(model: MarkerModel) -> int | None:
    """The free coordinate of the first joint that turns the person about the vertical (OpenSim's y)."""
    best, found = 0.5, None
    for joint in model.tree.joints:
        for motion in joint.motions:
            column = model.column(motion.coordinate)
            if joint.parent == STILL and motion.turn and column != STILL:
                vertical = abs(float((joint.parent_rotation @ motion.axis)[1]))
                if vertical > best:
                    best, found = vertical, column
    return found


def _columns(model: MarkerModel, joints: BoolArray) -> IntArray:
    """The free coordinates of some joints."""
    found = {
        model.column(motion.coordinate)
        for number in np.flatnonzero(joints)
        for motion in model.tree.joints[number].motions
    }
    return np.array(sorted(found - {STILL}), int)
