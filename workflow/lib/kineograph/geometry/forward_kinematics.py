"""Where a model's markers are in given poses, and how they move with each coordinate, for all frames at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.geometry.curves import evaluate
from kineograph.model.kinematic_tree import Joint, KinematicTree
from kineograph.model.shapes import FloatArray, IntArray

STILL = -1


class MarkerModel:
    """Forward kinematics of some of a model's markers, as a function of the coordinates that are free.

    Parameters
    ----------
    tree : KinematicTree
        The model.
    names : sequence of str
        The markers wanted; each must be on the model.

    Attributes
    ----------
    markers : tuple of str
        The M markers in the order of this class, which puts those below each joint side by side.
    free : (n,) array of int
        The tree's coordinates that poses are given in.
    default, low, high : (n,) array
        Their defaults and limits, rad or m; limits that are not clamped are infinite.
    turning : (n,) array of bool
        True for angles.
    marker_joint : (M,) array of int
        The joint on whose body each marker is, -1 for the ground.
    marker_place_m : (M, 3) array
        Its place on that body, m.
    """

    def __init__(self, tree: KinematicTree, names: Sequence[str]) -> None:
        self.tree = tree
        self.free: IntArray = np.array(tree.free, int)
        self.turning = tree.rotational[self.free]
        clamped = tree.clamped[self.free]
        self.low = np.where(clamped, tree.low[self.free], -np.inf)
        self.high = np.where(clamped, tree.high[self.free], np.inf)
        self.default = np.clip(tree.default[self.free], self.low, self.high)
        self._position = {int(coordinate): index for index, coordinate in enumerate(self.free)}
        self._coupling = {coupling.dependent: coupling for coupling in tree.couplings}
        wanted = [tree.markers.index(name) for name in names]
        self._order = _depth_first(tree.joints)
        rank = {joint: index for index, joint in enumerate(self._order)} | {STILL: -1}
        chosen = sorted(wanted, key=lambda marker: rank[int(tree.marker_joint[marker])])
        self.markers = tuple(tree.markers[marker] for marker in chosen)
        self.marker_joint = tree.marker_joint[chosen]
        self.marker_place_m = tree.marker_place_m[chosen]
        self._below = {joint: self._span(joint) for joint in self._order}

    def values(self, x: FloatArray) -> FloatArray:
        """All of the tree's coordinates (F, Q) from the free ones (F, n)."""
        full = np.tile(self.tree.default, (len(x), 1))
        full[:, self.free] = x
        for coupling in self.tree.couplings:
            full[:, coupling.dependent] = evaluate(coupling.curve, full[:, coupling.independent])[0]
        return full

    def slopes(self, x: FloatArray) -> FloatArray:
        """How each of the tree's coordinates changes with the free ones, (F, Q, n)."""
        change = np.zeros((len(x), len(self.tree.names), len(self.free)))
        change[:, self.free, np.arange(len(self.free))] = 1.0
        values = self.values(x)
        for coupling in self.tree.couplings:
            slope = evaluate(coupling.curve, values[:, coupling.independent])[1]
            change[:, coupling.dependent] = slope[:, None] * change[:, coupling.independent]
        return change

    def places(self, x: FloatArray) -> FloatArray:
        """Marker positions (F, M, 3), m, at poses (F, n)."""
        return self._walk(x, None)

    def bodies(self, x: FloatArray) -> FloatArray:
        """Rotation of the body that carries each marker, (F, M, 3, 3)."""
        turned = self.rotations(x)
        return np.stack([turned[int(joint)] for joint in self.marker_joint], axis=1)

    def rotations(self, x: FloatArray) -> dict[int, FloatArray]:
        """Rotation (F, 3, 3) of the ground's body, -1, and of each joint's that has markers on it or below it."""
        turned: dict[int, FloatArray] = {}
        self._walk(x, None, turned)
        return turned

    def below(self, joint: int) -> slice:
        """The markers that a joint moves: those on its body and on the bodies that hang on it."""
        return self._below[joint]

    def linearised(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Marker positions (F, M, 3), and their derivatives by each free coordinate, (F, n, M, 3)."""
        jacobian = np.zeros((len(x), len(self.free), len(self.markers), 3))
        return self._walk(x, jacobian), jacobian

    def _walk(
        self, x: FloatArray, jacobian: FloatArray | None, bodies: dict[int, FloatArray] | None = None
    ) -> FloatArray:
        """Go from joint to joint; rotations are (3, 3, F) so that each operation runs along all frames."""
        frames = len(x)
        columns = np.ascontiguousarray(x.T)
        ground = (np.broadcast_to(np.eye(3)[..., None], (3, 3, frames)), np.zeros((3, frames)))
        body: dict[int, tuple[FloatArray, FloatArray]] = {STILL: ground}
        places = np.empty((len(self.markers), 3, frames))
        moving: list[tuple[int, int, FloatArray, FloatArray | None, FloatArray]] = []
        for number in self._order:
            joint = self.tree.joints[number]
            below = self._below[number]
            if below.start == below.stop:
                continue
            rotation, origin, motions = self._moved(joint, body[joint.parent], columns)
            moving += [(number, column, axis, origin if turn else None, slope) for column, turn, axis, slope in motions]
            turned = np.einsum("ijf,kj->ikf", rotation, joint.child_rotation)
            body[number] = turned, origin - np.einsum("ijf,j->if", turned, joint.child_translation_m)
        for marker, number in enumerate(self.marker_joint):
            turned, origin = body[int(number)]
            place = self.marker_place_m[marker]
            places[marker] = turned[:, 0] * place[0] + turned[:, 1] * place[1] + turned[:, 2] * place[2] + origin
        if bodies is not None:
            bodies.update({number: turned.transpose(2, 0, 1) for number, (turned, _) in body.items()})
        result = np.ascontiguousarray(places.transpose(2, 0, 1))
        if jacobian is not None:
            for number, column, axis, centre, slope in moving:
                below = self._below[number]
                _add_derivative(jacobian[:, column, below], result[:, below], axis, centre, slope)
        return result

    def _moved(
        self, joint: Joint, parent: tuple[FloatArray, FloatArray], columns: FloatArray
    ) -> tuple[FloatArray, FloatArray, list[tuple[int, bool, FloatArray, FloatArray]]]:
        """The joint's child frame: rotation, origin, and (coordinate, turn?, axis, slope) of each of its motions."""
        rotation = np.einsum("ijf,jk->ikf", parent[0], joint.parent_rotation)
        origin = parent[1] + np.einsum("ijf,j->if", parent[0], joint.parent_translation_m)
        fixed, motions = rotation, []
        for motion in joint.motions:
            value, slope, column = self._follow(motion.coordinate, motion.curve, columns)
            if column == STILL and not value.any():
                continue
            along = np.einsum("ijf,j->if", rotation if motion.turn else fixed, motion.axis)
            if motion.turn:
                if value.any():
                    rotation = _turned(rotation, motion.axis, value)
            else:
                origin = origin + along * value
            if column != STILL:
                motions.append((column, motion.turn, along, slope))
        return rotation, origin, motions

    def _follow(self, coordinate: int, curve: object, columns: FloatArray) -> tuple[FloatArray, FloatArray, int]:
        """Value and slope of a motion's curve, and the free coordinate that it depends on."""
        column = self.column(coordinate)
        if column == STILL:
            still = 0.0 if coordinate == STILL else float(self.tree.default[coordinate])
            return *evaluate(curve, np.array([still])), STILL  # type: ignore[arg-type]  # the same in all frames
        value, slope = columns[column], np.ones(columns.shape[1])
        if coordinate in self._coupling:
            value, slope = evaluate(self._coupling[coordinate].curve, value)
        value, steeper = evaluate(curve, value)  # type: ignore[arg-type]
        return value, slope * steeper, column

    def column(self, coordinate: int) -> int:
        """The free coordinate behind one of the tree's, or STILL."""
        if coordinate in self._coupling:
            coordinate = self._coupling[coordinate].independent
        return self._position.get(coordinate, STILL)

    def _span(self, joint: int) -> slice:
        """The markers on a joint's body and on those that hang on it: side by side, by the depth-first order."""
        joints = self.tree.joints
        inside = []
        for marker, number in enumerate(self.marker_joint):
            above = int(number)
            while above not in (STILL, joint):
                above = joints[above].parent
            if above == joint:
                inside.append(marker)
        return slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)


