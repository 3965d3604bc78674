"""OpenSim itself, on motions whose truth is known."""

from __future__ import annotations

import os
import resource
import signal
import time

import numpy as np
import pytest

from kineograph.errors import InputError
from kineograph.io import room
from kineograph.io.trc import MarkerTrajectories
from kineograph.model.coordinate_panels import MORE, PANELS
from kineograph.model.coordinates import Coordinates
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.trial_markers import TrialMarkers
from kineograph.opensim import inverse_kinematics, setup_files
from kineograph.opensim import model as models
from kineograph.opensim.child_process import in_child_process
from kineograph.plots.marker_errors import plot_marker_errors
from kineograph.stages.inverse_kinematics import judge
from kineograph.stages.scale import ScaleSettings, scale
from synthetic.opensim_motion import LEGS, PERSON, gait, markers_of

pytestmark = pytest.mark.needs_demo
SIMPLE = "Model_Pose2Sim_simple.osim"
TIME_S = np.arange(60) / 60
WITH_SETUP = ("halpe26", "blazepose", "body25b", "body25", "coco17")


@pytest.fixture(scope="module")
def person(opensim_setup, skeletons, tmp_path_factory):
    """A person's markers, and the model that scaling makes from them, by skeleton."""
    made = {}

    def make(name):
        if name not in made:
            setup = skeletons(name).opensim
            marker_set = opensim_setup / setup.markers
            names, position = markers_of(opensim_setup / SIMPLE, marker_set, gait(TIME_S), PERSON)
            model = models.load_model(opensim_setup / SIMPLE, marker_set)
            measurements = setup_files.read_measurements(opensim_setup / setup.scaling)
            result, report = scale(
                [TrialMarkers("T", names, position)],
                measurements,
                models.marker_positions(model),
                1.8,
                70.0,
                ScaleSettings(),
            )
            models.scale_model(model, result.factors, result.mass_kg, "P1")
            path = tmp_path_factory.mktemp(name) / "model.osim"
            models.write_model(model, path)
            made[name] = (names, position, path, result, report)
        return made[name]

    return make


@pytest.mark.parametrize("short", [20, 357, 150_000])
def test_a_model_for_which_there_is_no_room_is_an_error(opensim_setup, tmp_path, file_size_limit, short):
    """OpenSim itself does not notice where only the last kilobytes are missing."""
    model = models.load_model(opensim_setup / SIMPLE)
    path = tmp_path / "model.osim"
    models.write_model(model, path)
    size = path.stat().st_size
    path.unlink()
    with file_size_limit(size - short), pytest.raises(OSError, match="large") as caught:
        models.write_model(model, path)
    assert caught.value.filename == str(path)


@pytest.fixture
def solve(person, opensim_setup, skeletons):
    def run(name, position=None, time_s=TIME_S):
        names, true_position, path, *_ = person(name)
        tasks = setup_files.read_tasks(opensim_setup / skeletons(name).opensim.inverse_kinematics)
        markers = MarkerTrajectories(names, true_position if position is None else position, time_s, 60.0)
        return inverse_kinematics.solve(path, markers, tasks, 1e-5)

    return run


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_full_disk_is_not_the_trials_fault(solve, monkeypatch, file_size_limit, cut_off):
    """OpenSim's tables end where the disk did, be it in the middle of a number or of the trial: no verdict comes of that."""
    monkeypatch.setattr(room, "FULL_BYTES", 1 << 62)
    with file_size_limit(60_000 if cut_off else resource.RLIM_INFINITY), pytest.raises(OSError, match="No space left"):
        solve("halpe26")


def leg_errors_deg(solution):
    truth = gait(TIME_S)
    columns = [f"{angle}_{side}" for angle in LEGS for side in "rl"]
    found = np.stack(
        [solution.coordinates.values[:, solution.coordinates.names.index(name)] for name in columns], axis=1
    )
    return np.degrees(found - np.stack([truth[name] for name in columns], axis=1))


