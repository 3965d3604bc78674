"""A model's joints, coordinates and markers, read through OpenSim's API into plain arrays.

Conventions of OpenSim 4 (Sherman, Seth & Delp 2011, doi:10.1016/j.piutam.2011.04.023): a joint's turns follow each other about
axes fixed in the child, its shifts are along axes of the parent's frame.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.geometry.curves import scaled, straight, through
from kineograph.model.kinematic_tree import Coupling, Curve, Joint, KinematicTree, Motion
from kineograph.model.shapes import FloatArray
from kineograph.opensim.model import import_opensim, load_model

X, Y, Z = np.eye(3)
JOINTS: dict[str, tuple[tuple[bool, FloatArray], ...]] = {
    "WeldJoint": (),
    "PinJoint": ((True, Z),),
    "SliderJoint": ((False, X),),
    "UniversalJoint": ((True, X), (True, Y)),
    "BallJoint": ((True, X), (True, Y), (True, Z)),
    "GimbalJoint": ((True, X), (True, Y), (True, Z)),
    "PlanarJoint": ((True, Z), (False, X), (False, Y)),
    "FreeJoint": ((True, X), (True, Y), (True, Z), (False, X), (False, Y), (False, Z)),
}
"""Turn or shift, and its axis, of each coordinate of the joints that are always the same."""
IDENTITY = straight(1.0)


def read_tree(path: Path) -> KinematicTree:
    """Read a model file.

    Raises
    ------
    InputError
        Where the file can't be read, or the model has a joint, function or constraint that is not known here.
    """
    model = load_model(path)
    opensim = import_opensim()
    coordinates = _listed(model.getCoordinateSet())
    index = {item.getName(): number for number, item in enumerate(coordinates)}
    for item in coordinates:
        if item.get_prescribed():
            raise _unsupported(path, f"the coordinate {item.getName()}, whose motion is prescribed")
    joints = _joints(opensim, path, model, index)
    at = {joint.body: number for number, joint in enumerate(joints)} | {"ground": -1}
    markers = _listed(model.getMarkerSet())
    places = [_on_body(item) for item in markers]
    return KinematicTree(
        tuple(index),
        np.array([item.getMotionType() == opensim.Coordinate.Rotational for item in coordinates], bool),
        np.array([item.getDefaultValue() for item in coordinates], float),
        np.array([item.getRangeMin() for item in coordinates], float),
        np.array([item.getRangeMax() for item in coordinates], float),
        np.array([item.getDefaultClamped() for item in coordinates], bool),
        np.array([item.getDefaultLocked() for item in coordinates], bool),
        _couplings(opensim, path, model, index),
        joints,
        tuple(item.getName() for item in markers),
        np.array([at[body] for body, _ in places], int),
        np.array([place for _, place in places], float).reshape(-1, 3),
    )


def _joints(opensim: Any, path: Path, model: Any, index: dict[str, int]) -> tuple[Joint, ...]:
    """The joints, parents before children."""
    waiting = _listed(model.getJointSet())
    at, found = {"ground": -1}, list[Joint]()
    while waiting:
        ready = [item for item in waiting if item.getParentFrame().findBaseFrame().getName() in at]
        if not ready:
            raise _unsupported(path, f"the joint {waiting[0].getName()}, which closes a loop or hangs on nothing")
        for item in ready:
            parent = item.getParentFrame().findBaseFrame().getName()
            body = item.getChildFrame().findBaseFrame().getName()
            if body in at:
                raise _unsupported(path, f"the joint {item.getName()}, which is a second one of the body {body}")
            motions = _motions(opensim, path, item, index)
            place = (*_transform(item.getParentFrame()), *_transform(item.getChildFrame()))
            found.append(Joint(item.getName(), body, at[parent], *place, motions))
            at[body] = len(found) - 1
        done = {item.getName() for item in ready}
        waiting = [item for item in waiting if item.getName() not in done]
    return tuple(found)


def _motions(opensim: Any, path: Path, joint: Any, index: dict[str, int]) -> tuple[Motion, ...]:
    kind = joint.getConcreteClassName()
    if kind in JOINTS:
        names = [joint.get_coordinates(number).getName() for number in range(joint.numCoordinates())]
        pairs = zip(JOINTS[kind], names, strict=True)
        return tuple(Motion(turn, axis, index[name], IDENTITY) for (turn, axis), name in pairs)
    if kind != "CustomJoint":
        raise _unsupported(path, f"the joint {joint.getName()}, a {kind}")
    transform = opensim.CustomJoint.safeDownCast(joint).getSpatialTransform()
    motions = []
    for number in range(6):
        part = transform.getTransformAxis(number)
        if not part.hasFunction():
            continue
        where = f"the joint {joint.getName()}"
        names = [part.getCoordinateNames().getValue(n) for n in range(part.getCoordinateNames().size())]
        if len(names) > 1:
            raise _unsupported(path, f"{where}, of which one motion depends on {' and '.join(names)}")
        curve = _curve(opensim, path, part.getFunction(), where)
        coordinate = index[names[0]] if names and not curve.constant else -1
        motions.append(Motion(number < 3, _vector(part.getAxis()), coordinate, curve))
    return tuple(motions)


def _couplings(opensim: Any, path: Path, model: Any, index: dict[str, int]) -> tuple[Coupling, ...]:
    found = []
    for item in _listed(model.getConstraintSet()):
        if not item.get_isEnforced():
            continue
        where = f"the constraint {item.getName()}"
        if item.getConcreteClassName() != "CoordinateCouplerConstraint":
            raise _unsupported(path, f"{where}, a {item.getConcreteClassName()}")
        coupler = opensim.CoordinateCouplerConstraint.safeDownCast(item)
        names = coupler.getIndependentCoordinateNames()
        if names.getSize() != 1:
            raise _unsupported(path, f"{where}, which depends on {names.getSize()} coordinates")
        dependent, independent = index[coupler.getDependentCoordinateName()], index[names.get(0)]
        found.append(Coupling(dependent, independent, _curve(opensim, path, coupler.getFunction(), where)))
    if {coupling.dependent for coupling in found} & {coupling.independent for coupling in found}:
        raise _unsupported(path, "a chain of coordinates that follow each other")
    return tuple(found)


def _curve(opensim: Any, path: Path, function: Any, where: str) -> Curve:
    """A function of OpenSim as a piecewise polynomial."""
    kind = function.getConcreteClassName()
    if kind == "Constant":
        return straight(0.0, _value(opensim, function, 0.0))
    if kind == "LinearFunction":
        offset = _value(opensim, function, 0.0)
        return straight(_value(opensim, function, 1.0) - offset, offset)
    if kind == "PolynomialFunction":
        highest_first = opensim.PolynomialFunction.safeDownCast(function).getCoefficients()
        powers = [highest_first.get(number) for number in range(highest_first.size())][::-1]
        return Curve(np.zeros(0), np.zeros(1), np.array([powers if len(powers) > 1 else [*powers, 0.0]], float))
    if kind == "MultiplierFunction":
        outer = opensim.MultiplierFunction.safeDownCast(function)
        return scaled(_curve(opensim, path, outer.getFunction(), where), outer.getScale())
    if kind in ("SimmSpline", "NaturalCubicSpline"):  # one class under its new and its old name
        spline = opensim.SimmSpline.safeDownCast(function)
        knots = np.array([spline.getX(number) for number in range(spline.getSize())])
        value = np.array([_value(opensim, function, x) for x in knots])
        slope = np.array([_slope(opensim, function, x) for x in knots])
        return through(knots, value, slope)
    raise _unsupported(path, f"{where}, which uses a {kind}")


def _value(opensim: Any, function: Any, x: float) -> float:
    return float(function.calcValue(opensim.Vector(1, float(x))))


def _slope(opensim: Any, function: Any, x: float) -> float:
    first = opensim.StdVectorInt()
    first.append(0)
    return float(function.calcDerivative(first, opensim.Vector(1, float(x))))


def _on_body(marker: Any) -> tuple[str, FloatArray]:
    """The body that carries a marker, and where on it, m."""
    frame = marker.getParentFrame()
    rotation, translation = _transform(frame)
    return frame.findBaseFrame().getName(), rotation @ _vector(marker.get_location()) + translation


def _transform(frame: Any) -> tuple[FloatArray, FloatArray]:
    """A frame's rotation (3, 3) and origin (3,) in its body."""
    transform = frame.findTransformInBaseFrame()
    turned = transform.R()
    return np.array([[turned.get(row, column) for column in range(3)] for row in range(3)]), _vector(transform.p())


def _vector(vector: Any) -> FloatArray:
    return np.array([vector.get(axis) for axis in range(3)], float)


def _listed(found: Any) -> list[Any]:
    return [found.get(number) for number in range(found.getSize())]


def _unsupported(path: Path, what: str) -> InputError:
    return InputError(
        f"the trajectory solver can't follow {what}, in the model {path}",
        expected=f"a tree of {', '.join(JOINTS)} or CustomJoint of one coordinate a motion, and CoordinateCouplerConstraint",
        found=what,
        hint="set 'kinematics: {solver: opensim}', which knows every model",
    )
