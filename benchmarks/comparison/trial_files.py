"""A scene on disk, once for both tools: OpenPose files, calibration, and each tool's configuration beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comparison.scenes import FPS_HZ, Scene
from kineograph.calibration_formats import toml
from kineograph.keypoint_formats import openpose
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D

SESSION, TRIAL = "S", "T"


@dataclass(frozen=True)
class TrialFiles:
    """Where a trial's files are, and what the tools need to be told of it.

    Attributes
    ----------
    root : Path
        The trial's folder of the benchmark.
    cameras : tuple of str
        Their names.
    skeleton : str
        Name of our skeleton card.
    people : int
        How many people are to be found.
    synchronize : bool
        Whether the tools are to look for offsets.
    """

    root: Path
    cameras: tuple[str, ...]
    skeleton: str
    people: int = 1
    synchronize: bool = False

    @property
    def dataset(self) -> Path:
        """The dataset folder in our layout."""
        return self.root / "data"

    @property
    def keypoints(self) -> Path:
        """The folder of the cameras' keypoint folders."""
        return self.dataset / SESSION / TRIAL / "keypoints"

    @property
    def calibration(self) -> Path:
        """The calibration, in the dialect that both tools read."""
        return self.dataset / SESSION / "calibration" / "calibration.toml"

    @property
    def participants(self) -> tuple[str, ...]:
        """Names for the people."""
        return tuple(f"P{index + 1}" for index in range(self.people))


def write_scene(scene: Scene, root: Path) -> TrialFiles:
    """Write a synthetic scene."""
    return write_trial(root, scene.rig, scene.keypoints, people=len(scene.people), synchronize=scene.synchronize)


def write_trial(
    root: Path, rig: Rig, keypoints: list[Keypoints2D], *, people: int = 1, synchronize: bool = False
) -> TrialFiles:
    """Write keypoints and calibration of any trial."""
    files = TrialFiles(root, rig.names, keypoints[0].skeleton, people, synchronize)
    for item in keypoints:
        openpose.write(files.keypoints / f"{item.camera}_json", item)
    toml.write(files.calibration, rig)
    names = ",".join(files.participants)
    (files.dataset / "trials.tsv").write_text(f"session\ttrial\tparticipants\n{SESSION}\t{TRIAL}\t{names}\n")
    return files


def write_configuration(files: TrialFiles, folder: Path, changes: dict[str, dict[str, Any]]) -> Path:
    """Our configuration of the trial with its results in `folder`: the defaults, but for `changes`."""
    config: dict[str, Any] = {
        "dataset": str(files.dataset),
        "results": str(folder / "results"),
        "inputs": {"fps_hz": FPS_HZ},
        "pose": {"keypoint_skeleton": files.skeleton},
    }
    if not files.synchronize:
        config["synchronization"] = {"method": "none"}
    for section, values in changes.items():
        config[section] = config.get(section, {}) | values
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(json.dumps(config, indent=2))  # JSON is YAML
    return path