@pytest.mark.parametrize("name", WITH_SETUP)
def test_known_joint_angles_are_recovered_through_scaling_and_inverse_kinematics(name, solve, person):
    """Measured: mean rms of the leg angles 0.9-1.0 degrees (COCO17, which has no feet, 2.5); the bounds are a half more."""
    error = leg_errors_deg(solve(name))
    if name == "coco17":  # without feet nothing tells the ankle
        error = error[:, [not any(part in angle for part in ("ankle", "subtalar")) for angle in LEGS for _ in "rl"]]
    rms = np.sqrt((error**2).mean(axis=0))
    assert rms.mean() < (2.0 if name == "coco17" else 1.5)
    assert np.abs(error).max() < (8.0 if name == "coco17" else 6.0)


@pytest.mark.parametrize("name", ["halpe26", "blazepose"])
def test_scaling_finds_the_persons_segments(name, person):
    factors = person(name)[3].factors
    for body in ("pelvis", "femur_r", "tibia_l", "calcn_r"):
        assert factors[body][0] == pytest.approx(PERSON[body], rel=0.01)
    assert person(name)[4].verdict == "pass"


def test_the_scaled_model_has_the_mass_that_was_asked_for(person):
    model = models.load_model(person("halpe26")[2])
    assert model.getTotalMass(model.initSystem()) == pytest.approx(70.0, rel=1e-6)


def test_knees_and_elbows_bend_the_anatomical_way(solve):
    coordinates = solve("halpe26").coordinates
    for name in ("knee_angle_r", "knee_angle_l", "elbow_flex_r", "elbow_flex_l"):
        assert (np.degrees(coordinates.values[:, coordinates.names.index(name)]) > 0).all()


def test_the_same_markers_give_the_same_angles_to_the_last_bit(solve):
    assert np.array_equal(solve("halpe26").coordinates.values, solve("halpe26").coordinates.values)


def test_missing_markers_and_frames_are_missing_in_the_result_and_nothing_else(solve, person):
    names, position, *_ = person("halpe26")
    broken = position.copy()
    broken[10:20, names.index("RWrist")] = np.nan
    broken[30:33] = np.nan
    solution = solve("halpe26", broken)
    solved = np.isfinite(solution.coordinates.values).all(axis=1)
    assert np.flatnonzero(~solved).tolist() == [30, 31, 32]
    missing = np.isnan(solution.marker_error_m)
    wrist = solution.markers.index("RWrist")
    assert missing[10:20, wrist].all()
    assert missing[:10].sum() == 0
    assert np.abs(leg_errors_deg(solution)[solved]).max() < 6


def test_marker_errors_are_the_distances_from_the_model(solve, person):
    names, position, *_ = person("halpe26")
    moved = position.copy()
    moved[:, names.index("RElbow")] += [0, 0, 0.2]
    solution = solve("halpe26", moved)
    per_marker = np.sqrt((solution.marker_error_m**2).mean(axis=0))
    assert solution.markers[int(per_marker.argmax())] == "RElbow"


def test_a_trial_of_one_frame_is_solved(solve, person):
    position = person("halpe26")[1]
    assert np.isfinite(solve("halpe26", position[:1], TIME_S[:1]).coordinates.values).all()


def test_markers_that_the_model_does_not_have_are_an_error_and_no_crash(person, opensim_setup):
    names, position, path, *_ = person("halpe26")
    markers = MarkerTrajectories(tuple(f"x{name}" for name in names), position, TIME_S, 60.0)
    tasks = setup_files.Tasks({f"x{name}": 1.0 for name in names}, {})
    with pytest.raises(InputError, match="too few markers"):
        inverse_kinematics.solve(path, markers, tasks, 1e-5)


@pytest.mark.parametrize("content", [None, "", "hello", "<OpenSimDocument/>"])
def test_a_model_that_is_missing_or_no_model_is_an_error_and_no_crash(tmp_path, content):
    path = tmp_path / "model.osim"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"model\.osim"):
        models.load_model(path)