def _turned(rotation: FloatArray, axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Rotations (3, 3, F) followed by a turn about an axis of theirs: Rodrigues' formula on their columns."""
    size = np.linalg.norm(axis)
    x, y, z = axis / size
    cosine, sine = np.cos(angle), np.sin(angle)
    along = rotation[:, 0] * x + rotation[:, 1] * y + rotation[:, 2] * z
    crossed = np.empty(rotation.shape)
    crossed[:, 0] = rotation[:, 1] * z - rotation[:, 2] * y
    crossed[:, 1] = rotation[:, 2] * x - rotation[:, 0] * z
    crossed[:, 2] = rotation[:, 0] * y - rotation[:, 1] * x
    unit = np.array([x, y, z])[:, None]
    result: FloatArray = rotation * cosine + crossed * sine + along[:, None] * (unit * (1 - cosine))
    return result


def _add_derivative(
    into: FloatArray, places: FloatArray, axis: FloatArray, centre: FloatArray | None, slope: FloatArray
) -> None:
    """Add how markers (F, m, 3) move with a turn about an axis (3, F) through a centre, or with a shift along it."""
    a = (axis * slope).T[:, None, :]
    if centre is None:
        into += a
        return
    r = places - centre.T[:, None, :]
    into[..., 0] += a[..., 1] * r[..., 2] - a[..., 2] * r[..., 1]
    into[..., 1] += a[..., 2] * r[..., 0] - a[..., 0] * r[..., 2]
    into[..., 2] += a[..., 0] * r[..., 1] - a[..., 1] * r[..., 0]


def _depth_first(joints: Sequence[Joint]) -> tuple[int, ...]:
    """The joints so that all below a joint follow it at once."""
    below: dict[int, list[int]] = {}
    for number, joint in enumerate(joints):
        below.setdefault(joint.parent, []).append(number)
    order, waiting = [], below.get(STILL, [])[::-1]
    while waiting:
        number = waiting.pop()
        order.append(number)
        waiting += below.get(number, [])[::-1]
    return tuple(order)
