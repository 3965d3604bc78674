"""How a model's markers move when its bodies grow, and when the markers are moved on them.

At given poses a marker's place is a sum of vectors, each fixed in a body on the way to it: from the body's joint to the next
one, and at last to the marker. So it is linear in the bodies' scale factors.
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry.curves import evaluate
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.scaled_tree import grows, growth
from kineograph.model.shapes import FloatArray


def scale_derivatives(
    model: MarkerModel, x: FloatArray, factors: FloatArray, tied: FloatArray, offset_m: FloatArray
) -> FloatArray:
    """Derivatives of marker places by the logarithm of what scales some axes of some bodies.

    Parameters
    ----------
    model : MarkerModel
        M markers on the scaled tree of J joints.
    x : (F, n) array
        Poses.
    factors : (J, 3) array
        With which the tree was scaled.
    tied : (G, J, 3) array
        1 where a factor belongs to a group of factors that grow together, 0 elsewhere.
    offset_m : (M, 3) array
        Shift of each marker on its scaled body, m: it does not grow.

    Returns
    -------
    (F, G, M, 3) array
        m.
    """
    joints = model.tree.joints
    rotation = model.rotations(x)
    values = model.values(x)
    result = np.zeros((len(x), len(tied), len(model.markers), 3))
    for number, joint in enumerate(joints):
        span = model.below(number)
        if number not in rotation:
            continue
        of_body = np.flatnonzero(tied[:, number].any(axis=1))
        if len(of_body):  # the vectors that start at this joint, up to their ends below
            along = rotation[number][:, None] * tied[of_body, number][:, None]  # (F, g, 3, 3)
            starts = np.tile(-joint.child_translation_m, (len(model.markers), 1))
            on_it = np.flatnonzero(model.marker_joint == number)
            starts[on_it] += model.marker_place_m[on_it] - offset_m[on_it]
            result[:, of_body, span] += np.einsum("fgij,mj->fgmi", along, starts[span])
        above = joint.parent
        of_parent = np.flatnonzero(tied[:, above].any(axis=1)) if above >= 0 else np.zeros(0, int)
        if len(of_parent):  # the vector in the parent's body that ends at this joint
            along = rotation[above][:, None] * tied[of_parent, above][:, None]
            moved = np.einsum("fgij,j->fgi", along, joint.parent_translation_m)
            for motion in joint.motions:
                if grows(joint, motion):
                    share = np.abs(motion.axis) * factors[above] / growth(motion, factors[above])
                    coordinate = motion.coordinate
                    shift, _ = evaluate(motion.curve, values[:, coordinate] if coordinate >= 0 else np.zeros(len(x)))
                    axis = rotation[above] @ (joint.parent_rotation @ motion.axis) * shift[:, None]
                    moved += axis[:, None] * (tied[of_parent, above] @ share)[:, None]
            result[:, of_parent, span] += moved[:, :, None]
    return result