def test_set_up_files_that_are_none_are_errors(tmp_path):
    for content, reader in (
        ("<a/>", setup_files.read_measurements),
        ("<a/>", setup_files.read_tasks),
        ("<a", setup_files.read_tasks),
    ):
        (tmp_path / "x.xml").write_text(content)
        with pytest.raises(InputError, match=r"x\.xml"):
            reader(tmp_path / "x.xml")
    with pytest.raises(InputError, match="nowhere"):
        setup_files.read_tasks(tmp_path / "nowhere.xml")


@pytest.mark.parametrize("name", WITH_SETUP)
def test_every_skeletons_set_up_files_fit_it(name, skeletons, opensim_setup):
    skeleton = skeletons(name)
    known = {*skeleton.keypoints, *skeleton.virtual}
    tasks = setup_files.read_tasks(opensim_setup / skeleton.opensim.inverse_kinematics)
    assert set(tasks.markers) <= known
    model = models.load_model(opensim_setup / SIMPLE, opensim_setup / skeleton.opensim.markers)
    assert set(tasks.markers) <= set(models.marker_positions(model))
    pairs = {
        pair for item in setup_files.read_measurements(opensim_setup / skeleton.opensim.scaling) for pair in item.pairs
    }
    assert {name for pair in pairs for name in pair} <= known


def test_the_ranges_read_from_the_file_are_those_that_the_model_clamps(opensim_setup):
    path = opensim_setup / SIMPLE
    model = models.load_model(path)
    clamped = {
        item.name for item in models.coordinates(model) if model.getCoordinateSet().get(item.name).getDefaultClamped()
    }
    expected = {item.name: (item.low, item.high) for item in models.coordinates(model) if item.name in clamped}
    found = setup_files.read_coordinate_ranges(path)
    assert found.keys() == expected.keys()
    assert "knee_angle_r" in found and "arm_flex_r" not in found and "pelvis_tilt" not in found
    assert np.allclose(list(found.values()), list(expected.values()))


def test_ball_joints_are_found_in_the_file(opensim_setup):
    found = setup_files.read_ball_joints(opensim_setup / SIMPLE)
    assert ("pelvis_tilt", "pelvis_list", "pelvis_rotation") in found
    assert {middle for _, middle, _ in found} == {
        "pelvis_list", "hip_adduction_r", "hip_adduction_l", "L5_S1_Lat_Bending", "neck_bending", "arm_add_r", "arm_add_l",
    }  # fmt: skip


