"""Keypoints as OpenPose's JSON, a file a frame and a folder a camera, in one ZIP archive.

Every detection is there; ``person_id`` is the participant's number in the trial (0 for the first), -1 for whom the association
took for nobody. Frames are those of each camera's video, from 0, before any synchronisation. The archive unpacks to what Pose2Sim
expects in ``pose/``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.exports._zip_file import write_zip
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import IntArray
from kineograph.model.tracks import NOT_SEEN, PersonTracks

LEVEL = "trial"
FILES = ("openpose.zip",)
NEEDS = ("keypoints", "tracks")
VERSION = 1.3
EMPTY = (
    "face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "pose_keypoints_3d", "face_keypoints_3d",
    "hand_left_keypoints_3d", "hand_right_keypoints_3d",
)  # fmt: skip
PIXEL_DIGITS, CONFIDENCE_DIGITS = 3, 5


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the archive; of a trial without keypoints it is empty."""
    members: dict[str, bytes] = {}
    for keypoints in subject.keypoints:
        owners = _owners(keypoints, subject.tracks)
        for frame in range(keypoints.n_frames):
            name = f"{keypoints.camera}_json/{keypoints.camera}_{frame:012d}_keypoints.json"
            members[name] = _frame(keypoints, frame, owners[frame])
    write_zip(paths[0], members)


def _owners(keypoints: Keypoints2D, tracks: PersonTracks) -> IntArray:
    """Whose each detection is, (F, D): the participant's number, or -1."""
    owners: IntArray = np.full(keypoints.position_px.shape[:2], NOT_SEEN)
    if keypoints.camera not in tracks.cameras:
        return owners
    camera = tracks.cameras.index(keypoints.camera)
    for person in range(len(tracks.participants)):
        frame, detection = tracks.frame[:, camera], tracks.detection[:, person, camera]
        seen = (frame >= 0) & (detection >= 0) & (frame < len(owners))
        owners[frame[seen], detection[seen]] = person
    return owners


def _frame(keypoints: Keypoints2D, frame: int, owners: IntArray) -> bytes:
    people = []
    for detection, owner in enumerate(owners):
        position, confidence = keypoints.position_px[frame, detection], keypoints.confidence[frame, detection]
        found = np.isfinite(position).all(axis=1)
        if not found.any():
            continue
        values = np.column_stack([position.round(PIXEL_DIGITS), confidence.round(CONFIDENCE_DIGITS)])
        values[~found] = 0.0
        people.append(
            {"person_id": [int(owner)], "pose_keypoints_2d": values.ravel().tolist()} | {key: [] for key in EMPTY}
        )
    return json.dumps({"version": VERSION, "people": people}, separators=(",", ":"), allow_nan=False).encode()
