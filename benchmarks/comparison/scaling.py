"""How CPU time and memory of association and triangulation grow with the length of a trial."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comparison import REPOSITORY
from comparison.kineograph_workflow import variants
from comparison.pose2sim import run_pose2sim
from comparison.processes import Cost, run
from comparison.scenes import FPS_HZ, long_walk
from comparison.trial_files import TrialFiles, write_trial
from kineograph.calibration_formats import toml
from kineograph.io.npz import write_npz
from kineograph.io.reports import write_json
from kineograph.model.inputs import CameraInput, TrialInputs

SKELETON = "body25b"


@dataclass(frozen=True)
class Load:
    """What one length cost: CPU seconds a step (imports included) and the largest memory of a process, MB."""

    tool: str
    frames: int
    cameras: int
    reading_s: float
    association_s: float
    triangulation_s: float
    memory_mb: float


def ours(root: Path, frames: int, cameras: int, *, from_json: bool) -> list[Load]:
    """Our verbs, one process each, a load a variant; the keypoints as JSON files for all tools, or only as our own files."""
    files = _written(root, frames, cameras, from_json)
    reading = [_read_json(files, root, camera) for camera in files.cameras] if from_json else []
    views = ["--inputs", "inputs.json", "--calibration", str(files.calibration), "--keypoints"]
    views += [f"{camera}.npz" for camera in files.cameras]
    clock = ["--synchronization", "synchronization.json"]
    _verb(root, "synchronize", *views, "--settings", '{"method": "none"}', "--out", "synchronization.json")
    loads = []
    for tool, changes in variants().items():
        association = _verb(
            root,
            "associate",
            *views,
            *clock,
            "--participants",
            '["P1"]',
            "--observations",
            "observations.npz",
            *_written_to("tracks", changes, "association"),
        )
        triangulation = _verb(
            root,
            "triangulate",
            "--observations",
            "observations.npz",
            "--calibration",
            str(files.calibration),
            *_written_to("points3d", changes, "triangulation"),
        )
        largest = max(cost.memory_mb for cost in (*reading, association, triangulation))
        read_s = sum(cost.cpu_s for cost in reading) if from_json else float("nan")
        loads.append(Load(tool, frames, cameras, read_s, association.cpu_s, triangulation.cpu_s, largest))
    return loads


def _written_to(result: str, changes: dict[str, dict[str, Any]], section: str) -> list[str]:
    """The arguments of a stage's settings and results."""
    settings = json.dumps(changes.get(section, {}))
    return ["--settings", settings, "--out", f"{result}.npz", "--report", f"{section}.json"]


def theirs(python: Path, root: Path, frames: int, cameras: int) -> Load:
    """Pose2Sim's stages on the files that :func:`ours` left; it reads the JSON files in each stage."""
    result = run_pose2sim(python, _files(root, cameras), stages=["personAssociation", "triangulation"])
    if result.error:
        raise RuntimeError(result.error)
    cpu_s = result.cpu_s
    return Load(
        result.tool, frames, cameras, float("nan"), cpu_s["personAssociation"], cpu_s["triangulation"], result.memory_mb
    )


def _files(root: Path, cameras: int) -> TrialFiles:
    return TrialFiles(root, tuple(f"cam{index + 1:02d}" for index in range(cameras)), SKELETON)


def _written(root: Path, frames: int, cameras: int, as_json: bool) -> TrialFiles:
    """Write the trial in another process, whose memory would else count as its children's."""
    writer = multiprocessing.get_context("spawn").Process(target=write_walk, args=(root, frames, cameras, as_json))
    writer.start()
    writer.join()
    if writer.exitcode:
        raise RuntimeError(f"writing a walk of {frames} frames failed")
    return _files(root, cameras)


def write_walk(root: Path, frames: int, cameras: int, as_json: bool) -> None:
    """Write a walk of that length: our keypoint files or everybody's, the calibration, and our inputs.json."""
    rig, keypoints = long_walk(frames, cameras, SKELETON)
    if as_json:
        write_trial(root, rig, keypoints)
    else:
        toml.write(_files(root, cameras).calibration, rig)
        for item in keypoints:
            write_npz(root / f"{item.camera}.npz", item)
    seen = tuple(CameraInput(camera.name, camera.name, True, FPS_HZ, frames, camera.size_px) for camera in rig.cameras)
    write_json(root / "inputs.json", {"inputs": dataclasses.asdict(TrialInputs(seen, FPS_HZ))})


def _read_json(files: TrialFiles, root: Path, camera: str) -> Cost:
    settings = json.dumps({"keypoint_skeleton": SKELETON})
    source = str(files.keypoints / f"{camera}_json")
    options = ["--fps", str(FPS_HZ), "--settings", settings, "--out", f"{camera}.npz", "--report", f"{camera}.json"]
    return _verb(root, "estimate-pose", "--camera", camera, "--kind", "openpose", "--source", source, *options)


def _verb(root: Path, *arguments: str) -> Cost:
    """Run a verb in `root`."""
    log = root / f"{arguments[0]}.log"
    library = {"PYTHONPATH": str(REPOSITORY / "workflow" / "lib")}
    cost = run([sys.executable, "-m", "kineograph.cli", *arguments], cwd=root, log=log, environment=library)
    if cost.code:
        raise RuntimeError(f"{' '.join(arguments)}: {log.read_text()}")
    return cost
