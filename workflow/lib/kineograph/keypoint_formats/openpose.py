"""Keypoints as OpenPose writes them, and Pose2Sim too: a folder a camera, a JSON file a frame.

Format: https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md: ``people``, each with
``pose_keypoints_2d``, a flat list of x, y, confidence; zeros where a keypoint was not found.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from kineograph.dataset.listing import list_folder
from kineograph.io.atomic import write_text
from kineograph.keypoint_formats._reading import Source, triplets
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FOLDERS = r"(?P<camera>.+?)(_json)?"
MEMBERS = r".+\.json"
UNLIKE = '"keypoint_scores"'

_NUMBERS = re.compile(r"\d+")


def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints. Frames without a file have nobody.

    Raises
    ------
    InputError
        Where a file is not such JSON, or people have different numbers of keypoints.
    """
    source = _source(path)
    files = _numbered(source)
    people = {frame: _people(source, file) for frame, file in files.items()}
    first = next((files[frame] for frame, found in people.items() if found), None)
    return source.gathered(people, max(people) + 1, file=first)


def count_frames(path: Path) -> int:
    """The number of frames, by the names of the files."""
    return max(frame_files(path)) + 1


def frame_files(folder: Path) -> dict[int, Path]:
    """The files of a folder by frame, counted from 0 at the first file.

    The frame is the last number in a file's name; folders count from 0, from 1 or from any other number. Files that are no
    JSON are passed over.

    Raises
    ------
    InputError
        Where no file has a number, or two have the same.
    """
    return _numbered(_source(folder))


def write(folder: Path, keypoints: Keypoints2D) -> None:
    """Write a camera's keypoints as OpenPose does, frames counted from 0."""
    for frame in range(keypoints.n_frames):
        people = []
        for position, confidence in zip(keypoints.position_px[frame], keypoints.confidence[frame], strict=True):
            if np.isfinite(position).any():
                values = np.nan_to_num(np.column_stack([position, confidence]))
                people.append({"person_id": [-1], "pose_keypoints_2d": [round(float(v), 6) for v in values.ravel()]})
        text = json.dumps({"version": 1.3, "people": people})
        write_text(folder / f"{keypoints.camera}_{frame:012d}_keypoints.json", text)


def _source(folder: Path) -> Source:
    return Source(folder, "OpenPose", "JSON files with 'people' and their 'pose_keypoints_2d', one a frame")


def _numbered(source: Source) -> dict[int, Path]:
    numbered: dict[int, Path] = {}
    for entry in list_folder(source.path):
        if not entry.name.endswith(".json"):
            continue
        numbers = _NUMBERS.findall(entry.name.removesuffix("_keypoints.json").removesuffix(".json"))
        if not numbers:
            continue
        number = int(numbers[-1][-18:])
        if number in numbered:
            raise source.unusable(f"two files of frame {number}: {numbered[number].name} and {entry.name}")
        numbered[number] = Path(entry.path)
    if not numbered:
        raise source.unusable("no JSON file with a frame number in its name")
    source.check_frames(list(numbered))
    first = min(numbered)
    return {number - first: path for number, path in sorted(numbered.items())}


def _people(source: Source, file: Path) -> list[FloatArray]:
    """The people of one frame, (K, 3) each; people without a number are nobody."""
    content = source.json(file)
    try:
        people = [triplets(person["pose_keypoints_2d"]) for person in content["people"]]
    except (KeyError, TypeError, ValueError) as error:
        what = str(error) if isinstance(error, ValueError) else repr(error)
        raise source.unusable(f"JSON without usable people ({what})", file) from error
    return [person for person in people if len(person)]
