"""Forward kinematics against OpenSim's own, and what the tree can't hold."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.errors import InputError
from kineograph.geometry.curves import evaluate, through
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.opensim import model as models
from kineograph.opensim.kinematic_tree import read_tree

POSES = 5
EQUAL_M = 1e-9
"""Measured: 2e-15 m."""


def opensim_places(path, tree, markers, values):
    """Where OpenSim puts the markers at coordinates (F, Q), (F, M, 3)."""
    model = models.load_model(path)
    state = model.initSystem()
    known = model.getCoordinateSet()
    places = np.empty((len(values), len(markers), 3))
    for frame, row in enumerate(values):
        for name, value in zip(tree.names, row, strict=True):
            coordinate = known.get(name)
            coordinate.setLocked(state, False)
            coordinate.setValue(state, float(value), False)
        model.realizePosition(state)
        for index, name in enumerate(markers):
            place = model.getMarkerSet().get(name).getLocationInGround(state)
            places[frame, index] = [place.get(axis) for axis in range(3)]
    return places


def random_poses(model, seed=0):
    tree = model.tree
    low, high = np.maximum(tree.low[model.free], -3), np.minimum(tree.high[model.free], 3)
    return np.random.default_rng(seed).uniform(low, high, (POSES, len(model.free)))


def check(path):
    tree = read_tree(path)
    model = MarkerModel(tree, tree.markers)
    x = random_poses(model)
    places, jacobian = model.linearised(x)
    assert np.array_equal(places, model.places(x))
    assert np.abs(places - opensim_places(path, tree, model.markers, model.values(x))).max() < EQUAL_M
    step = 1e-6
    for column, unit in enumerate(np.eye(x.shape[1]) * step):
        numeric = (model.places(x + unit) - model.places(x - unit)) / (2 * step)
        assert np.abs(jacobian[:, column] - numeric).max() < 1e-7, tree.names[model.free[column]]


@pytest.mark.needs_demo
@pytest.mark.parametrize(
    "markers", ["Halpe26", "BlazePose", "LSTM", "Body25b", "Body25", "Coco17", "Coco133", "Halpe68_136"]
)
def test_the_simple_model_is_opensims(markers, opensim_setup, tmp_path):
    model = models.load_model(opensim_setup / "Model_Pose2Sim_simple.osim", opensim_setup / f"Markers_{markers}.xml")
    models.write_model(model, tmp_path / "model.osim")
    check(tmp_path / "model.osim")


@pytest.mark.needs_demo
def test_the_muscle_model_with_its_coupled_coordinates_is_opensims(opensim_setup, tmp_path):
    path = opensim_setup / "Model_Pose2Sim_muscles_flex.osim"
    models.write_model(models.load_model(path, opensim_setup / "Markers_Halpe26.xml"), tmp_path / "model.osim")
    tree = read_tree(tmp_path / "model.osim")
    assert len(tree.couplings) == 20
    assert not {coupling.dependent for coupling in tree.couplings} & set(tree.free)
    check(tmp_path / "model.osim")


def chain_of(opensim, tmp_path, *joints):
    """A model whose bodies hang on each other by these joints, with two markers on each."""
    model = opensim.Model()
    parent = model.getGround()
    for number, (kind, *more) in enumerate(joints):
        body = opensim.Body(f"b{number}", 1.0, opensim.Vec3(0), opensim.Inertia(1))
        model.addBody(body)
        place = (
            opensim.Vec3(0.1, -0.2, 0.3),
            opensim.Vec3(0.2, 0.5, -0.4),
            body,
            opensim.Vec3(-0.1, 0.2, 0),
            opensim.Vec3(0.3),
        )
        model.addJoint(kind(f"j{number}", parent, *place, *more))
        for offset in (0.1, -0.2):
            model.addMarker(opensim.Marker(f"m{number}_{offset}", body, opensim.Vec3(offset, 0.2, -0.1)))
        parent = body
    model.finalizeConnections()
    path = tmp_path / "chain.osim"
    models.write_model(model, path)
    return path


def vector(opensim, *values):
    made = opensim.Vector(len(values), 0.0)
    for index, value in enumerate(values):
        made.set(index, value)
    return made


def transform_of(opensim, functions, axes):
    """A custom joint's transform of a coordinate `q`, by a function an axis; `axes` are the directions of tilted ones."""
    transform = opensim.SpatialTransform()
    for number, function in enumerate(functions):
        axis = transform.updTransformAxis(number)
        names = opensim.ArrayStr()
        if function.getConcreteClassName() != "Constant":
            names.append("q")
        axis.setCoordinateNames(names)
        if number in axes:
            axis.setAxis(opensim.Vec3(*axes[number]))
        axis.set_function(function)
    return transform


def test_every_kind_of_joint_is_opensims(tmp_path):
    opensim = models.import_opensim()
    kinds = (
        "FreeJoint",
        "WeldJoint",
        "PinJoint",
        "BallJoint",
        "UniversalJoint",
        "SliderJoint",
        "PlanarJoint",
        "GimbalJoint",
    )
    check(chain_of(opensim, tmp_path, *((getattr(opensim, kind),) for kind in kinds)))


def test_functions_of_custom_joints_are_opensims(tmp_path):
    opensim = models.import_opensim()
    coefficients = vector(opensim, 0.3, -0.2, 0.1)
    spline = opensim.SimmSpline()
    for x, y in ((-1.5, 0.3), (-0.2, -0.1), (0.4, 0.5), (1.1, 0.2)):
        spline.addPoint(x, y)
    inner = opensim.SimmSpline(spline)
    inner.thisown = False  # the multiplier takes it over
    functions = [
        opensim.LinearFunction(1.5, 0.2), opensim.PolynomialFunction(coefficients), opensim.Constant(0.3), spline,
        opensim.MultiplierFunction(inner, 0.7), opensim.Constant(0.0),
    ]  # fmt: skip
    transform = transform_of(opensim, functions, {1: (0.6, 0.0, 0.8)})
    check(chain_of(opensim, tmp_path, (opensim.CustomJoint, transform), (opensim.PinJoint,)))


def test_what_the_tree_does_not_know_is_an_error_that_names_it(tmp_path):
    opensim = models.import_opensim()
    path = chain_of(opensim, tmp_path, (opensim.FreeJoint,), (opensim.EllipsoidJoint, opensim.Vec3(0.1)))
    with pytest.raises(InputError, match="j1, a EllipsoidJoint") as error:
        read_tree(path)
    assert "opensim" in error.value.hint
    model = opensim.Model(str(chain_of(opensim, tmp_path, (opensim.FreeJoint,), (opensim.PinJoint,))))
    bodies = model.getBodySet()
    rod = opensim.ConstantDistanceConstraint(bodies.get(0), opensim.Vec3(0), bodies.get(1), opensim.Vec3(0.1), 0.3)
    rod.setName("rod")
    model.addConstraint(rod)
    model.finalizeConnections()
    models.write_model(model, tmp_path / "rod.osim")
    with pytest.raises(InputError, match="rod, a ConstantDistanceConstraint"):
        read_tree(tmp_path / "rod.osim")


def test_splines_are_straight_beyond_their_ends():
    curve = through(np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 0.0]), np.array([0.5, 0.0, -1.0]))
    value, slope = evaluate(curve, np.array([-2.0, 0.0, 1.0, 3.0, 4.0]))
    assert np.allclose(value, [0.0, 1.0, 2.0, 0.0, -1.0])
    assert np.allclose(slope, [0.5, 0.5, 0.0, -1.0, -1.0])
