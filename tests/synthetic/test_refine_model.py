"""Models of a known person refined with markers of known motions.

Chosen on gait and squat with seeds 0 to 3, 5 and 10 to 13; what is tested here are other motions and seeds.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import numpy as np
import pytest

from kineograph.cli.__main__ import main
from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.io.npz import write_npz
from kineograph.io.trc import WORLD_AXES_OF_TRC, write_trc
from kineograph.model.kinematic_tree import KinematicTree
from kineograph.model.points import Points3D
from kineograph.model.trial_markers import TrialMarkers
from kineograph.opensim import model as models
from kineograph.opensim.kinematic_tree import read_tree
from kineograph.opensim.setup_files import Measurement, read_measurements
from kineograph.stages.coordinate_tasks import task_spreads
from kineograph.stages.refine_model import factor_groups, refine
from kineograph.stages.refinement_frames import ObservedMarkers, choose_frames
from kineograph.stages.scale import ScaleSettings, scale
from synthetic.known_motion import (
    FPS_HZ,
    MARKER_SETS,
    SIMPLE,
    Person,
    Trial,
    by_opensim,
    by_trajectory,
    leg_rms_deg,
    person,
    trial,
)
from synthetic.opensim_motion import PERSON

pytestmark = pytest.mark.needs_demo
NOISE_M = 0.015
SCALING = {"halpe26": "Scaling_Setup_Pose2Sim_Halpe26.xml", "lstm": "Scaling_Setup_Pose2Sim_LSTM.xml"}


@dataclass(frozen=True)
class Setting:
    """A known person, and the generic model that is to be fitted to that person."""

    who: Person
    generic: KinematicTree
    measurements: tuple[Measurement, ...]
    places: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def settings(opensim_setup, tmp_path_factory):
    made = {}

    def make(marker_set):
        if marker_set not in made:
            folder = tmp_path_factory.mktemp(marker_set)
            model = models.load_model(opensim_setup / SIMPLE, opensim_setup / MARKER_SETS[marker_set][0])
            models.write_model(model, folder / "generic.osim")
            made[marker_set] = Setting(
                person(opensim_setup, marker_set, folder),
                read_tree(folder / "generic.osim"),
                read_measurements(opensim_setup / SCALING[marker_set]),
                models.marker_positions(model),
            )
        return made[marker_set]

    return make


def paired(setting, what):
    """Pair scaling's factors, and ratios of the pairs."""
    markers = [TrialMarkers("T", what.markers.names, what.markers.position_m)]
    return scale(markers, setting.measurements, setting.places, None, None, ScaleSettings())[0]


def refined(setting, what, scaling, offsets=False):
    position = what.markers.position_m
    observed = ObservedMarkers("T", what.markers.names, position, np.full(position.shape[:2], np.nan), FPS_HZ)
    frames = choose_frames([observed], what.markers.names)
    spreads = task_spreads(setting.who.tasks.coordinates, "weak", len(frames.names))
    groups = factor_groups(setting.measurements, scaling.factors, setting.places, True, scaling.ratio)
    return refine(setting.generic, frames, setting.who.tasks.markers, spreads, scaling.factors, groups, offsets=offsets)


def errors(setting, factors):
    """By how much each body's factor is wrong."""
    bodies = [joint.body for joint in setting.generic.joints if joint.body in factors and joint.body in PERSON]
    return {body: float(np.abs(factors[body] / PERSON[body] - 1).max()) for body in bodies}


def test_exact_markers_give_the_true_factors(settings):
    """Measured: 0.1 % at the most, 10 % by pair scaling."""
    setting = settings("halpe26")
    what = trial(setting.who, "jump", seed=301, frames=70)
    scaling = paired(setting, what)
    assert max(errors(setting, scaling.factors).values()) > 0.05
    found = refined(setting, what, scaling)
    assert found.check.passed
    assert max(errors(setting, found.factors).values()) < 0.01


def test_noise_leaves_better_factors_and_leg_angles_than_pair_scaling(settings, opensim_setup, tmp_path):
    """Measured: factors are wrong by 1.2 % on average and 2.3 at most, 1.4 and 8.9 by pair scaling.

    Leg angles are wrong by 4.6 degrees with `trajectory` and 9.0 with `opensim`, 5.7 and 9.3 by pair scaling.
    """
    setting = settings("halpe26")
    what = trial(setting.who, "reaching", seed=302, frames=240, noise_m=NOISE_M)
    scaling = paired(setting, what)
    found = refined(setting, what, scaling)
    assert found.check.passed
    short = Trial(
        dataclasses.replace(what.markers, position_m=what.markers.position_m[:60], time_s=what.markers.time_s[:60]),
        what.truth[:60],
    )
    wrong, legs = [], []
    for number, each in enumerate((scaling.factors, found.factors)):
        model = models.load_model(opensim_setup / SIMPLE, opensim_setup / MARKER_SETS["halpe26"][0])
        models.scale_model(model, each, 70.0, "P1")
        models.write_model(model, tmp_path / f"{number}.osim")
        who = Person(tmp_path / f"{number}.osim", read_tree(tmp_path / f"{number}.osim"), setting.who.tasks)
        solutions = (by_trajectory(who, short)[0], by_opensim(who, short, "weak")[0])
        legs.append([leg_rms_deg(who, short, solution) for solution in solutions])
        wrong.append(list(errors(setting, each).values()))
    print("factors", np.mean(wrong, axis=1), np.max(wrong, axis=1), "legs, deg", legs)
    assert np.mean(wrong[1]) < np.mean(wrong[0])
    assert np.max(wrong[1]) < 0.5 * np.max(wrong[0])
    assert legs[1][0] < 0.95 * legs[0][0]
    assert legs[1][1] < 1.01 * legs[0][1]


