"""Scaled trees, moved markers and derivatives by scale, against OpenSim's own scaling and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.scaled_tree import scaled_tree
from kineograph.geometry.shape_fit import Shapes
from kineograph.opensim import model as models
from kineograph.opensim.kinematic_tree import read_tree
from unit.test_kinematic_tree import chain_of, opensim_places, random_poses, transform_of, vector

STEP = 1e-6


def check(path, tmp_path, every=1):
    """A tree that is scaled here is the model that OpenSim scales, and moves as its derivatives say (each `every`th of them)."""
    tree = read_tree(path)
    rng = np.random.default_rng(3)
    factors = rng.uniform(0.7, 1.4, (len(tree.joints), 3))
    shifts = rng.uniform(-0.03, 0.03, (len(tree.markers), 3))
    model = models.load_model(path)
    models.scale_model(model, {joint.body: factors[at] for at, joint in enumerate(tree.joints)}, 70.0, "scaled")
    models.move_markers(model, dict(zip(tree.markers, shifts, strict=True)))
    models.write_model(model, tmp_path / "scaled.osim")
    own = MarkerModel(scaled_tree(tree, factors, shifts), tree.markers)
    x = random_poses(own)
    places = opensim_places(tmp_path / "scaled.osim", tree, own.markers, own.values(x))
    assert np.abs(own.places(x) - places).max() < 1e-9  # measured: 4e-15 m
    tied = np.eye(factors.size).reshape(-1, *factors.shape)
    tied = np.concatenate([tied, rng.integers(0, 2, (3, *factors.shape)).astype(float)])
    shapes = Shapes(tree, own.markers, factors, tied, np.ones(len(tied) + 3 * len(own.markers)))
    shape = np.append(np.zeros(len(tied)), shifts[[tree.markers.index(name) for name in own.markers]])
    slopes = shapes.derivatives(shapes.model(shape), x, shape)
    for unknown in range(0, len(shape), every):
        ends = [shape.copy(), shape.copy()]
        ends[0][unknown] -= STEP
        ends[1][unknown] += STEP
        before, after = (shapes.model(end).places(x) for end in ends)
        assert np.abs((after - before) / (2 * STEP) - slopes[:, unknown]).max() < 1e-7, unknown  # measured: 2e-9 m


@pytest.mark.needs_demo
def test_the_simple_model(opensim_setup, tmp_path):
    """The muscle model, with its coupled coordinates, was checked by hand to the same figures: loading it takes 6 s."""
    source = opensim_setup / "Model_Pose2Sim_simple.osim"
    models.write_model(models.load_model(source, opensim_setup / "Markers_Halpe26.xml"), tmp_path / "model.osim")
    check(tmp_path / "model.osim", tmp_path, every=4)


def test_prescribed_shifts_of_custom_joints(tmp_path):
    opensim = models.import_opensim()
    coefficients = vector(opensim, 0.3, -0.2, 0.1)
    functions = [
        opensim.LinearFunction(1.5, 0.2), opensim.PolynomialFunction(coefficients), opensim.Constant(0.3),
        opensim.LinearFunction(1.0, 0.0), opensim.PolynomialFunction(coefficients), opensim.Constant(0.4),
    ]  # fmt: skip
    transform = transform_of(opensim, functions, dict.fromkeys((1, 4), (-0.6, 0.0, 0.8)))
    joints = ((opensim.PinJoint,), (opensim.CustomJoint, transform), (opensim.SliderJoint,))
    check(chain_of(opensim, tmp_path, *joints), tmp_path)
