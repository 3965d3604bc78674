"""`kineograph check`: every mistake in one list, worst first, before any job; one bad trial does not hide the others'."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kineograph.calibration_formats import toml
from synthetic.study import rig, write_keypoints, write_study, write_videos

LIBRARY = Path(__file__).resolve().parents[2] / "workflow" / "lib"


def check(root: Path, *arguments: str) -> tuple[int, str, list[dict]]:
    """Exit code, what was printed, and the list as JSON."""
    command = [sys.executable, "-m", "kineograph.cli", "check", "--configfile", "config.yaml", "--json", "list.json"]
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    done = subprocess.run(
        [*command, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    found = json.loads((root / "list.json").read_text()) if (root / "list.json").exists() else []
    return done.returncode, done.stdout + done.stderr, found


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A study with a mistake of each kind, and the list of its check."""
    root = tmp_path_factory.mktemp("broken")
    trials = (
        "cut_off",
        "garbage",
        "empty_file",
        "no_video",
        "one_camera_less",
        "stranger",
        "wrong_size",
        "count",
        "frames",
    )
    config = write_study(root, trials=trials[:6], source="videos")
    session = root / "data" / "S1"
    whole = (session / "cut_off" / "videos" / "cam01.mp4").read_bytes()
    (session / "cut_off" / "videos" / "cam01.mp4").write_bytes(whole[: len(whole) // 2])
    (session / "garbage" / "videos" / "cam02.mp4").write_bytes(b"garbage" * 500)
    (session / "empty_file" / "videos" / "cam03.mp4").write_bytes(b"")
    for video in (session / "no_video" / "videos").iterdir():
        video.unlink()
    (session / "one_camera_less" / "videos" / "cam03.mp4").unlink()
    (session / "stranger" / "videos" / "cam03.mp4").rename(session / "stranger" / "videos" / "webcam.mp4")
    write_videos(session / "wrong_size" / "videos", phase=0.1)
    large = tuple(dataclasses.replace(camera, size_px=(1280, 960)) for camera in rig().cameras)
    toml.write(session / "wrong_size" / "calibration" / "c.toml", dataclasses.replace(rig(), cameras=large))
    write_keypoints(session / "count" / "keypoints", phase=0.2)
    write_videos(session / "frames" / "videos", phase=0.1, frames=24)
    write_videos(root / "short", phase=0.1, frames=20)
    (root / "short" / "cam02.mp4").replace(session / "frames" / "videos" / "cam02.mp4")
    (root / "data" / "participants.tsv").write_text("participant\theight_m\tmass_kg\nP1\t175\t70\nP9\t1.8\t\n")
    settings = yaml.safe_load(config.read_text())
    settings["pose"] |= {"keypoint_skeleton": "body25b", "device": "cuda", "model": "cards/none.toml"}
    settings |= {
        "filterin": {},
        "filtering": {"cutof_hz": 3},
        "scaling": {"model": "none.osim"},
        "opensim_setup": "nowhere",
    }
    settings["overrides"] = [{"match": {"trial": "no_such"}, "set": {"filtering": {"cutoff_hz": 5}}}]
    config.write_text(yaml.safe_dump(settings))
    return check(root)


def texts(broken, severity: str, trial: str = "") -> str:
    chosen = [
        item for item in broken[2] if item["severity"] == severity and (not trial or item["trial"] == f"S1/{trial}")
    ]
    return "\n".join(f"{item['text']} | {item['facts']} | {item['hint']}" for item in chosen)


def test_it_ends_with_2_and_stays_no_traceback(broken):
    code, text, found = broken
    assert code == 2
    assert "Traceback" not in text
    assert len(found) > 15


@pytest.mark.parametrize(
    "expected",
    [
        "did you mean 'filtering'?", "did you mean 'cutoff_hz'?", "the height_m can't be used", "overrides[0] matches no trial",
        "there is no model 'none'", "the OpenSim model none.osim is not there", "set-up files nowhere is not there",
    ],
)  # fmt: skip
def test_what_stops_everything_is_there(broken, expected):
    assert expected in texts(broken, "stops")


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        ("cut_off", "cam01.mp4"), ("garbage", "cam02.mp4 can't be read as a video"), ("empty_file", "an empty file (0 bytes)"),
        ("no_video", "no camera"), ("stranger", "camera 'webcam' is not in the calibration"),
        ("wrong_size", "has another size than its calibration"), ("count", "26 keypoints"),
    ],
)  # fmt: skip
def test_each_bad_trial_is_there(broken, trial, expected):
    assert expected in texts(broken, "error", trial)


def test_warnings_are_there(broken):
    assert "different numbers of frames" in texts(broken, "warning", "frames")
    assert "calibrated but not recorded: cam03" in texts(broken, "warning", "one_camera_less")
    assert "P9" in texts(broken, "warning")


def test_the_worst_comes_first(broken):
    text = broken[1]
    headings = ["mistakes that stop everything", "mistakes in trials", "warnings:", "notes:"]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)


def test_a_good_study_passes_and_the_same_mistake_is_said_once(tmp_path):
    config = write_study(tmp_path, trials=("T1", "T2", "T3"), source="videos", cameras=2)
    code, text, found = check(tmp_path)
    assert code == 0, text
    assert not [item for item in found if item["severity"] in ("stops", "error")]
    for trial in ("T1", "T2", "T3"):
        (tmp_path / "data" / "S1" / trial / "videos" / "cam02.mp4").write_bytes(b"")
    code, text, found = check(tmp_path)
    assert code == 2
    assert text.count("an empty file") == 1
    assert "3 trials (S1/T1, S1/T2, S1/T3)" in text
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | {"calibration": {"method": "people"}}))
    assert "not decided" in check(tmp_path)[1]
