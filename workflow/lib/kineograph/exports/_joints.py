"""A participant's model in motion as a hierarchy of joints: where each joint is in its parent's frame, and how it is turned."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

ROOT = -1
DEFAULT_END_M = 0.05
"""Length of a bone that nothing is known of but its beginning."""


@dataclass(frozen=True)
class JointMotion:
    """J joints over F frames, in OpenSim's axes (y up). A joint's frame is that of the body on it, with its origin in the joint.

    Attributes
    ----------
    names : tuple of str
        The bodies' names, parents before children.
    parents : tuple of int
        Index of each one's parent, -1 for the ground.
    translation_m : (F, J, 3) array
        Origin in the parent's frame, m.
    rotation : (F, J, 3, 3) array
        Its axes in the parent's frame, as columns.
    end_m : (J, 3) array
        A point where the bone ends, in its own frame: the first child's origin, or the middle of the body's markers.
    solved : (F,) array of bool
        False where the frame could not be solved: its pose is that of the last frame before, or of the first one after.
    time_s : (F,) array
        s.
    fps_hz : float
        Hz.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    translation_m: FloatArray
    rotation: FloatArray
    end_m: FloatArray
    solved: BoolArray
    time_s: FloatArray
    fps_hz: float


def joint_motion(subject: Subject) -> JointMotion:
    """The model of the one participant in motion.

    Raises
    ------
    InputError
        Where no frame was solved, or there is no model.
    """
    coordinates, tree = subject.coordinates, subject.tree
    solved: BoolArray = np.asarray(np.isfinite(coordinates.values).all(axis=1), bool)
    values = coordinates.values[_nearest_before(solved)]
    origins, turns = _in_the_room(tree, coordinates.names, values)
    parents = tuple(joint.parent for joint in tree.joints)
    translation, rotation = origins.copy(), turns.copy()
    for joint, parent in enumerate(parents):
        if parent != ROOT:
            back = turns[:, parent].transpose(0, 2, 1)
            translation[:, joint] = np.einsum("fij,fj->fi", back, origins[:, joint] - origins[:, parent])
            rotation[:, joint] = back @ turns[:, joint]
    names = tuple("_".join(joint.body.split()) for joint in tree.joints)
    time = coordinates.time_s
    rate = 1 / float(np.median(np.diff(time))) if len(time) > 1 else subject.all_points.fps_hz
    return JointMotion(names, parents, translation, rotation, _ends(tree, translation, parents), solved, time, rate)


def _nearest_before(solved: BoolArray) -> IntArray:
    """For each frame the last solved one, or the first one there is."""
    frames = np.where(solved, np.arange(len(solved)), -1)
    latest: IntArray = np.maximum.accumulate(frames)
    latest[latest < 0] = np.flatnonzero(solved)[0]
    return latest


def _in_the_room(tree: KinematicTree, names: tuple[str, ...], values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centres (F, J, 3) of all joints, and the axes (F, J, 3, 3) of the bodies on them."""
    bodies = tuple(joint.body for joint in tree.joints)
    centres = np.array([joint.child_translation_m for joint in tree.joints])
    marked = dataclasses.replace(
        tree, markers=bodies, marker_joint=np.arange(len(bodies)), marker_place_m=centres.reshape(-1, 3)
    )
    model = MarkerModel(marked, bodies)
    x = values[:, [names.index(tree.names[free]) for free in model.free]]
    order = [model.markers.index(body) for body in bodies]
    return model.places(x)[:, order], model.bodies(x)[:, order]


def _ends(tree: KinematicTree, translation: FloatArray, parents: tuple[int, ...]) -> FloatArray:
    """Where each bone ends: at its farthest child, else amid the body's markers, else a little below."""
    ends = np.tile([0.0, -DEFAULT_END_M, 0.0], (len(parents), 1))
    middle = np.median(translation, axis=0)
    for joint, item in enumerate(tree.joints):
        children = [index for index, parent in enumerate(parents) if parent == joint]
        on_body = tree.marker_place_m[tree.marker_joint == joint]
        if children:
            ends[joint] = middle[max(children, key=lambda child: float(np.linalg.norm(middle[child])))]
        elif len(on_body):
            ends[joint] = on_body.mean(axis=0) - item.child_translation_m
    short = np.linalg.norm(ends, axis=1) < 1e-6
    ends[short] = [0.0, -DEFAULT_END_M, 0.0]
    return ends
