"""Whole runs on real input: the demo's videos, the same trial from keypoint files, and the reference data."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
import yaml

from kineograph import __version__
from kineograph.cli.__main__ import main
from kineograph.cli.demo_data import SESSION, TRIAL
from kineograph.io.motion import read_table
from kineograph.io.npz import read_npz
from kineograph.io.trc import read_trc, to_opensim_axes
from kineograph.keypoint_formats import openpose
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Origin, Points3D
from synthetic.scene import walker
from synthetic.study import FPS_HZ, FRAMES, copy_project, halpe26
from workflow.conftest import Project

pytestmark = pytest.mark.slow
CAMERAS = ("cam01", "cam02", "cam03", "cam04")
FROM_KEYPOINTS = "from_keypoints"


class TestSyntheticStudy:
    def test_dots_in_videos_become_points_in_space(self, finished):
        """Measured: median 3.5 mm, 95th percentile 12 mm (a dot is 4 px, a pixel 6 mm at the person)."""
        points = read_npz(finished.root / "results" / "S1" / "T1" / "triangulation" / "points3d.npz", Points3D)
        truth = walker(halpe26(), phase=0.0)(np.arange(FRAMES) / FPS_HZ)
        error = np.linalg.norm(points.position_m[:, 0] - truth, axis=-1)
        assert np.nanmedian(error) < 0.005

    def test_exact_keypoint_files_become_exact_points(self, finished):
        points = read_npz(finished.root / "results" / "S1" / "T2" / "triangulation" / "points3d.npz", Points3D)
        truth = walker(halpe26(), phase=0.7)(np.arange(FRAMES) / FPS_HZ)
        error = np.linalg.norm(points.position_m[:, 0] - truth, axis=-1)
        assert np.nanmax(error) < 1e-5

    def test_chunks_give_the_same_bytes(self, finished, tmp_path):
        project = finished.copy(tmp_path / "project")
        keypoints = [project.root / "results" / "S1" / "T1" / "pose" / f"cam0{n}.npz" for n in (1, 2, 3)]
        before = [path.read_bytes() for path in keypoints]
        config = yaml.safe_load((project.root / "config.yaml").read_text())
        config["overrides"] = [{"match": {"camera": "cam02"}, "set": {"pose": {"chunks": 3}}}]
        (project.root / "config.yaml").write_text(yaml.safe_dump(config))
        outcome = project.snakemake("pose")
        assert outcome.code == 0, outcome.text
        assert outcome.jobs["estimate_pose_chunk[T1/cam02]"] == 3
        assert outcome.jobs["estimate_pose[T1/cam02]"] == 1
        assert "estimate_pose[T1/cam01]" not in outcome.jobs
        assert [path.read_bytes() for path in keypoints] == before
        assert not list(keypoints[1].with_suffix("").glob("*"))  # chunks are put away once they are gathered

    def test_the_participant_has_one_model_for_both_trials(self, finished):
        report = json.loads((finished.root / "results" / "S1" / "participants" / "P1" / "scaling.json").read_text())
        assert report["came_in"]["trials"] == ["T1", "T2"]

    def test_every_stage_report_tells_what_made_it(self, finished):
        records = {path: json.loads(path.read_text()) for path in (finished.root / "results").rglob("*.json")}
        reports = {path: record for path, record in records.items() if "came_in" in record}
        assert len({report["stage"] for report in reports.values()}) >= 9
        for path, report in reports.items():
            made_with = report["made_with"]
            assert re.fullmatch(r"[0-9a-f]{16,64}", made_with["code"]), path
            assert isinstance(made_with["settings"], dict), path
            assert made_with["kineograph"] == __version__, path
        smoothing = next(report for report in reports.values() if report["stage"] == "filtering")
        assert smoothing["made_with"]["settings"]["cutoff_hz"] == 6.0

    def test_every_job_left_a_log_and_a_command_that_can_be_pasted(self, finished):
        outcome = finished.snakemake("--dry-run", "--forceall", "--printshellcmds")
        commands = [line for line in outcome.text.splitlines() if "python -m kineograph.cli" in line]
        assert len(commands) > 30
        assert all("2> results/logs/" in command or "> results/logs/" in command for command in commands)

    def test_snakemakes_own_targets_and_report_work(self, finished, tmp_path):
        for target in ("calibration", "pose", "points3d", "kinematics", "report", "results/S1/T1/kinematics/P1.mot"):
            outcome = finished.snakemake("--dry-run", target)
            assert outcome.code == 0, outcome.text
            assert "Nothing to be done" in outcome.text
        outcome = finished.snakemake("--report", str(tmp_path / "report.html"))
        assert outcome.code == 0, outcome.text
        assert (tmp_path / "report.html").stat().st_size > 100_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory, fetched, opensim_ready):
    """The demo, and the same trial once more from its own keypoints written as OpenPose files."""
    root = tmp_path_factory.mktemp("demo") / "project"
    copy_project(root)
    project = Project(root)
    source = fetched("demo_single")
    shutil.copytree(source / "videos", root / "data" / "demo" / SESSION / TRIAL / "videos")
    shutil.copytree(source / "calibration", root / "data" / "demo" / SESSION / "calibration")
    outcome = project.snakemake(config="config/config.demo.yaml")
    assert outcome.code == 0, outcome.text
    for camera in CAMERAS:
        keypoints = read_npz(root / "results" / "demo" / SESSION / TRIAL / "pose" / f"{camera}.npz", Keypoints2D)
        openpose.write(root / "data" / "demo" / SESSION / FROM_KEYPOINTS / "keypoints" / f"{camera}_json", keypoints)
    config = yaml.safe_load((root / "config" / "config.demo.yaml").read_text())
    config["inputs"] = {"fps_hz": 60}
    config["pose"]["keypoint_skeleton"] = "blazepose"
    (root / "again.yaml").write_text(yaml.safe_dump(config))
    outcome = project.snakemake(config="again.yaml")
    assert outcome.code == 0, outcome.text
    ran = {job for job in outcome.jobs if job.startswith("estimate_pose")}
    assert ran == {f"estimate_pose[{FROM_KEYPOINTS}/{camera}]" for camera in CAMERAS}
    return root / "results" / "demo"


@pytest.mark.needs_demo
class TestDemo:
    """Measured on 2 cores, BlazePose heavy: 11.9 px, 3.9 cameras, 30 mm, knees 17-65 degrees."""

    def report(self, demo, *parts, trial=TRIAL):
        return json.loads(demo.joinpath(SESSION, trial, *parts).read_text())

    def test_every_frame_of_every_video_is_accounted_for(self, demo):
        for camera in CAMERAS:
            report = self.report(demo, "pose", f"{camera}.json")
            assert report["came_in"]["frames_stated"] == report["came_out"]["frames"] == 100
        points = read_npz(demo / SESSION / TRIAL / "filtering" / "points3d.npz", Points3D)
        assert points.n_frames == 100
        _, rows, _ = read_table(demo / SESSION / TRIAL / "kinematics" / "P1.mot")
        assert len(rows) == 100

    def test_the_cameras_are_found_synchronous(self, demo):
        report = self.report(demo, "synchronization", "synchronization.json")
        assert all(camera["offset_s"] == 0 for camera in report["synchronization"]["cameras"].values())
        assert report["came_out"]["judged"]
        assert report["came_out"]["why"]

    def test_reprojection_error_and_cameras(self, demo):
        out = self.report(demo, "triangulation", "triangulation.json")["came_out"]
        assert out["reprojection_error_px"]["mean"] < 15
        assert out["cameras_used_mean"] >= 3
        assert out["points_missing"] == 0

    def test_the_person_is_as_large_as_a_person(self, demo):
        lengths = json.loads((demo / SESSION / "participants" / "P1" / "scaling.json").read_text())["came_out"][
            "length_m"
        ]
        assert 0.35 < lengths["RHip-RKnee"] < 0.5
        assert 0.33 < lengths["RKnee-RAnkle"] < 0.48
        assert abs(lengths["RHip-RKnee"] - lengths["LHip-LKnee"]) < 0.04

    def test_marker_errors_and_the_way_joints_bend(self, demo):
        report = self.report(demo, "kinematics", "P1.json")
        assert report["came_out"]["marker_error_mm"]["mean"] < 40
        for joint in ("knee_angle_r", "knee_angle_l", "elbow_flex_r", "elbow_flex_l"):
            low, high = report["came_out"]["range"][joint]
            assert low > 0, joint
            assert high < 140, joint
        low, high = report["came_out"]["range"]["pelvis_ty"]
        assert 0.8 < low < high < 1.1  # he stands on a treadmill, upright

    def test_keypoint_files_of_the_same_trial_give_the_same_result(self, demo):
        one, other = (
            read_npz(demo / SESSION / trial / "triangulation" / "points3d.npz", Points3D)
            for trial in (TRIAL, FROM_KEYPOINTS)
        )
        assert np.nanmax(np.linalg.norm(one.position_m - other.position_m, axis=-1)) < 1e-4
        tables = [read_table(demo / SESSION / trial / "kinematics" / "P1.mot") for trial in (TRIAL, FROM_KEYPOINTS)]
        assert tables[0][0] == tables[1][0]
        difference = np.abs(tables[0][1] - tables[1][1])
        # the markers differ by 3e-8 m; OpenSim's solver makes up to 2 degrees at the legs of it and 16 at a wrist, in few frames
        assert np.median(difference, axis=0).max() < 1.5

    def test_trial_and_dataset_pages_are_whole_and_need_no_network(self, demo):
        """Measured: 4.8 MB with every second frame of four cameras."""
        for page in (demo / SESSION / TRIAL / "report" / "index.html", demo / "report" / "index.html"):
            text = page.read_text()
            assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)
            assert text.count("<script") == 2
            data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])
        assert [row["trial"] for row in data["rows"]] and data["repeated"], "the same trial twice repeats"
        page = demo / SESSION / TRIAL / "report" / "index.html"
        assert page.stat().st_size < 8_000_000
        data = json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.S)[1])
        assert [len(camera["pictures"]) for camera in data["cameras"]] == [len(data["picture_frames"])] * 4
        assert data["frames"] == 100 and data["step"] == 1 and len(data["picture_frames"]) >= 50
        person = data["people"][0]
        assert len(person["panels"]) > 15 and len(person["bodies"]["shapes"]) > 50
        assert (page.parent / "thumbnail.svg").stat().st_size < 60_000

    def test_refinement_lowers_the_held_out_error_of_the_given_calibration(self, demo, tmp_path):
        """Measured: 11.7 px given, 6.5 px refined; no camera stands out."""
        calibration = demo / SESSION / "calibration" / "session"
        arguments = [
            "refine-calibration",
            "--results",
            str(demo),
            "--session",
            SESSION,
            "--trials",
            json.dumps([TRIAL]),
        ]
        arguments += ["--calibration", str(calibration / "calibration.toml"), "--settings", '{"refine": true}']
        assert (
            main([*arguments, "--out", str(tmp_path / "refined.toml"), "--report", str(tmp_path / "report.json")]) == 0
        )
        report = json.loads((tmp_path / "report.json").read_text())
        assert report["came_out"]["accepted"]
        assert report["came_out"]["held_out_median_px"]["given"] > 11
        assert report["came_out"]["held_out_median_px"]["refined"] < 6.6
        assert report["verdict"] == "pass"
        health = json.loads((calibration / "health.json").read_text())
        assert [reason["verdict"] for reason in health["reasons"]] == [
            "warn"
        ]  # all cameras are off, and none stands out
        assert health["reasons"][0]["blame"].startswith("trial ")

    def test_running_again_does_nothing(self, demo):
        project = Project(demo.parent.parent)
        outcome = project.snakemake(config="again.yaml")
        assert "Nothing to be done" in outcome.text


@pytest.fixture(scope="module")
def reference_results(reference, tmp_path_factory):

    root = tmp_path_factory.mktemp("reference") / "project"
    copy_project(root)
    session = root / "data" / "S00"
    shutil.copytree(reference / "balancing_single" / "pose", session / TRIAL / "pose")
    (session / "calibration").mkdir(parents=True)
    shutil.copy(reference / "balancing_single" / "Calib.qca.txt", session / "calibration")
    config = {
        "dataset": "data",
        "inputs": {"fps_hz": 60},
        "pose": {"keypoint_skeleton": "body25b"},
        "synchronization": {"method": "none"},
        "triangulation": {"method": "dlt"},
    }
    (root / "config.yaml").write_text(yaml.safe_dump(config))
    outcome = Project(root).snakemake()
    assert outcome.code == 0, outcome.text
    return root / "results" / "S00"


class TestReference:
    """Real OpenPose keypoints of the demo trial, and what Pose2Sim made of them."""

    def test_dlt_equals_pose2sim_within_a_hundredth_of_a_millimetre(self, reference_results, reference):
        points = read_npz(reference_results / TRIAL / "triangulation" / "points3d.npz", Points3D)
        expected = read_trc(reference / "balancing_single" / "expected" / "raw.trc")
        columns = [points.names.index(name) for name in expected.names]
        ours = to_opensim_axes(points.position_m[:, 0, columns])
        distance_mm = np.linalg.norm(ours - expected.position_m, axis=-1) * 1e3
        both = np.isfinite(distance_mm) & (points.origin[:, 0, columns] == Origin.TRIANGULATED)
        assert both.mean() > 0.95
        assert (distance_mm[both] < 0.01).mean() >= 0.99

    def test_the_participant_is_found_among_bystanders(self, reference_results):
        report = json.loads((reference_results / TRIAL / "association" / "association.json").read_text())
        assert report["came_out"]["participants"]["P1"]["present"] == 1.0
        assert report["came_out"]["bystanders"] == 1

    def test_its_joint_angles_can_be_believed(self, reference_results):
        report = json.loads((reference_results / TRIAL / "kinematics" / "P1.json").read_text())
        assert report["came_out"]["marker_error_mm"]["mean"] < 40
        low, high = report["came_out"]["range"]["knee_angle_r"]
        assert low >= 0
        assert 40 < high < 90
