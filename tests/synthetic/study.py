"""A whole synthetic study on disk: videos of dots, calibrations, sheets, model cards and a configuration."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import yaml

from kineograph.calibration_formats import toml
from kineograph.geometry.projection import project
from kineograph.io.skeletons import read_skeleton
from kineograph.keypoint_formats import openpose
from synthetic.networks import render, write_cards
from synthetic.scene import Faults, film, on_path, ring, walker

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE_PX = (640, 480)
FPS_HZ = 60.0
FRAMES = 24
WALK_FPS_HZ = 30.0


def rig(cameras: int = 3):
    """The study's cameras."""
    return ring(cameras, radius_m=4.0, height_m=1.4, size_px=SIZE_PX, focal_px=640.0, distortion=(0, 0, 0, 0))


def halpe26():
    """The skeleton of its people."""
    return read_skeleton(REPOSITORY / "resources" / "skeletons" / "halpe26.toml")


def write_videos(folder: Path, *, phase: float, cameras: int = 3, frames: int = FRAMES) -> None:
    """Videos of a walker made of dots, one a camera."""
    folder.mkdir(parents=True, exist_ok=True)
    points = walker(halpe26(), phase=phase)(np.arange(frames) / FPS_HZ)
    for camera in rig(cameras).cameras:
        writer = cv2.VideoWriter(str(folder / f"{camera.name}.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), FPS_HZ, SIZE_PX)
        for frame in points:
            writer.write(render(project(camera, frame), SIZE_PX, radius_px=4))
        writer.release()


def write_keypoints(folder: Path, *, phase: float, cameras: int = 3, seconds: float = FRAMES / FPS_HZ) -> None:
    """OpenPose folders of a walker, one a camera."""
    seen = film(rig(cameras), halpe26(), [walker(halpe26(), phase=phase)], seconds=seconds, fps_hz=FPS_HZ)
    for item in seen:
        openpose.write(folder / f"{item.camera}_json", item)


def write_study(
    root: Path, trials: tuple[str, ...] = ("T1", "T2"), source: str = "keypoints", cameras: int = 3
) -> Path:
    """A study of one session; the path of its configuration.

    Parameters
    ----------
    root : Path
        An empty folder: the dataset goes to ``root/data``, results will go to ``root/results``.
    trials : tuple of str
        Their names.
    source : str
        ``videos``, ``keypoints``, or ``mixed`` for videos in the first trial and keypoints in the others.
    """
    data = root / "data"
    for index, trial in enumerate(trials):
        if source == "videos" or (source == "mixed" and index == 0):
            write_videos(data / "S1" / trial / "videos", phase=0.7 * index, cameras=cameras)
        else:
            write_keypoints(data / "S1" / trial / "keypoints", phase=0.7 * index, cameras=cameras)
    (data / "S1" / "calibration").mkdir(parents=True, exist_ok=True)
    toml.write(data / "S1" / "calibration" / "calibration.toml", rig(cameras))
    (data / "participants.tsv").write_text("participant\theight_m\tmass_kg\nP1\t1.75\t70\n")
    config = {
        "dataset": "data",
        "inputs": {"fps_hz": FPS_HZ},
        "pose": {"keypoint_skeleton": "halpe26", "device": "cpu", "detect_every_frames": 1, "min_mean_confidence": 0.2},
    }
    config["pose"]["model"] = str(write_cards(root / "cards").relative_to(root))
    path = root / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def copy_project(target: Path) -> Path:
    """A copy of what running the workflow takes, so that tests can edit its code."""
    for name in ("workflow", "resources", "profiles", "envs", "config"):
        shutil.copytree(REPOSITORY / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "Snakefile", target / "Snakefile")
    return target


def person_walking_about(phase: float = 0.0):
    """A person who walks a loop through the room."""
    return on_path(
        walker(halpe26(), phase=phase),
        lambda t: np.stack([1.1 * np.sin(t * 0.8 + phase), 0.9 * np.sin(t * 1.1 + 2 * phase)], axis=-1),
    )


def write_people_study(root: Path, trials: tuple[str, ...] = ("T1", "T2")) -> Path:
    """A study whose cameras have lenses only: their poses are to be found from a person who walks about; its configuration."""
    path = write_study(root, trials=())
    for index, trial in enumerate(trials):
        write_walk(root / "data" / "S1" / trial / "keypoints", phase=0.7 * index, seed=index)
    nowhere = [replace(camera, rotation=np.eye(3), translation_m=np.zeros(3)) for camera in rig().cameras]
    toml.write(root / "data" / "S1" / "calibration" / "calibration.toml", replace(rig(), cameras=tuple(nowhere)))
    config = yaml.safe_load(path.read_text())
    config["inputs"]["fps_hz"] = WALK_FPS_HZ
    config["calibration"] = {"method": "people", "intrinsics": "file"}
    config["synchronization"] = {"method": "none"}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def write_walk(folder: Path, *, phase: float, seconds: float = 3.0, seed: int = 0) -> None:
    """OpenPose folders of a person who walks about, seen with some noise."""
    person, noise = person_walking_about(phase), Faults(noise_px=0.7)
    seen = film(rig(), halpe26(), [person], seconds=seconds, fps_hz=WALK_FPS_HZ, faults=noise, seed=seed)
    for item in seen:
        openpose.write(folder / f"{item.camera}_json", item)
