"""Sweeps: what may be varied, what variants share, and how they are compared."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kineograph.cli.__main__ import main
from kineograph.dataset.names import LONGEST_NAME, SAFE_NAME, SESSION_NAME
from kineograph.dataset.records import CalibrationSource, CameraSource, Dataset, Trial
from kineograph.errors import ConfigError, Mistakes
from kineograph.io.npz import write_npz
from kineograph.io.reports import write_report
from kineograph.layout import PATHS, Layout
from kineograph.model.coordinates import Coordinates
from kineograph.model.points import Points3D
from kineograph.model.report import StageReport
from kineograph.planning.named import note_unknown_cameras
from kineograph.planning.variants import FOLLOWS, MAKES, Variants
from kineograph.settings.configuration import Configuration
from kineograph.settings.variants import Variant, varied_session
from kineograph.stages.associate import AssociateSettings, associate
from kineograph.stages.observe import observe
from kineograph.stages.sweep import changes, jackknife_sd, on_times_of, shown_coordinates
from kineograph.stages.synchronize import SynchronizeSettings, synchronize
from kineograph.stages.triangulate import TriangulateSettings, triangulate
from synthetic.scene import Faults, film, ring, walker

CAMERAS = ("cam1", "cam2", "cam10")


@pytest.fixture(scope="module")
def configuration(repository):
    schema = repository / "workflow" / "schemas" / "config.schema.yaml"
    return lambda **config: Configuration({"dataset": "data", **config}, schema, "config.yaml")


def dataset(cameras=CAMERAS):
    source = tuple(CameraSource(name, "video", Path(f"{name}.mp4")) for name in cameras)
    return Dataset(
        tuple(
            Trial(session, trial, ("P1",), source, CalibrationSource("session", Path("calibration")))
            for session in ("S1", "S2")
            for trial in ("T1", "T2")
        )
    )


def variants(config, data=None):
    with Mistakes() as mistakes:
        return Variants(config, data or dataset(), mistakes)


# ---- the configuration


@pytest.mark.parametrize(
    ("config", "what"),
    [
        (
            {"sweep": {"filtering.cutof_hz": [4]}},
            r"unknown key 'filtering.cutof_hz'.*did you mean 'filtering.cutoff_hz'",
        ),
        ({"sweep": {"filtring.cutoff_hz": [4]}}, r"did you mean 'filtering.cutoff_hz'"),
        ({"sweep": {"leave_one_camera": True}}, r"did you mean 'leave_one_camera_out'|sweep.leave_one_camera"),
        ({"sweep": {"filtering.cutoff_hz": [4, -1]}}, r"sweep.filtering.cutoff_hz.*> 0"),
        ({"sweep": {"filtering.cutoff_hz": 4}}, r"sweep.filtering.cutoff_hz.*list"),
        ({"sweep": {"triangulation.method": ["dlt", "rubust"]}}, r"did you mean 'robust'"),
        ({"sweep": {"filtering.cutoff_hz": [4]}, "filtering": {"method": "smoother"}}, "does not apply"),
    ],
)
def test_what_can_not_be_varied_is_said_with_the_nearest_name(configuration, config, what):
    with pytest.raises(ConfigError) as caught:
        configuration(**config)
    assert re.search(what, "\n".join(caught.value.lines()), re.S)


def test_numbers_are_the_same_in_any_spelling(configuration):
    config = configuration(sweep={"filtering.cutoff_hz": [4, 4.0, "4", 6.5]})
    assert [variant.name for variant in config.variants()] == ["filtering.cutoff_hz=4", "filtering.cutoff_hz=6.5"]


@pytest.mark.parametrize(
    "value", [4.0, 0.1 + 0.2, "robust", ["cam02", "cam 3"], {"P1": [0, 1.5]}, None, True, "x" * 300, "å/.."]
)
def test_a_variants_session_can_name_a_folder_and_no_sheet_can_have_its_name(value):
    name = varied_session("S" * LONGEST_NAME, Variant("association", "some_key", value))
    assert re.fullmatch(SESSION_NAME, name)
    assert not re.fullmatch(SAFE_NAME, name)
    assert len(name) < 255


def test_values_that_a_folder_can_not_tell_apart_have_folders_of_their_own():
    assert Variant("a", "b", "x y").name != Variant("a", "b", "x/y").name


# ---- which sessions there are, and what they share


def test_the_configurations_own_value_is_no_variant(configuration):
    config = configuration(sweep={"filtering.cutoff_hz": [4, 6]})
    found = variants(config)
    holders = [session for _, session in found.of_session["S1"]]
    assert holders == ["S1~filtering.cutoff_hz=4", "S1"]
    assert {trial.session for trial in found.dataset.varied} == {"S1~filtering.cutoff_hz=4", "S2~filtering.cutoff_hz=4"}
    assert found.dataset.trials == dataset().trials
    assert found.dataset.trial("S1~filtering.cutoff_hz=4", "T1").cameras == dataset().trials[0].cameras


def test_a_variant_goes_over_overrides_and_all_else_stays(configuration):
    config = configuration(
        sweep={"filtering.cutoff_hz": [6]},
        overrides=[
            {
                "match": {"session": "S1", "trial": "T2"},
                "set": {"filtering": {"cutoff_hz": 9, "reject_outliers": False}},
            }
        ],
    )
    found = variants(config)
    session = "S1~filtering.cutoff_hz=6"
    assert [name for _, name in found.of_session["S1"]] == [session]
    assert [name for _, name in found.of_session["S2"]] == ["S2"]
    settings = config.section("filtering", session=session, trial="T2")
    assert (settings["cutoff_hz"], settings["reject_outliers"]) == (6, False)
    assert config.section("pose", session=session) == config.section("pose", session="S1")


@pytest.mark.parametrize(
    ("key", "value", "own", "shared"),
    [
        ("pose.detect_every_frames", 7, ("keypoints", "synchronization", "coordinates"), ("calibration", "inputs")),
        ("calibration.unit", "m", ("calibration", "inputs", "tracks", "model"), ("keypoints", "lens")),
        ("triangulation.max_error_px", 20, ("points3d", "quality"), ("tracks", "refined_calibration")),
        (
            "filtering.cutoff_hz",
            9,
            ("filtered", "quality", "trc", "model", "motion"),
            ("points3d", "triangulation_report"),
        ),
        ("scaling.trimmed", 0.2, ("model", "motion"), ("trc", "quality", "filtered")),
        ("quality.warn_error_px", 9, ("quality", "verdict"), ("motion",)),
    ],
)
def test_a_variant_shares_what_its_key_does_not_touch(configuration, key, value, own, shared):
    found = variants(configuration(sweep={key: [value]}))
    (_, session), *_ = found.of_session["S1"]
    assert [found.owner(session, kind) for kind in own] == [session] * len(own)
    assert [found.owner(session, kind) for kind in shared] == ["S1"] * len(shared)


def test_a_calibration_from_people_follows_their_keypoints(configuration):
    for key, value in (("pose.detect_every_frames", 7), ("synchronization.method", "none"), ("inputs.fps_hz", 50)):
        found = variants(configuration(sweep={key: [value]}, calibration={"method": "people"}))
        (_, session), *_ = found.of_session["S1"]
        assert found.owner(session, "calibration") == session
        assert found.owner(session, "keypoints") == ("S1" if key.startswith("sync") else session)


def test_every_kind_of_file_of_a_session_is_either_a_stages_or_made_for_each_session():
    """A new kind of file must be put into one or the other: else variants would remake it, or share what they should not."""
    pages = {
        *("calibration_health", "player_pictures", "overlays", "overlay_video", "plots", "trial_page", "thumbnail"),
        *("person_export", "trial_export", "verdict", "checked", "share"),
    }
    kinds = {kind for kind, path in PATHS.items() if "{session}" in path}
    assert kinds - pages == {kind for made in MAKES.values() for kind in made}
    assert set(FOLLOWS) | {stage for after in FOLLOWS.values() for stage in after} == set(MAKES)


def test_each_camera_is_left_out_in_turn_beside_those_that_are_left_out_anyway(configuration):
    config = configuration(sweep={"leave_one_camera_out": True}, triangulation={"without_cameras": ["cam2"]})
    assert [variant.value for variant, _ in variants(config).of_session["S1"]] == [["cam2", "cam1"], ["cam2", "cam10"]]


def test_cameras_that_are_left_out_by_choice_are_no_part_of_the_jackknife(configuration):
    config = configuration(sweep={"triangulation.without_cameras": [["cam1", "cam2"]], "leave_one_camera_out": True})
    found = variants(config).of_session["S1"]
    assert [variant.leaves_out for variant, _ in found] == ["", *CAMERAS]


def test_two_cameras_are_too_few_to_leave_one_out(configuration):
    config = configuration(sweep={"leave_one_camera_out": True})
    with pytest.raises(ConfigError, match="no session to leave a camera out of"):
        variants(config, dataset(CAMERAS[:2]))


def test_a_camera_that_is_left_out_must_be_there(configuration):
    config = configuration(triangulation={"without_cameras": ["cam3", "cam10"]})
    with pytest.raises(ConfigError, match=r"(?s)names 'cam3'.*did you mean 'cam"), Mistakes() as mistakes:
        note_unknown_cameras(config, dataset(), mistakes)


# ---- leaving a camera out


def test_points_without_a_camera_are_those_of_the_other_cameras(skeletons):
    rig, halpe = ring(4), skeletons("halpe26")
    seen = film(rig, halpe, [walker(halpe)], seconds=0.4, fps_hz=60, faults=Faults(noise_px=1.5), seed=3)

    def points(keypoints, cameras, without=()):
        clock, _ = synchronize(keypoints, cameras, 60, None, SynchronizeSettings(method="none"))
        tracks, _ = associate(keypoints, cameras, clock, halpe, ["P1"], AssociateSettings())
        return triangulate(
            observe(keypoints, cameras, clock, tracks), cameras, halpe, TriangulateSettings(without_cameras=without)
        )

    (left_out, report), (others, _) = (
        points(seen, rig, ("cam02",)),
        points([item for item in seen if item.camera != "cam02"], rig.select(["cam01", "cam03", "cam04"])),
    )
    np.testing.assert_allclose(left_out.position_m, others.position_m, atol=1e-6)
    assert left_out.cameras == rig.names
    assert not left_out.cameras_used[..., 1].any()
    assert report.verdict == "pass"
    nothing, report = points(seen, rig, ("cam01", "cam02", "cam03"))
    assert np.isnan(nothing.position_m).all()
    assert report.reasons[0].text.startswith("1 usable cameras")


# ---- comparing


def coordinates(values_deg, time_s=None, observed=None, names=("knee_angle_r", "mtp_angle_r", "pelvis_tx")):
    rotational = np.array([not name.startswith("pelvis_t") for name in names])
    values = np.where(rotational, np.radians(values_deg), values_deg)
    time_s = np.arange(len(values)) / 10 if time_s is None else time_s
    observed = np.ones(values.shape, bool) if observed is None else observed
    return Coordinates(names, values, rotational, time_s, observed=observed)


def test_angles_differ_the_short_way_round():
    base, other = coordinates([[179.0, 0, 1.0]] * 3), coordinates([[-179.0, 0, 1.5]] * 3)
    knee, _, across = changes(base, on_times_of(base, other))
    assert knee.rms_difference == pytest.approx(2.0)
    assert (across.rms_difference, across.mean, across.frames) == (0.5, 1.5, 3)


def test_other_frames_are_compared_at_the_same_times():
    base = coordinates([[float(frame), 0, 0] for frame in range(5)])
    other = coordinates([[frame + 0.5, 0, 0] for frame in range(4)], time_s=(np.arange(4) + 0.5) / 10)
    values = on_times_of(base, other)
    assert np.isnan(values[[0, 4]]).all()
    np.testing.assert_allclose(values[1:4, 0], [1, 2, 3])


def test_a_trial_that_a_variant_could_not_solve_is_a_row_without_values():
    base = coordinates([[1.0, 0, 0]] * 3)
    change = changes(base, on_times_of(base, coordinates(np.zeros((0, 3)))))[0]
    assert change.frames == 0
    assert np.isnan(change.rms_difference)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    sample = np.random.default_rng(5).normal(size=(7, 4))
    without = np.array([np.delete(sample, index, axis=0).mean(axis=0) for index in range(7)])
    np.testing.assert_allclose(jackknife_sd(without), sample.std(axis=0, ddof=1) / np.sqrt(7))
    assert np.isnan(jackknife_sd(without[:2])).all()


def test_the_legs_flexions_are_shown_and_what_changes_the_most():
    spread = {"arm_add_r": 3.0, "knee_angle_r": 0.0, "arm_rot_r": 4.0, "neck": 1.0, "wrist": 2.0, "still": 0.0}
    assert shown_coordinates([], spread) == ["knee_angle_r", "arm_rot_r", "arm_add_r", "wrist"]
    assert shown_coordinates(["neck", "tail"], spread) == ["neck"]


# ---- the verb


def write_results(layout, session, knee_deg, x_m, error_px):
    names = {"session": session, "trial": "T1", "participant": "P1"}
    observed = np.array([[True, False, True]] * 4)
    angles = coordinates([[knee_deg + frame, 0, 0] for frame in range(4)], observed=observed)
    nothing = np.full((4, 1, 1), np.nan)
    points = Points3D(
        ("P1",), ("Nose",), CAMERAS, "halpe26", np.full((4, 1, 1, 3), [x_m, 0, 0]), np.full((4, 1, 1, 3, 3), np.nan),
        nothing, np.zeros((4, 1, 1, 3), bool), np.ones((4, 1, 1), int), angles.time_s, 10.0,
    )  # fmt: skip
    report = StageReport("quality", {}, {"median_px": {"P1": {camera: {"Nose": error_px} for camera in CAMERAS}}})
    for kind, write, value in (
        ("coordinates", write_npz, angles),
        ("filtered", write_npz, points),
        ("quality", write_report, report),
    ):
        path = Path(layout.path(kind, **names))
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, value)


def test_left_out_cameras_tell_the_accuracy(tmp_path):
    layout = Layout(str(tmp_path / "results"))
    write_results(layout, "S1", 10.0, 0.0, 2.0)
    described = []
    for camera, offset in zip(CAMERAS, (-3.0, 0.0, 3.0), strict=True):
        session = f"S1~triangulation.without_cameras={camera}"
        write_results(layout, session, 10.0 + offset, offset / 100, 5.0)
        value = {"key": "triangulation.without_cameras", "value": camera, "current": False, "left_out": camera}
        described.append(value | {"session": session})
    sessions = {"S1": {"trials": {"T1": ["P1"]}, "variants": described}}
    out = [tmp_path / name for name in ("table.csv", "index.html", "accuracy.csv")]
    arguments = ["--results", layout.root, "--sessions", json.dumps(sessions), "--out", *map(str, out)]
    assert main(["sweep", *arguments]) == 0
    accuracy = pd.read_csv(out[2])
    by = accuracy.set_index(["measure", "name"])["median"]
    assert set(by["error when left out", "Nose"]) == {5.0}
    assert set(by["error when used", "Nose"]) == {2.0}
    expected = float(np.sqrt(2 / 3 * (9 + 0 + 9)))
    assert by["jackknife sd", "knee_angle_r"].item() == pytest.approx(expected)
    assert by["jackknife sd", "Nose"].item() == pytest.approx(10 * expected)
    assert np.isnan(by["jackknife sd", "mtp_angle_r"].item())  # no marker tells it
    page = out[1].read_text()
    assert "Accuracy, as left-out cameras tell it" in page
    assert "mtp angle" not in page.partition("jackknife standard deviation")[2]
    assert main(["sweep", *arguments]) == 0
    assert out[1].read_text() == page


def test_trials_without_joint_angles_still_have_a_page(tmp_path):
    layout = Layout(str(tmp_path / "results"))
    for session in ("S1", "S1~filtering.cutoff_hz=4"):
        path = Path(layout.path("coordinates", session=session, trial="T1", participant="P1"))
        path.parent.mkdir(parents=True)
        write_npz(path, Coordinates((), np.zeros((0, 0)), np.zeros(0, bool), np.zeros(0)))
    variant = {"key": "filtering.cutoff_hz", "value": "4", "current": False, "session": "S1~filtering.cutoff_hz=4"}
    sessions = json.dumps({"S1": {"trials": {"T1": ["P1"]}, "variants": [variant]}})
    out = [str(tmp_path / name) for name in ("table.csv", "index.html")]
    assert main(["sweep", "--results", layout.root, "--sessions", sessions, "--out", *out]) == 0
    assert "No joint angles to show" in Path(out[1]).read_text()


def test_a_sweep_of_nothing_is_said(tmp_path, capsys):
    sessions = json.dumps({"S1": {"trials": {"T1": ["P1"]}, "variants": []}})
    assert main(["sweep", "--results", str(tmp_path), "--sessions", sessions, "--out", "a", "b"]) == 2
    assert "nothing to sweep" in capsys.readouterr().err
