"""Keypoints as OpenCap keeps them: a pickle a camera, such as ``<trial>_keypoints.pkl`` or ``<trial>_rotated_pp.pkl``.

A list of frames, each a list of people as OpenPose's JSON has them (``pose_keypoints_2d``, 25 keypoints of BODY_25, whether
they come from OpenPose or from HRNet); see ``loadPklVideo`` of
https://github.com/stanfordnmbl/opencap-core/blob/main/utilsChecker.py. The positions are in the rotated video
(``*_rotated.avi``), as its calibration is. Nothing that a pickle names is run.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.io.inert_pickle import read_inert
from kineograph.keypoint_formats._reading import Source
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FILES = r"(?P<camera>.+?)(_keypoints|_rotated_pp|_rotated)?(?i:\.(pkl|pickle))"
FOLDERS = r"(?P<camera>.+)"
MEMBERS = r".+(_keypoints|_rotated_pp)\.pkl"
MARKS = ("pose_keypoints_2d",)
SKELETONS = {25: "body25"}


def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints, from its file or from a folder with that one file.

    Raises
    ------
    InputError
        Where it is no pickle, names anything to run, or holds anything but frames of people.
    """
    source = Source(path, "OpenCap", "a pickle with a list of frames, each a list of people with 'pose_keypoints_2d'")
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix == ".pkl" and not file.name.startswith("."))
        if len(files) != 1:
            raise source.unusable(f"{len(files)} pickles in the folder", hint="keep the one of this trial there")
        path = files[0]
    try:
        frames = read_inert(source.content(path))
    except (pickle.UnpicklingError, ValueError) as error:
        hint = "don't open a pickle of unknown origin with other tools; download the session from OpenCap again"
        raise source.unusable(str(error), path, hint) from error
    if not isinstance(frames, list) or not frames:
        raise source.unusable(
            f"a {type(frames).__name__} of length {len(frames) if isinstance(frames, list) else '?'}", path
        )
    try:
        people = {index: [_person(person) for person in found] for index, found in enumerate(frames)}
    except (KeyError, TypeError, ValueError) as error:
        raise source.unusable(f"a frame without usable people ({error!r})", path) from error
    named = {index: [person for person in found if len(person)] for index, found in people.items()}
    return source.gathered(named, len(frames), file=path)


def _person(person: Any) -> FloatArray:
    """The keypoints (K, 3) of a person; where the value is nan nothing was found."""
    values = person["pose_keypoints_2d"]
    flat: FloatArray = (
        values.ravel() if isinstance(values, np.ndarray) else np.fromiter(values, dtype=float, count=len(values))
    )
    if len(flat) % 3:
        raise ValueError(f"{len(flat)} numbers, which are not x, y and confidence each")
    keypoints: FloatArray = np.nan_to_num(flat.reshape(-1, 3).astype(float))
    return keypoints
