"""The front in a study's own folder, which holds neither the workflow nor its profiles, and its early look at the calibration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from synthetic.study import write_study

LIBRARY = Path(__file__).resolve().parents[2] / "workflow" / "lib"
CAMERAS = ("cam01", "cam02", "cam03")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A study of one trial whose pictures show no board in any camera."""
    root = tmp_path_factory.mktemp("study")
    config = write_study(root, trials=("T1",))
    folder = root / "data" / "S1" / "calibration"
    (folder / "calibration.toml").unlink()
    for camera in CAMERAS:
        for purpose in ("intrinsics", "extrinsics"):
            (folder / purpose / camera).mkdir(parents=True)
            cv2.imwrite(str(folder / purpose / camera / "1.png"), np.full((480, 640), 128, np.uint8))
    settings = yaml.safe_load(config.read_text())
    settings |= {"calibration": {"method": "board"}, "boards": {"corners": [4, 7], "square_m": 0.12}}
    config.write_text(yaml.safe_dump(settings))
    return root


def front(root: Path, verb: str, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "kineograph.cli", verb, "--configfile", "config.yaml", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_early_look_tells_of_a_calibration_that_failed(study):
    """Also a second time, when there is nothing to do; each camera is named once in the error, in a line that can be read."""
    code, text = front(study, "run", "--", "calibration")
    assert "jobs done" in text, text
    assert code == 1, text
    assert "calibrations: 1 error" in text
    line = next(line for line in text.splitlines() if "no camera could be calibrated" in line)
    assert "white margin around it?" in line, "what to do"
    assert len(line) < 500
    assert all(line.count(f" {camera}") <= 1 for camera in CAMERAS)
    assert f"see {Path('results/S1/calibration/session/pictures')}" in text
    again = front(study, "run", "--", "calibration")
    assert "nothing was to be done" in again[1], again[1]
    assert again[0] == 1
    assert "calibrations: 1 error" in again[1]


def test_a_plan_and_the_state_of_a_study_elsewhere(study):
    code, text = front(study, "plan", "--", "points3d")
    assert code == 0, text
    assert "triangulate" in text
    code, text = front(study, "status")
    assert code == 0, text
    assert "S1/T1" in text