FORWARD, UP, RIGHT = np.eye(3)
SIGNS = {
    "pelvis_tilt": ("torso", (0, 0.3, 0), -FORWARD, "(facing X), back (+)"),
    "pelvis_list": ("torso", (0, 0.3, 0), RIGHT, "(facing X), right (+)"),
    "pelvis_rotation": ("torso", (0.2, 0, 0), -RIGHT, "left (+)"),
    "hip_flexion_r": ("tibia_r", (0, -0.3, 0), FORWARD, "flexion (+)"),
    "hip_adduction_r": ("tibia_r", (0, -0.3, 0), -RIGHT, "adduction (+)"),
    "hip_adduction_l": ("tibia_l", (0, -0.3, 0), RIGHT, "adduction (+)"),
    "hip_rotation_r": ("calcn_r", (0.2, 0, 0), -RIGHT, "inward (+)"),
    "hip_rotation_l": ("calcn_l", (0.2, 0, 0), RIGHT, "inward (+)"),
    "knee_angle_r": ("tibia_r", (0, -0.3, 0), -FORWARD, "Knee flexion (+)"),
    "ankle_angle_r": ("calcn_r", (0.2, 0, 0), UP, "dorsi- (+)"),
    "subtalar_angle_r": ("calcn_r", (0.1, -0.05, 0), -RIGHT, "inversion (+)"),
    "subtalar_angle_l": ("calcn_l", (0.1, -0.05, 0), RIGHT, "inversion (+)"),
    "L5_S1_Flex_Ext": ("torso", (0, 0.3, 0), -FORWARD, "Lumbar extension (+)"),
    "L5_S1_Lat_Bending": ("torso", (0, 0.3, 0), RIGHT, "right (+)"),
    "L5_S1_axial_rotation": ("torso", (0.2, 0, 0), -RIGHT, "left (+)"),
    "arm_flex_r": ("humerus_r", (0, -0.3, 0), FORWARD, "flexion (+)"),
    "arm_add_r": ("humerus_r", (0, -0.3, 0), -RIGHT, "adduction (+)"),
    "arm_add_l": ("humerus_l", (0, -0.3, 0), RIGHT, "adduction (+)"),
    "elbow_flex_r": ("radius_r", (0, -0.2, 0), FORWARD, "flexion (+)"),
    "arm_rot_r": ("humerus_r", (0.2, 0, 0), -RIGHT, "inward (+)"),
    "pro_sup_r": ("radius_r", (0.1, -0.2, 0), -RIGHT, "pronation (+)"),
    "wrist_flex_r": ("hand_r", (0, -0.1, 0), FORWARD, "flexion (+)"),
    "wrist_dev_r": ("hand_r", (0, -0.1, 0), -RIGHT, "ulnar (+)"),
    "mtp_angle_r": ("toes_r", (0.1, 0, 0), -UP, "flexion (+)"),
    "neck_flexion": ("head", (0, 0.2, 0), -FORWARD, "Neck extension (+)"),
    "neck_bending": ("head", (0, 0.2, 0), RIGHT, "right (+)"),
    "neck_rotation": ("head", (0.2, 0, 0), -RIGHT, "left (+)"),
}
"""Where a point of a body goes when a coordinate grows from 0, arms and palms as in the anatomical position; and its title."""


def test_titles_say_what_is_positive(opensim_setup):
    """OpenSim moves each coordinate of the model by 9 degrees."""
    import opensim

    model = models.load_model(opensim_setup / SIMPLE)
    state = model.initSystem()
    found = model.getCoordinateSet()
    names = [found.get(index).getName() for index in range(found.getSize())]
    titles = {name: title for title, wanted in (*PANELS, *MORE) for name in wanted}
    turning = set(names) - {f"pelvis_t{axis}" for axis in "xyz"}
    assert turning <= titles.keys()
    assert {name.removesuffix("_r").removesuffix("_l") for name in SIGNS} == {
        name.removesuffix("_r").removesuffix("_l") for name in turning
    }

    def place(body, station):
        model.realizePosition(state)
        at = model.getBodySet().get(body).findStationLocationInGround(state, opensim.Vec3(*map(float, station)))
        return np.array([at.get(axis) for axis in range(3)])

    for name in turning:
        found.get(name).setValue(state, 0.0, False)
    model.assemble(state)
    for name, (body, station, way, words) in SIGNS.items():
        before = place(body, station)
        found.get(name).setValue(state, 0.15)
        moved = place(body, station) - before
        found.get(name).setValue(state, 0.0)
        assert moved @ way > 0.8 * np.linalg.norm(moved) > 0, (name, moved)
        assert words in titles[name]
    found.get("pelvis_rotation").setValue(state, np.pi)  # who faces -X leans forward by the same tilt
    before = place("torso", (0, 0.3, 0))
    found.get("pelvis_tilt").setValue(state, 0.15)
    assert (place("torso", (0, 0.3, 0)) - before) @ FORWARD < -0.01


