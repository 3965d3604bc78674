"""A model whose bodies have another size and whose markers sit elsewhere on them.

Scaling a body moves the joints and markers on it. As OpenSim does it (`Model::scale`): joint frames and markers along the body's
axes; the shifts of a joint, where they are functions that the model prescribes rather than coordinates, by the parent body's
factors weighed with the shift's axis.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from kineograph.geometry.curves import scaled
from kineograph.geometry.forward_kinematics import STILL
from kineograph.model.kinematic_tree import Joint, KinematicTree, Motion
from kineograph.model.shapes import FloatArray


def scaled_tree(tree: KinematicTree, factors: FloatArray, offset_m: FloatArray | None = None) -> KinematicTree:
    """The tree with scaled bodies, and markers moved on them.

    Parameters
    ----------
    tree : KinematicTree
        J joints, M markers.
    factors : (J, 3) array
        Scale of each joint's body along its axes.
    offset_m : (M, 3) array, optional
        Shift of each marker on its scaled body, m.
    """
    of_ground = np.vstack([factors, np.ones(3)])  # index -1 is the ground
    joints = tuple(
        dataclasses.replace(
            joint,
            parent_translation_m=joint.parent_translation_m * of_ground[joint.parent],
            child_translation_m=joint.child_translation_m * factors[number],
            motions=tuple(_scaled_motion(joint, motion, of_ground[joint.parent]) for motion in joint.motions),
        )
        for number, joint in enumerate(tree.joints)
    )
    places = tree.marker_place_m * of_ground[tree.marker_joint]
    return dataclasses.replace(tree, joints=joints, marker_place_m=places if offset_m is None else places + offset_m)


def grows(joint: Joint, motion: Motion) -> bool:
    """Whether a motion of a joint is a length of its parent body, rather than a coordinate or a turn."""
    if motion.turn or joint.parent == STILL:
        return False
    curve = motion.curve
    return not (len(curve.anchor) == 1 and curve.anchor[0] == 0 and _identity(curve.coefficient[0]))


def growth(motion: Motion, factors: FloatArray) -> float:
    """How much longer a prescribed shift becomes with its parent body's factors (3,)."""
    return float(np.abs(motion.axis) @ factors)


def _identity(powers: FloatArray) -> bool:
    return len(powers) > 1 and powers[0] == 0 and powers[1] == 1 and not powers[2:].any()


def _scaled_motion(joint: Joint, motion: Motion, factors: FloatArray) -> Motion:
    if not grows(joint, motion):
        return motion
    return dataclasses.replace(motion, curve=scaled(motion.curve, growth(motion, factors)))
