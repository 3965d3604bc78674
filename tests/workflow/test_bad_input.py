"""Wrong input: three lines that say what, where, what to do; exit code 2; the other trials go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kineograph.calibration_formats import toml
from synthetic import keypoint_files
from synthetic.scene import film, walker
from synthetic.study import copy_project, halpe26, rig, write_study, write_videos
from workflow.conftest import run_snakemake

LIBRARY = Path(__file__).resolve().parents[2] / "workflow" / "lib"


def kineograph(*arguments: object, cwd: Path | None = None) -> tuple[int, list[str]]:
    """Run a command as a person would paste it; the exit code and the lines on stderr."""
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    command = [sys.executable, "-m", "kineograph.cli", *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip().splitlines()


def assert_three_lines(code: int, lines: list[str], *expected: str) -> None:
    assert code == 2, lines
    assert len(lines) == 3, lines
    assert lines[0].startswith("kineograph: ")
    assert lines[1].startswith("  expected ")
    assert lines[2].startswith("  to do: ")
    assert not any("Traceback" in line for line in lines)
    for text in expected:
        assert text in "\n".join(lines)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    write_study(root, source="mixed")
    return root


@pytest.fixture
def calibrated(tmp_path):
    """A calibration and its report, as the first stage leaves them."""
    source = tmp_path / "source.toml"
    toml.write(source, rig())
    code, _ = kineograph("calibrate", "--source", source, "--out", tmp_path / "c.toml", "--report", tmp_path / "c.json")
    assert code == 0
    return tmp_path


def inspect(folder, cameras, problems=(), fps=None):
    trial = {"cameras": cameras, "problems": list(problems), "fps_hz": fps}
    code, lines = kineograph(
        "inspect", "--trial", json.dumps(trial), "--calibration", folder / "c.toml", "--calibration-report", folder / "c.json",
        "--out", folder / "inputs.json",
    )  # fmt: skip
    return code, [line for line in lines if not line.startswith("inputs:") and "warn:" not in line]


def videos_of(study, *changes):
    folder = study / "data" / "S1" / "T1" / "videos"
    found = [{"name": path.stem, "kind": "video", "path": str(path)} for path in sorted(folder.iterdir())]
    return [*found, *changes]


class TestOneCommand:
    def test_good_input_passes(self, calibrated, study):
        assert inspect(calibrated, videos_of(study))[0] == 0

    def test_a_calibration_without_that_camera(self, calibrated, study):
        video = videos_of(study)[0]["path"]
        result = inspect(calibrated, videos_of(study, {"name": "cam9", "kind": "video", "path": video}))
        assert_three_lines(*result, "cam9", "cam01, cam02, cam03")

    def test_a_wrong_image_size(self, tmp_path, study):
        import dataclasses

        large = [dataclasses.replace(camera, size_px=(1280, 960)) for camera in rig().cameras]
        toml.write(tmp_path / "source.toml", dataclasses.replace(rig(), cameras=tuple(large)))
        kineograph(
            "calibrate",
            "--source",
            tmp_path / "source.toml",
            "--out",
            tmp_path / "c.toml",
            "--report",
            tmp_path / "c.json",
        )
        code, lines = inspect(tmp_path, videos_of(study)[:1])
        assert_three_lines(code, lines, "640x480 px", "1280x960 px", "cam01")

    @pytest.mark.parametrize("content", [None, b"", b"garbage" * 1000])
    def test_an_unreadable_or_missing_video(self, calibrated, study, content, tmp_path):
        bad = tmp_path / "cam03.mp4"
        if content is not None:
            bad.write_bytes(content)
        cameras = [*videos_of(study)[:2], {"name": "cam03", "kind": "video", "path": str(bad)}]
        assert_three_lines(*inspect(calibrated, cameras), "cam03.mp4")
        code, lines = kineograph(
            "estimate-pose", "--camera", "cam03", "--kind", "video", "--source", bad,
            "--settings", json.dumps({"model": str(study / "cards" / "dots.toml")}), "--model", study / "cards" / "dots.onnx",
            "--detector", study / "cards" / "box.onnx", "--out", tmp_path / "k.npz", "--report", tmp_path / "k.json",
        )  # fmt: skip
        assert_three_lines(code, lines, "cam03.mp4")
        assert not (tmp_path / "k.npz").exists()

    def test_an_empty_trial(self, calibrated):
        assert_three_lines(
            *inspect(calibrated, [], ["no camera: videos/ of T3 holds neither videos nor keypoints"]), "no camera"
        )

    def test_a_missing_calibration(self, tmp_path):
        code, lines = kineograph(
            "calibrate", "--source", tmp_path / "none", "--out", tmp_path / "c", "--report", tmp_path / "r"
        )
        assert_three_lines(code, lines, "none is not there")

    def test_a_truncated_json(self, study, tmp_path):
        folder = tmp_path / "cam01_json"
        shutil.copytree(study / "data" / "S1" / "T2" / "keypoints" / "cam01_json", folder)
        victim = sorted(folder.iterdir())[7]
        victim.write_text(victim.read_text()[:200])
        code, lines = kineograph(
            "estimate-pose", "--camera", "cam01", "--kind", "openpose", "--source", folder, "--fps", 60,
            "--settings", '{"keypoint_skeleton": "halpe26"}', "--out", tmp_path / "k.npz", "--report", tmp_path / "k.json",
        )  # fmt: skip
        assert_three_lines(code, lines, victim.name, "breaks off")

    @pytest.mark.parametrize("kind", ["deeplabcut", "sleap", "sleap_analysis", "movement", "opencap"])
    def test_a_keypoint_file_that_was_cut_off(self, tmp_path, kind):
        seen = film(rig(1), halpe26(), [walker(halpe26())], seconds=0.1, fps_hz=60.0)[0]
        path = keypoint_files.write(kind, tmp_path, seen)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        code, lines = kineograph(
            "estimate-pose", "--camera", "cam01", "--kind", kind, "--source", path, "--fps", 60,
            "--settings", '{"keypoint_skeleton": "halpe26"}', "--out", tmp_path / "k.npz", "--report", tmp_path / "k.json",
        )  # fmt: skip
        assert_three_lines(code, lines, path.name)
        assert not (tmp_path / "k.npz").exists()

    def test_a_keypoint_count_against_the_skeleton(self, study, tmp_path):
        code, lines = kineograph(
            "estimate-pose", "--camera", "cam01", "--kind", "openpose",
            "--source", study / "data" / "S1" / "T2" / "keypoints" / "cam01_json", "--fps", 60,
            "--settings", '{"keypoint_skeleton": "body25b"}', "--out", tmp_path / "k.npz", "--report", tmp_path / "k.json",
        )  # fmt: skip
        assert_three_lines(code, lines, "25 keypoints", "26 keypoints", "pose.keypoint_skeleton")

    def test_an_unknown_skeleton_names_the_nearest(self, study, tmp_path):
        code, lines = kineograph(
            "estimate-pose", "--camera", "cam01", "--kind", "openpose", "--source", study / "data", "--fps", 60,
            "--settings", '{"keypoint_skeleton": "halpe62"}', "--out", tmp_path / "k.npz", "--report", tmp_path / "k.json",
        )  # fmt: skip
        assert_three_lines(code, lines, "did you mean 'halpe26'?")

    def test_an_unknown_verb_names_the_nearest(self):
        code, lines = kineograph("triangulat")
        assert code == 2
        assert "did you mean 'triangulate'?" in lines[0]

    @pytest.mark.parametrize("path", ["", "none.tflite"])
    def test_a_folder_in_place_of_a_file_or_no_file_at_all(self, tmp_path, path):
        code, lines = kineograph(
            "convert-model", "--card", "blazepose_heavy", "--source", tmp_path / path, "--out", tmp_path / "m.onnx"
        )
        assert_three_lines(code, lines, str(tmp_path / path))

    def test_a_network_that_needs_no_conversion(self, tmp_path):
        code, lines = kineograph(
            "convert-model", "--card", "yolox_tiny", "--source", tmp_path, "--out", tmp_path / "m.onnx"
        )
        assert_three_lines(code, lines, "yolox_tiny")

    def test_a_bug_is_no_user_error(self, tmp_path):
        (tmp_path / "report.json").write_text("{}")  # what no command of ours writes
        code, lines = kineograph(
            "judge-trial", "--session", "S", "--trial", "T", "--participants", "[]", "--reports", tmp_path / "report.json",
            "--out", tmp_path / "v",
        )  # fmt: skip
        assert code == 1
        assert any("Traceback" in line for line in lines)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    root = tmp_path_factory.mktemp("configuration")
    copy_project(root)
    write_study(root)
    return root


class TestConfiguration:
    """Mistakes that stop a run before any job."""

    def run(self, root, **changes):
        config = yaml.safe_load((root / "config.yaml").read_text())
        config.update(changes)
        (root / "bad.yaml").write_text(yaml.safe_dump(config))
        done = run_snakemake(root, "--configfile", "bad.yaml", "--cores", "1", "--dry-run", "--quiet")
        ours = [line for line in done.stderr.splitlines() if line.startswith(("kineograph:", "  expected", "  to do"))]
        assert "Traceback" not in done.stderr
        return done.returncode, ours

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"triangulation": {"max_eror_px": 3}}, "did you mean 'max_error_px'?"),
            ({"filterin": {}}, "did you mean 'filtering'?"),
            ({"filtering": {"cutoff_hz": -1}}, "number > 0 (Hz)"),
            ({"dataset": "nowhere"}, "nowhere is not there"),
            ({"pose": {"model": "rtmpose-m_halpe62"}}, "did you mean 'rtmpose-m_halpe26'?"),
            ({"overrides": [{"match": {"trial": "T9"}, "set": {"filtering": {"cutoff_hz": 5}}}]}, "matches no trial"),
            ({"trials": "nowhere.tsv"}, "nowhere.tsv is not there"),
        ],
    )
    def test_three_lines_and_exit_code_2(self, copied, changes, expected):
        if "model" in changes.get("pose", {}):
            shutil.rmtree(copied / "data" / "S1" / "T1" / "keypoints", ignore_errors=True)
            write_videos(copied / "data" / "S1" / "T1" / "videos", phase=0.0)
        assert_three_lines(*self.run(copied, **changes), expected)


@pytest.fixture(scope="module")
def partly_broken(tmp_path_factory, opensim_setup):
    """A study of six trials, five of them broken in different ways, run to the end."""
    root = tmp_path_factory.mktemp("broken")
    copy_project(root)
    config = write_study(root, trials=("good", "truncated_json", "unreadable", "empty", "wrong_size", "stranger"))
    data = root / "data" / "S1"
    victim = sorted((data / "truncated_json" / "keypoints" / "cam02_json").iterdir())[3]
    victim.write_text(victim.read_text()[:100])
    for trial in ("unreadable", "wrong_size"):
        shutil.rmtree(data / trial / "keypoints")
        write_videos(data / trial / "videos", phase=0.3)
    (data / "unreadable" / "videos" / "cam01.mp4").write_bytes(b"garbage" * 500)
    import dataclasses

    large = tuple(dataclasses.replace(camera, size_px=(1280, 960)) for camera in rig().cameras)
    toml.write(data / "wrong_size" / "calibration" / "c.toml", dataclasses.replace(rig(), cameras=large))
    shutil.rmtree(data / "empty" / "keypoints")
    (data / "stranger" / "keypoints" / "cam03_json").rename(data / "stranger" / "keypoints" / "webcam_json")
    done = run_snakemake(root, "--configfile", config.name, "--cores", "2", "--keep-going")
    return root, done


class TestOneBadTrial:
    BROKEN = ("truncated_json", "unreadable", "empty", "wrong_size", "stranger")

    def test_the_run_fails_in_the_end(self, partly_broken):
        assert partly_broken[1].returncode != 0

    def test_the_good_trial_is_finished(self, partly_broken):
        results = partly_broken[0] / "results" / "S1" / "good"
        assert (results / "report" / "index.html").exists()
        assert len((results / "kinematics" / "P1.mot").read_text().splitlines()) == 7 + 24

    @pytest.mark.parametrize("trial", BROKEN)
    def test_each_bad_trial_is_named_with_three_lines_and_has_a_page(self, partly_broken, trial):
        root, done = partly_broken
        results = root / "results" / "S1" / trial
        assert not (root / "results" / "report" / "checked.txt").exists()
        verdict = json.loads((results / "verdict.json").read_text())
        assert verdict["verdict"] == "error"
        assert len(verdict["error"].splitlines()) == 3
        log = (root / "results" / "logs" / "check_dataset" / "all.log").read_text().splitlines()
        assert len(log) == 3 * len(self.BROKEN) + 1
        named = [
            number for number, line in enumerate(log[:-1]) if f"[trial S1/{trial}]" in line or f"S1/{trial}" in line
        ]
        assert named[0] % 3 == 0
        assert log[-1] == "kineograph: 5 of 6 trials failed: all of them are on results/report/index.html"
        assert log[named[0]] in done.stdout + done.stderr  # a person sees it without looking for a log
        assert '<pre class="error">' in (results / "report" / "index.html").read_text()

    @pytest.mark.parametrize(
        ("trial", "stage", "text"),
        [
            ("truncated_json", "pose", "breaks off"),
            ("unreadable", "inputs", "cam01.mp4"),
            ("empty", "inputs", "no camera"),
            ("wrong_size", "inputs", "1280x960"),
            ("stranger", "inputs", "webcam"),
        ],
    )
    def test_the_stage_to_blame_is_named(self, partly_broken, trial, stage, text):
        verdict = json.loads((partly_broken[0] / "results" / "S1" / trial / "verdict.json").read_text())
        assert verdict["stage"] == stage
        assert text in verdict["error"]

    def test_what_can_be_computed_without_the_bad_camera_is_computed(self, partly_broken):
        results = partly_broken[0] / "results" / "S1"
        for trial in ("unreadable", "stranger", "truncated_json"):
            assert len((results / trial / "kinematics" / "P1.mot").read_text().splitlines()) > 7
        for trial in ("empty", "wrong_size"):
            assert "nRows=0" in (results / trial / "kinematics" / "P1.mot").read_text()

    def test_the_dataset_page_lists_the_bad_trials_first(self, partly_broken):
        rows = (partly_broken[0] / "results" / "report" / "summary.tsv").read_text().splitlines()[1:]
        assert [row.split("\t")[1] for row in rows][-1] == "good"
        assert len(rows) == 6

    def test_mending_a_trial_finishes_it_and_nothing_else(self, partly_broken, tmp_path):
        root = tmp_path / "mended"
        shutil.copytree(partly_broken[0], root, copy_function=shutil.copy2)
        write_videos(root / "data" / "S1" / "unreadable" / "videos", phase=0.3)
        done = run_snakemake(
            root, "--configfile", "config.yaml", "--cores", "2", "results/S1/unreadable/report/index.html"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not json.loads((root / "results" / "S1" / "unreadable" / "verdict.json").read_text())["failed"]