class TestJudge:
    def test_a_good_solution_passes(self, solve, person):
        solution = solve("halpe26")
        ranges = setup_files.read_coordinate_ranges(person("halpe26")[2])
        report = judge(solution.coordinates, ranges, solution.markers, solution.marker_error_m)
        assert report.came_out["marker_error_mm"]["mean"] < 15
        assert all(reason.verdict == "warn" for reason in report.reasons)
        assert "knee_angle_r" in report.came_out["range"]

    def test_a_marker_that_is_far_off_is_blamed(self, solve, person):
        names, position, *_ = person("halpe26")
        moved = position.copy()
        moved[:, names.index("LHip")] += 0.3
        solution = solve("halpe26", moved)
        ranges = setup_files.read_coordinate_ranges(person("halpe26")[2])
        report = judge(solution.coordinates, ranges, solution.markers, solution.marker_error_m)
        assert any("from the model" in reason.text for reason in report.reasons)

    def test_what_no_marker_tells_is_named_and_not_judged_by_its_limits(self):
        values = np.zeros((10, 2))
        shape = values.shape
        told = np.tile([True, False], (10, 1))
        coordinates = Coordinates(
            ("knee", "pro_sup"), values, np.ones(2, bool), np.arange(10) / 60, np.full(shape, 0.1), told
        )
        error = np.full((10, 3), 0.01)
        error[7, 1] = 0.03
        report = judge(coordinates, {"knee": (-1.0, 1.0), "pro_sup": (0.0, 2.0)}, ("A", "B", "C"), error)
        assert report.reasons == ()
        assert report.came_out["not_observed"] == {"pro_sup": 1.0}
        assert report.came_out["sd_median"]["knee"] == pytest.approx(np.degrees(0.1))
        assert report.came_out["largest_marker_error"] == {"marker": "B", "frame": 7, "mm": pytest.approx(30)}

    @pytest.mark.parametrize(
        ("degrees", "frames", "told"),
        [(-85.0, 6, True), (275.0, 6, True), (95.0, 6, True), (-85.0, 5, False), (-75.0, 60, False), (0.0, 60, False)],
    )
    def test_a_ball_joint_near_its_gimbal_lock_is_named(self, degrees, frames, told):
        names = ("arm_flex_r", "arm_add_r", "arm_rot_r", "knee")
        values = np.zeros((60, 4))
        values[3 : 3 + frames, 1] = np.radians(degrees)
        values[:, 3] = np.pi / 2  # no ball joint's
        coordinates = Coordinates(names, values, np.ones(4, bool), np.arange(60) / 60)
        balls = [names[:3], ("pelvis_tilt", "pelvis_list", "pelvis_rotation")]
        report = judge(coordinates, {}, ("A",), np.full((60, 1), 0.01), (), balls)
        assert [reason.blame for reason in report.reasons] == ["joint angle arm_add_r"] * told
        if told:
            assert "within 10 degrees of 90 in 6 of 60 frames, first in frame 3" in report.reasons[0].text
            assert "arm_flex_r and arm_rot_r" in report.reasons[0].text


@pytest.mark.parametrize("frames", [1, 90, 2500])
def test_marker_errors_are_drawn(frames, tmp_path):
    error = np.random.default_rng(1).random((frames, 4)) / 50
    error[:, 2] = np.nan
    plot_marker_errors(tmp_path / "x.svg", MarkerErrors(("A", "B", "C", "D"), error, np.arange(frames) / 60))
    assert (tmp_path / "x.svg").read_text().startswith("<?xml")


def test_no_marker_errors_are_said(tmp_path):
    plot_marker_errors(tmp_path / "x.svg", MarkerErrors((), np.zeros((0, 0)), np.zeros(0)))
    assert (tmp_path / "x.svg").stat().st_size < 30000


class TestChildProcess:
    def test_files_are_left_and_errors_told(self, tmp_path):
        in_child_process(lambda: (tmp_path / "x").write_text("done"), 10)
        assert (tmp_path / "x").read_text() == "done"

        def fail():
            raise RuntimeError("no such marker")

        with pytest.raises(RuntimeError, match="no such marker"):
            in_child_process(fail, 10)

    def test_a_crash_and_an_endless_loop_are_errors(self):
        with pytest.raises(RuntimeError, match="SIGKILL"):
            in_child_process(lambda: os.kill(os.getpid(), signal.SIGKILL), 10)
        with pytest.raises(RuntimeError, match=r"did not end within 0 s"):
            in_child_process(lambda: time.sleep(60), 0.2)
