"""KinematicTree: an OpenSim model's joints, coordinates and markers as plain arrays, so that poses need no OpenSim."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import BoolArray, FloatArray, IntArray, require_shape


@dataclass(frozen=True)
class Curve:
    """A function of one number: a polynomial in each of S stretches.

    Attributes
    ----------
    start : (S - 1,) array
        Where each stretch but the first begins, ascending.
    anchor : (S,) array
        Each polynomial is one of the distance from here.
    coefficient : (S, D) array
        Of the powers 0 to D - 1.
    """

    start: FloatArray
    anchor: FloatArray
    coefficient: FloatArray

    def __post_init__(self) -> None:
        stretches = len(self.anchor)
        require_shape(self.start, (stretches - 1,), "start")
        require_shape(self.coefficient, (stretches, self.coefficient.shape[1]), "coefficient")

    @property
    def constant(self) -> bool:
        """True where the value never changes."""
        return len(self.anchor) == 1 and not self.coefficient[:, 1:].any()


@dataclass(frozen=True)
class Motion:
    """One elementary motion within a joint: a turn about an axis, or a shift along it.

    Attributes
    ----------
    turn : bool
        True for a rotation, rad; False for a translation, m.
    axis : (3,) array
        Unit vector; a turn's in the frame that the joint's turns before it have turned, a shift's in the joint's parent frame.
    coordinate : int
        Index of the coordinate, or -1 where the motion is constant.
    curve : Curve
        Angle or distance as a function of the coordinate.
    """

    turn: bool
    axis: FloatArray
    coordinate: int
    curve: Curve


@dataclass(frozen=True)
class Joint:
    """A joint and the body that hangs on it.

    Attributes
    ----------
    name, body : str
        Names of the joint and of its child body.
    parent : int
        Index of the joint on which the parent body hangs, -1 for the ground.
    parent_rotation, parent_translation_m : (3, 3) and (3,) array
        The joint's frame in the parent body.
    child_rotation, child_translation_m : (3, 3) and (3,) array
        The joint's frame in the child body.
    motions : tuple of Motion
        Turns first, in their order, then shifts.
    """

    name: str
    body: str
    parent: int
    parent_rotation: FloatArray
    parent_translation_m: FloatArray
    child_rotation: FloatArray
    child_translation_m: FloatArray
    motions: tuple[Motion, ...]


@dataclass(frozen=True)
class Coupling:
    """A coordinate that follows another.

    Attributes
    ----------
    dependent, independent : int
        Indices of the coordinates.
    curve : Curve
        The dependent one as a function of the other.
    """

    dependent: int
    independent: int
    curve: Curve


@dataclass(frozen=True)
class KinematicTree:
    """A model's kinematics: Q coordinates, J joints (parents before children), M markers.

    Attributes
    ----------
    names : tuple of str
        Q coordinate names, in the model's order.
    rotational : (Q,) array of bool
        True for angles.
    default, low, high : (Q,) array
        Default value and range of motion, rad or m.
    clamped : (Q,) array of bool
        True where the solution must stay in the range.
    locked : (Q,) array of bool
        True where the coordinate stays at its default.
    couplings : tuple of Coupling
        Coordinates that follow others; none of them follows one that follows.
    joints : tuple of Joint
        J joints.
    markers : tuple of str
        M marker names.
    marker_joint : (M,) array of int
        The joint on whose body each marker is, -1 for the ground.
    marker_place_m : (M, 3) array
        Its place on that body, m.
    """

    names: tuple[str, ...]
    rotational: BoolArray
    default: FloatArray
    low: FloatArray
    high: FloatArray
    clamped: BoolArray
    locked: BoolArray
    couplings: tuple[Coupling, ...]
    joints: tuple[Joint, ...]
    markers: tuple[str, ...]
    marker_joint: IntArray
    marker_place_m: FloatArray

    def __post_init__(self) -> None:
        for name in ("rotational", "default", "low", "high", "clamped", "locked"):
            require_shape(getattr(self, name), (len(self.names),), name)
        require_shape(self.marker_joint, (len(self.markers),), "marker_joint")
        require_shape(self.marker_place_m, (len(self.markers), 3), "marker_place_m")

    @property
    def free(self) -> tuple[int, ...]:
        """The coordinates that a solver may choose: neither locked nor following another."""
        following = {coupling.dependent for coupling in self.couplings}
        return tuple(index for index in range(len(self.names)) if not self.locked[index] and index not in following)
