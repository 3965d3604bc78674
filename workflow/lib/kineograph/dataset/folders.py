"""Finding the cameras of a trial, and the trials of a dataset, in their folders."""

from __future__ import annotations

import os
from pathlib import Path

from kineograph.dataset.keypoint_files import find_keypoint_files
from kineograph.dataset.listing import list_folder
from kineograph.dataset.names import check_name
from kineograph.dataset.records import CalibrationSource, CameraSource, Trial
from kineograph.errors import InputError, Mistakes

VIDEO_SUFFIXES = {".mp4", ".mov", ".avi", ".mkv", ".m4v", ".mpg", ".mpeg", ".webm", ".wmv", ".mts"}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"}
BESIDE_SUFFIXES = {
    ".txt",
    ".tsv",
    ".csv",
    ".json",
    ".toml",
    ".yaml",
    ".xml",
    ".md",
    ".log",
    ".srt",
    ".wav",
    ".lrv",
    ".thm",
}
"""Files that people and cameras leave beside videos: notes, timestamps, sound, previews (GoPro's .lrv and .thm)."""
CAMERA = "{camera}"
"""Stands for a camera's name in the path of videos."""
VIDEO_FOLDERS = ("videos",)
KEYPOINT_FOLDERS = ("keypoints", "pose")
CALIBRATION_FOLDER = "calibration"
DEFAULT_PARTICIPANT = "P1"


def find_videos(folder: Path) -> tuple[CameraSource, ...]:
    """The cameras of a folder of videos or of folders of pictures, one each, in natural order.

    A path with ``{camera}`` in it (``Videos/{camera}/walk/*.mp4``) is a pattern: a video a camera, which is named by that part.
    """
    if CAMERA in str(folder):
        return _matching_videos(str(folder))
    cameras = []
    for entry in list_folder(folder):
        path = Path(entry.path)
        if entry.is_dir():
            if any(Path(item.name).suffix.lower() in IMAGE_SUFFIXES for item in list_folder(path)):
                cameras.append(_camera(entry.name, "images", path))
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            cameras.append(_camera(path.stem, "video", path))
    return _unique(cameras, folder)


def _matching_videos(pattern: str) -> tuple[CameraSource, ...]:
    """The videos that a pattern names, in natural order of their cameras."""
    before, _, after = pattern.partition(CAMERA)
    parent, prefix = os.path.split(before)
    rest, _, inside = after.partition("/")
    cameras = []
    for entry in list_folder(Path(parent)):
        name = entry.name.removeprefix(prefix).removesuffix(rest)
        if entry.name != f"{prefix}{name}{rest}" or not entry.is_dir():
            continue
        for path in sorted(Path(entry.path).glob(inside)):
            if path.suffix.lower() in VIDEO_SUFFIXES:
                cameras.append(_camera(name, "video", path))
    return _unique(cameras, Path(parent))


def unrecognised(folder: Path) -> list[str]:
    """Names of files in a folder of videos that are none, nor what is usual beside them, nor named like one of its cameras."""
    files = [Path(entry.path) for entry in list_folder(folder) if entry.is_file()]
    cameras = {path.stem for path in files if path.suffix.lower() in VIDEO_SUFFIXES}
    known = VIDEO_SUFFIXES | BESIDE_SUFFIXES
    return [path.name for path in files if path.suffix.lower() not in known and path.stem not in cameras]


def find_keypoints(folder: Path) -> tuple[CameraSource, ...]:
    """The cameras of a folder of keypoint files (``cam01_json``, ``cam01.h5``, ``cam01DLC_resnet50.csv``), in natural order."""
    return _unique(find_keypoint_files(folder), folder)


def find_cameras(trial: Path) -> tuple[CameraSource, ...]:
    """The cameras of a trial's folder: its videos, else its precomputed keypoints."""
    for name in VIDEO_FOLDERS:
        if cameras := find_videos(trial / name):
            return cameras
    for name in KEYPOINT_FOLDERS:
        if cameras := find_keypoints(trial / name):
            return cameras
    return ()


def find_calibration(session: Path, trial: Path, trial_name: str) -> CalibrationSource:
    """The trial's own calibration folder where it has one, else its session's."""
    own = trial / CALIBRATION_FOLDER
    if own.is_dir():
        return CalibrationSource(f"trial-{trial_name}", own)
    return CalibrationSource("session", session / CALIBRATION_FOLDER)


def scan(root: Path, mistakes: Mistakes) -> tuple[Trial, ...]:
    """The trials of ``root/session/trial/videos`` (or ``keypoints``); folders whose names can't be used are noted.

    Raises
    ------
    InputError
        Where the folder is missing, or holds no trial.
    """
    if not root.is_dir():
        raise InputError(
            f"the dataset folder {root} is not there",
            expected="a folder <dataset>/<session>/<trial>/videos, or a trials.tsv",
            found="no such folder",
            hint="correct 'dataset' in the configuration (paths count from where snakemake runs)",
        )
    trials, folders = [], 0
    for session in list_folder(root):
        if not session.is_dir():
            continue
        for entry in list_folder(Path(session.path)):
            if not entry.is_dir() or entry.name == CALIBRATION_FOLDER:
                continue
            folders += 1
            with mistakes.noted():
                trials.append(_scan_trial(Path(session.path), Path(entry.path)))
    if not folders:
        raise InputError(
            f"the dataset folder {root} holds no trial",
            expected="<dataset>/<session>/<trial>/videos with a video a camera",
            found=", ".join(entry.name for entry in list_folder(root)[:8]) or "an empty folder",
            hint="arrange the folders so, or write a trials.tsv (config/README.md)",
        )
    return tuple(trials)


def _scan_trial(session: Path, folder: Path) -> Trial:
    cameras = find_cameras(folder)
    places = " or ".join(f"{name}/" for name in (*VIDEO_FOLDERS, *KEYPOINT_FOLDERS))
    return Trial(
        session=check_name("session", session.name, str(session.parent)),
        name=check_name("trial", folder.name, str(session)),
        participants=(DEFAULT_PARTICIPANT,),
        cameras=cameras,
        calibration=find_calibration(session, folder, folder.name),
        problems=() if cameras else (f"no camera: {places} of {folder} hold neither videos nor keypoints",),
    )


def _camera(name: str, kind: str, path: Path) -> CameraSource:
    return CameraSource(check_name("camera", name, str(path.parent)), kind, path)


def _unique(cameras: list[CameraSource], folder: Path) -> tuple[CameraSource, ...]:
    names = [camera.name for camera in cameras]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"two files of {folder} are camera '{twice[0]}'",
            expected="one video or folder a camera",
            found=", ".join(camera.path.name for camera in cameras if camera.name == twice[0]),
            hint="move one of them away",
        )
    return tuple(cameras)
