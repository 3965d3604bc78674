"""Keypoints as MMPose writes them: the predictions of its inferencer, and ``results_*.json`` of its demo scripts.

Format: ``MMPoseInferencer(..., pred_out_dir=...)`` (https://mmpose.readthedocs.io/en/latest/user_guides/inference.html)
writes for a video one JSON file, a list of frames with ``frame_id`` and ``instances``; for a folder of pictures a file a
picture, a list of instances. The demo scripts write a mapping of ``meta_info`` and ``instance_info``, the list of frames.
An instance has ``keypoints`` (x, y a keypoint) and ``keypoint_scores``. Every frame is listed, so frames count from the
first one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.dataset.listing import list_folder
from kineograph.keypoint_formats._reading import Source
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FILES = r"(results_)?(?P<camera>.+)(?i:\.json)"
FOLDERS = r"(?P<camera>.+)"
MEMBERS = r".+(?i:\.json)"
MARKS = ('"keypoint_scores"', '"instance_info"', '"instances"')
SKELETONS = {17: "coco17", 26: "halpe26"}

_NUMBERS = re.compile(r"\d+")


def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints, from a file or from a folder with a file a picture.

    Raises
    ------
    InputError
        Where it is no such JSON, two entries are the same frame, or people have different numbers of keypoints.
    """
    source = Source(path, "MMPose", "frames with 'instances' that have 'keypoints' and 'keypoint_scores'")
    names = None
    if path.is_dir():
        frames, first = _pictures(source)
    else:
        content, first = source.json(path), path
        if isinstance(content, dict) and "instance_info" in content:
            names = _names(content.get("meta_info"))
            content = content["instance_info"]
        frames = _frames(source, content)
    if not frames:
        raise source.unusable("no frame")
    source.check_frames(list(frames))
    start = min(frames)
    people = {number - start: found for number, found in frames.items()}
    counts = {len(person) for found in people.values() for person in found}
    if names is not None and counts - {len(names)}:
        names = None  # of another data set than the network's
    return source.gathered(people, max(people) + 1, names, first)


def _frames(source: Source, content: Any) -> dict[int, list[FloatArray]]:
    """The people of each frame of a video's file."""
    frames: dict[int, list[FloatArray]] = {}
    try:
        for entry in content:
            number = int(entry["frame_id"])
            if number in frames:
                raise source.unusable(f"frame {number} twice")
            frames[number] = [_person(instance) for instance in entry["instances"]]
    except (KeyError, TypeError, ValueError) as error:
        raise source.unusable(f"JSON without usable frames ({error!r})") from error
    return frames


def _pictures(source: Source) -> tuple[dict[int, list[FloatArray]], Path]:
    """The people of each picture of a folder, by the last number in its file's name."""
    files: dict[int, Path] = {}
    for entry in list_folder(source.path):
        numbers = _NUMBERS.findall(entry.name) if entry.name.lower().endswith(".json") else []
        if numbers and files.setdefault(int(numbers[-1][-18:]), Path(entry.path)) != Path(entry.path):
            raise source.unusable(f"two files of frame {int(numbers[-1][-18:])}")
    if not files:
        raise source.unusable("no JSON file with a frame number in its name")
    frames = {}
    for number, file in sorted(files.items()):
        try:
            frames[number] = [_person(instance) for instance in source.json(file)]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise source.unusable(f"JSON without usable instances ({error!r})", file) from error
    return frames, files[min(files)]


def _person(instance: Any) -> FloatArray:
    """The keypoints (K, 3) of an instance."""
    position = np.array(instance["keypoints"], dtype=float)
    score = np.array(instance["keypoint_scores"], dtype=float)
    if position.ndim != 2 or position.shape[1] not in (2, 3) or score.shape != position.shape[:1]:
        raise ValueError(f"keypoints of shape {position.shape} with scores of shape {score.shape}")
    return np.column_stack([position[:, :2], score])


def _names(meta: Any) -> tuple[str, ...] | None:
    """The keypoints' names, from what the network's data set says of itself."""
    try:
        by_id = {int(number): str(name) for number, name in meta["keypoint_id2name"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return tuple(by_id[number] for number in range(len(by_id))) if set(by_id) == set(range(len(by_id))) else None
