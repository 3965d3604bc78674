"""Keypoints as OpenPose writes them: a folder a camera, a JSON file a frame.

Format: https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md: ``people``, each with
``pose_keypoints_2d``, a flat list of x, y, confidence; zeros where a keypoint was not found.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.dataset.folders import list_folder
from kineograph.errors import InputError
from kineograph.io.atomic import write_text
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray, finite
from kineograph.model.skeleton import Skeleton

_NUMBERS = re.compile(r"\d+")
MOST_FRAMES = 10_000_000


def frame_files(folder: Path) -> dict[int, Path]:
    """The files of a folder by frame, counted from 0 at the first file.

    The frame is the last number in a file's name; folders count from 0, from 1 or from any other number. Files that are no
    JSON are passed over.

    Raises
    ------
    InputError
        Where no file has a number, or two have the same.
    """
    numbered: dict[int, Path] = {}
    for entry in list_folder(folder):
        if not entry.name.endswith(".json"):
            continue
        numbers = _NUMBERS.findall(entry.name.removesuffix("_keypoints.json").removesuffix(".json"))
        if not numbers:
            continue
        number = int(numbers[-1])
        if number in numbered:
            raise _unusable(folder, f"two files of frame {number}: {numbered[number].name} and {entry.name}")
        numbered[number] = Path(entry.path)
    if not numbered:
        raise _unusable(folder, "no JSON file with a frame number in its name")
    first, last = min(numbered), max(numbered)
    if last - first > MOST_FRAMES:
        raise _unusable(folder, f"frame numbers from {first} to {last}")
    return {number - first: path for number, path in sorted(numbered.items())}


def read_openpose(folder: Path, camera: str, skeleton: Skeleton, fps_hz: float) -> Keypoints2D:
    """Read a camera's keypoints. Frames without a file have no people.

    Raises
    ------
    InputError
        Where a file is not such JSON, or has another number of keypoints than the skeleton.
    """
    files = frame_files(folder)
    count = len(skeleton.keypoints)
    people = {frame: _read_people(path, count, skeleton.name) for frame, path in files.items()}
    frames = max(people) + 1
    most = max(len(found) for found in people.values())
    values = np.full((frames, most, count, 3), np.nan)
    for frame, found in people.items():
        values[frame, : len(found)] = found
    confidence = np.nan_to_num(values[..., 2])
    position = np.where((confidence > 0)[..., None], values[..., :2], np.nan)
    return Keypoints2D(
        camera=camera,
        skeleton=skeleton.name,
        names=skeleton.keypoints,
        position_px=position,
        confidence=confidence,
        bbox_px=_boxes(position),
        fps_hz=fps_hz,
        time_s=np.arange(frames) / fps_hz,
        size_px=(0, 0),
    )


def write_openpose(folder: Path, keypoints: Keypoints2D) -> None:
    """Write a camera's keypoints as OpenPose does, frames counted from 0."""
    for frame in range(keypoints.n_frames):
        people = []
        for position, confidence in zip(keypoints.position_px[frame], keypoints.confidence[frame], strict=True):
            if np.isfinite(position).any():
                values = np.nan_to_num(np.column_stack([position, confidence]))
                people.append({"person_id": [-1], "pose_keypoints_2d": [round(float(v), 6) for v in values.ravel()]})
        text = json.dumps({"version": 1.3, "people": people})
        write_text(folder / f"{keypoints.camera}_{frame:012d}_keypoints.json", text)


def _read_people(path: Path, count: int, skeleton: str) -> FloatArray:
    """The people of one frame, (people, K, 3)."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        people = [person["pose_keypoints_2d"] for person in content["people"]]
        lists = [np.array(values, dtype=float) for values in people if len(values)]
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _unusable(path, f"JSON that breaks off or is damaged ({error})") from error
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable(path, f"JSON without usable people ({error!r})") from error
    for values in lists:
        if values.shape != (count * 3,):
            raise InputError(
                f"{path.name} has another number of keypoints than the skeleton '{skeleton}'",
                expected=f"{count} keypoints ({count * 3} numbers a person)",
                found=f"{values.size} numbers, {values.size / 3:g} keypoints",
                hint="set pose.keypoint_skeleton to the skeleton of the files",
                where=str(path.parent),
            )
        if not np.isfinite(values).all():
            raise _unusable(path, "a number that is not finite")
    return np.array(lists).reshape(-1, count, 3)


def _boxes(position_px: FloatArray) -> FloatArray:
    """The box (F, D, 4) around each person's keypoints, NaN where there is nobody."""
    seen = finite(position_px)
    filled_low = np.where(seen[..., None], position_px, np.inf).min(axis=2, initial=np.inf)
    filled_high = np.where(seen[..., None], position_px, -np.inf).max(axis=2, initial=-np.inf)
    boxes = np.concatenate([filled_low, filled_high], axis=-1)
    boxes[~seen.any(axis=-1)] = np.nan
    return boxes


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path} can't be read as OpenPose keypoints",
        expected="JSON files with 'people' and their 'pose_keypoints_2d', one a frame",
        found=found,
        hint="write the keypoints again, or remove the file: a frame without a file has no people",
    )
