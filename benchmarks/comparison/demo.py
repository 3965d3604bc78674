"""The demo's trial as a comparison: our keypoints of its videos, written as OpenPose files for both tools."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

from comparison import REPOSITORY
from comparison.trial_files import TrialFiles, write_trial
from kineograph.calibration_formats import toml
from kineograph.cli.demo_data import SESSION, TRIAL
from kineograph.io.npz import read_npz
from kineograph.io.reports import read_json
from kineograph.layout import Layout
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D

CAMERAS = ("cam01", "cam02", "cam03", "cam04")


def write_demo(root: Path) -> tuple[TrialFiles, Rig, list[Keypoints2D]]:
    """Find the keypoints of the demo's videos (about 35 CPU seconds) and write the trial for both tools."""
    data, results = root / "videos", root / "results"
    root.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow" / "lib")}
    subprocess.run([sys.executable, "-m", "kineograph.cli", "demo-data", data], env=environment, check=True)
    where = {"session": SESSION, "trial": TRIAL}
    layout = Layout(str(results))
    made = [Path(layout.path("keypoints", camera=camera, **where)) for camera in CAMERAS]
    inputs = Path(layout.path("inputs", **where))
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        REPOSITORY / "Snakefile",
        "--cores",
        "1",
        "--quiet",
        "all",
    ]
    command += ["--configfile", REPOSITORY / "config" / "config.demo.yaml"]
    command += ["--config", f"dataset={data}", f"results={results}", "--", inputs, *made]
    subprocess.run(command, cwd=root, check=True)
    keypoints = [read_npz(path, Keypoints2D) for path in made]
    rig = _rig(results, inputs)
    return write_trial(root, rig, keypoints, synchronize=True), rig, keypoints


def _rig(results: Path, inputs: Path) -> Rig:
    """The calibration, with its cameras named and ordered as the videos are."""
    (calibration,) = results.glob(f"{SESSION}/calibration/*/calibration.toml")
    calibrated = toml.read(calibration)
    names = {item["name"]: item["calibrated_as"] for item in read_json(inputs)["inputs"]["cameras"]}
    cameras = tuple(dataclasses.replace(calibrated[names[camera]], name=camera) for camera in CAMERAS)
    return Rig(cameras, source=calibrated.source)
