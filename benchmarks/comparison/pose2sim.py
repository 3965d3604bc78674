"""Pose2Sim: its own virtual environment, a run of its stages on a trial, and what came of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from comparison.processes import Cost, run
from comparison.result import Result, Trajectories
from comparison.scenes import FPS_HZ
from comparison.trial_files import TrialFiles
from kineograph.io.trc import WORLD_AXES_OF_TRC, read_trc

HERE = Path(__file__).parent
VERSION = "0.10.49"
TOOL = f"Pose2Sim {VERSION}"
REQUIREMENTS = HERE / "pose2sim.txt"
HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "MPLBACKEND": "Agg"}
SKELETONS = {"halpe26": "HALPE_26", "body25b": "BODY_25B", "blazepose": "BLAZEPOSE"}
STAGES = ["personAssociation", "triangulation", "filtering"]
NOT_OF_THE_DATA = ("GUI not available", "No video files")
"""Its warnings that there is no screen, and that it was given keypoints instead of videos."""


def install(folder: Path) -> Path:
    """Make the virtual environment where it is not there; its Python."""
    python = folder / "bin" / "python"
    record = folder / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if not (record.exists() and record.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
        record.write_text(wanted)
    return python


def run_pose2sim(
    python: Path,
    files: TrialFiles,
    *,
    tool: str = TOOL,
    settings: dict[str, Any] | None = None,
    stages: list[str] | None = None,
) -> Result:
    """Run its stages on a trial with its packaged settings, but for what headless running needs and `settings`."""
    folder = folder_of(files, tool)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "calibration").mkdir(parents=True)
    shutil.copy(files.calibration, folder / "calibration" / "Calib.toml")
    (folder / "pose").mkdir()  # not itself a link: its results go to the parent of what that points to
    for camera in files.cameras:
        (folder / "pose" / f"{camera}_json").symlink_to(files.keypoints / f"{camera}_json")
    if stages is None:
        stages = [*(["synchronization"] if files.synchronize else []), *STAGES]
    argument = json.dumps({"stages": stages, "settings": _settings(files, settings or {})})
    log = files.root / f"{folder.name}.log"
    cost = run([str(python), str(HERE / "pose2sim_stages.py"), argument], cwd=folder, log=log, environment=HEADLESS)
    return _result(tool, folder, files, cost, log.read_text(errors="replace"))


def folder_of(files: TrialFiles, tool: str = TOOL) -> Path:
    """The folder of its project."""
    return files.root / re.sub(r"\W+", "_", tool.lower())


def _settings(files: TrialFiles, changes: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "project": {"frame_rate": int(FPS_HZ), "multi_person": files.people > 1},
        "pose": {"pose_model": SKELETONS[files.skeleton]},
        "synchronization": {"synchronization_gui": False, "display_sync_plots": False, "save_sync_plots": False},
        "filtering": {"display_figures": False, "save_filt_plots": False},
    }
    for section, values in changes.items():
        settings[section] = settings.get(section, {}) | values
    return settings


def _result(tool: str, folder: Path, files: TrialFiles, cost: Cost, log: str) -> Result:
    outcome = {"cpu_s": {}, "warnings": [], "error": f"exit code {cost.code}"}
    if (folder / "outcome.json").exists():
        outcome = json.loads((folder / "outcome.json").read_text())
    said = [text for text in outcome["warnings"] if not text.startswith(NOT_OF_THE_DATA)]
    made = sorted((folder / "pose-3d").glob("*.trc"))
    return Result(
        tool=tool,
        triangulated=[_trajectories(path) for path in made if "_filt_" not in path.name],
        filtered=[_trajectories(path) for path in made if "_filt_" in path.name],
        offset_s=_offsets(folder, files),
        cpu_s=outcome["cpu_s"],
        total_cpu_s=cost.cpu_s,
        memory_mb=cost.memory_mb,
        said=said,
        named=frozenset(camera for camera in files.cameras if any(camera in text for text in said)),
        noted=_noted(log),
        error=outcome["error"] or "",
    )


def _trajectories(path: Path) -> Trajectories:
    markers = read_trc(path)
    to_world = np.argsort(WORLD_AXES_OF_TRC)
    return Trajectories(markers.names, markers.time_s, markers.position_m[..., to_world])


def _offsets(folder: Path, files: TrialFiles) -> np.ndarray:
    """The offsets by which it renumbered each camera's files; zero where it did not."""
    offsets = np.zeros(len(files.cameras))
    for index, camera in enumerate(files.cameras):
        before, after = (_last_number(folder / part / f"{camera}_json") for part in ("pose", "pose-sync"))
        if after is not None and before is not None:
            offsets[index] = (after - before) / FPS_HZ
    return offsets


def _last_number(folder: Path) -> int | None:
    numbers = [int(re.findall(r"\d+", path.stem)[-1]) for path in folder.glob("*.json")]
    return max(numbers, default=None)


def _noted(log: str) -> str:
    """What the log of its triangulation says of errors and of cameras left out."""
    error = re.search(r"Mean reprojection error for all points .*? is ([\d.]+) px", log)
    camera = re.search(r"Camera (\S+) was excluded (\d+)%", log)
    notes = [f"mean error {error[1]} px"] if error else []
    return ", ".join(notes + ([f"{camera[1]} left out {camera[2]} %"] if camera else []))