def test_a_shifted_marker_is_found_and_its_standard_deviation_is_honest(settings):
    """Measured: 5 and 6 mm of 20 are missed, errors are 0.99 standard deviations."""
    setting = settings("lstm")
    exact = trial(setting.who, "turning", seed=303, frames=70)
    noisy = trial(setting.who, "turning", seed=303, frames=70, noise_m=NOISE_M)
    model = MarkerModel(setting.who.tree, noisy.markers.names)
    turned = model.bodies(noisy.truth[:, model.free])
    truth = {"r_thigh1_study": np.array([0.02, 0.0, 0.0]), "L_ankle_study": np.array([0.0, 0.012, -0.016])}
    position = noisy.markers.position_m.copy()
    for name, shift in truth.items():
        position[:, model.markers.index(name)] += turned[:, model.markers.index(name)] @ shift
    what = Trial(dataclasses.replace(noisy.markers, position_m=position), noisy.truth)
    found = refined(setting, what, paired(setting, exact), offsets=True)
    assert found.check.passed
    off = {name: found.offset_m[name] - truth.get(name, 0.0) for name in found.offset_m}
    for name, shift in truth.items():
        print(name, found.offset_m[name], found.offset_sd_m[name])
        assert (np.abs(off[name]) < 2 * found.offset_sd_m[name]).all()
        assert np.linalg.norm(off[name]) < 0.5 * np.linalg.norm(shift)
    ratio = np.concatenate([off[name] / found.offset_sd_m[name] for name in off])
    print("errors in standard deviations", np.sqrt(np.mean(ratio**2)))
    assert np.sqrt(np.mean(ratio**2)) < 1.5


def written(setting, what, folder):
    """The files of a trial, as the stages before leave them."""
    trc = folder / "T" / "markers" / "P1.trc"
    trc.parent.mkdir(parents=True)
    write_trc(trc, what.markers)
    frames, count = what.markers.position_m.shape[:2]
    world = what.markers.position_m[:, None][..., np.argsort(WORLD_AXES_OF_TRC)]
    points = Points3D(
        ("P1",), what.markers.names, ("cam01",), "halpe26", world,
        np.tile(1e-5 * np.eye(3), (frames, 1, count, 1, 1)), np.ones((frames, 1, count)),
        np.ones((frames, 1, count, 1), bool), np.ones((frames, 1, count), np.uint8), what.markers.time_s, FPS_HZ,
    )  # fmt: skip
    write_npz(folder / "points3d.npz", points)
    return ["--markers", str(trc), "--points", str(folder / "points3d.npz"), "--participant", "P1"]


def scaled_by_the_verb(files, setup, folder, **settings):
    more = [
        "--setup",
        str(setup),
        "--settings",
        json.dumps({"refine": "scales", "posture": "default", **settings}),
        "--code",
        "x",
    ]
    out = ["--out", str(folder / "model.osim"), "--report", str(folder / "scaling.json")]
    assert main(["scale", *files, *more, *out]) == 0
    return json.loads((folder / "scaling.json").read_text())


class TestVerb:
    def test_it_reports_what_it_used_and_writes_what_it_reports(self, settings, opensim_setup, tmp_path):
        setting = settings("halpe26")
        what = trial(setting.who, "turning", seed=304, frames=96)
        report = scaled_by_the_verb(written(setting, what, tmp_path), opensim_setup, tmp_path)
        record = report["came_out"]["refinement"]
        assert record["taken"]
        assert record["marker_error_held_out_mm"]["after"] < 1 < record["marker_error_held_out_mm"]["before"]
        used, held_out = (record[key]["T"] for key in ("frames_used", "frames_held_out"))
        assert not set(used) & set(held_out) and len(used) in (2 * len(held_out) + extra for extra in range(3))
        arm = record["factors"]["arm"]
        assert abs(arm["after"] - PERSON["humerus_r"]) < 0.01 < abs(arm["before"] - PERSON["humerus_r"])
        assert report["came_out"]["factors"]["arm"]["humerus_r"] == [arm["after"]] * 3
        tree, generic = read_tree(tmp_path / "model.osim"), setting.generic
        elbow = tree.markers.index("RElbow")
        assert np.allclose(tree.marker_place_m[elbow], arm["after"] * generic.marker_place_m[elbow])

    def test_it_steps_aside_for_models_that_it_can_not_follow(self, settings, opensim_setup, tmp_path):
        opensim = models.import_opensim()
        model = opensim.Model(str(opensim_setup / SIMPLE))
        bodies = model.getBodySet()
        ends = (bodies.get("hand_r"), opensim.Vec3(0), bodies.get("hand_l"), opensim.Vec3(0), 0.3)
        rod = opensim.ConstantDistanceConstraint(*ends)
        rod.setName("rod")
        model.addConstraint(rod)
        model.finalizeConnections()
        models.write_model(model, tmp_path / "rod.osim")
        what = trial(settings("halpe26").who, "turning", seed=304, frames=20)
        files = written(settings("halpe26"), what, tmp_path)
        report = scaled_by_the_verb(files, opensim_setup, tmp_path, model=str(tmp_path / "rod.osim"))
        assert not report["came_out"]["refinement"]["taken"]
        assert any("constraint rod, a ConstantDistanceConstraint" in reason["text"] for reason in report["reasons"])

    def test_few_frames_are_not_enough(self, settings, opensim_setup, tmp_path):
        what = trial(settings("halpe26").who, "turning", seed=304, frames=20)
        report = scaled_by_the_verb(written(settings("halpe26"), what, tmp_path), opensim_setup, tmp_path)
        assert not report["came_out"]["refinement"]["taken"]
        assert any("7 frames show all" in reason["text"] for reason in report["reasons"])
