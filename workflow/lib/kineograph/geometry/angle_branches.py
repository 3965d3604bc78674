"""One pose, several names: the same rotations written with angles that go on smoothly from frame to frame.

Angles that nothing limits may be a whole turn apart; and three turns about axes at right angles, as of a pelvis or a shoulder,
have a twin: (a + pi, pi - b, c + pi) is the rotation of (a, b, c).
"""

from __future__ import annotations

import numpy as np

from kineograph.geometry.forward_kinematics import STILL, MarkerModel
from kineograph.model.shapes import FloatArray

TURN = 2 * np.pi
RIGHT_ANGLE = 1e-6


def continued(model: MarkerModel, x: FloatArray) -> FloatArray:
    """Poses (F, n) in time order, each written as near to the one before as can be, the first near the middle of the ranges."""
    result = x.copy()
    triples = _triples(model)
    whole = np.isinf(model.low) & np.isinf(model.high) & model.turning
    tree = model.tree
    before = (0.5 * (tree.low + tree.high))[model.free]
    before = np.where(np.abs(before) < TURN, before, 0.0)
    for frame in range(len(x)):
        pose = result[frame]
        for triple in triples:
            own = _near(pose[triple], before[triple])
            twin = _near(np.array([own[0] + np.pi, np.pi - own[1], own[2] + np.pi]), before[triple])
            closer = np.square(twin - before[triple]).sum() < np.square(own - before[triple]).sum()
            pose[triple] = twin if closer else own
        pose[whole] = _near(pose[whole], before[whole])
        before = pose
    return result


def _near(angle: FloatArray, goal: FloatArray) -> FloatArray:
    result: FloatArray = angle - TURN * np.round((angle - goal) / TURN)
    return result


def _triples(model: MarkerModel) -> list[list[int]]:
    """The three free coordinates of each joint that turns about three axes at right angles without limits."""
    found = []
    for joint in model.tree.joints:
        turns = [motion for motion in joint.motions if motion.turn]
        columns = [model.column(motion.coordinate) for motion in turns]
        if len(turns) != 3 or STILL in columns or len(set(columns)) != 3:
            continue
        axes = np.array([motion.axis for motion in turns])
        plain = all(np.array_equal(motion.curve.coefficient[0], [0.0, 1.0]) for motion in turns)
        square = np.allclose(axes @ axes.T, np.eye(3), atol=RIGHT_ANGLE)
        if plain and square and np.isinf(model.low[columns]).all() and np.isinf(model.high[columns]).all():
            found.append(columns)
    return found
