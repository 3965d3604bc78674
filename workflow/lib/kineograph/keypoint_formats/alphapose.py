"""Keypoints as AlphaPose writes them: one JSON file a camera, ``alphapose-results.json``.

Format: https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md: a list of people, each with ``image_id`` and
``keypoints``, a flat list of x, y, confidence; with the options 'cmu' and 'open' a mapping from pictures to ``bodies`` with
``joints``, or to ``people`` with ``pose_keypoints_2d``. The number in a picture's name is the frame, as AlphaPose numbers
the frames of a video from 0; frames without anybody are not in the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kineograph.keypoint_formats._reading import Source, triplets
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FILES = r"(?P<camera>.+?)([-_.]?alphapose(-results)?)?(?i:\.json)"
FOLDERS = r"(?P<camera>.+)"
MEMBERS = r"alphapose-results\.json"
MARKS = ('"image_id"', '"bodies"', '"people"')
SKELETONS = {17: "coco17", 26: "halpe26"}

COCO18 = (
    "Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "RHip", "RKnee", "RAnkle", "LHip", "LKnee",
    "LAnkle", "REye", "LEye", "REar", "LEar",
)  # fmt: skip
"""The keypoints of the options 'cmu' and 'open', which turn COCO's 17 into OpenPose's order of 18."""
_NUMBERS = re.compile(r"\d+")


def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints, from the file or from the folder that holds it. Frames that it lacks have nobody.

    Raises
    ------
    InputError
        Where it is no such JSON, or people have different numbers of keypoints.
    """
    source = Source(
        path, "AlphaPose", "a list of people with 'image_id' and 'keypoints', or pictures with their people"
    )
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if re.fullmatch(MEMBERS, file.name)]
        if not files:
            raise source.unusable("a folder without alphapose-results.json")
        path = files[0]
    content = source.json(path)
    people: defaultdict[int, list[FloatArray]] = defaultdict(list)
    try:
        for picture, keypoints in _people(content):
            numbers = _NUMBERS.findall(str(picture))
            if not numbers:
                raise source.unusable(f"a picture without a number in its name: {str(picture)[:60]!r}", path)
            people[int(numbers[-1][-18:])].append(triplets(keypoints))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = str(error) if isinstance(error, ValueError) else repr(error)
        raise source.unusable(f"JSON without usable people ({what})", path) from error
    if not people:
        raise source.unusable("nobody in any frame", path)
    source.check_frames([0, *people])
    names = (
        COCO18 if isinstance(content, dict) and all(len(p) == len(COCO18) for f in people.values() for p in f) else None
    )
    return source.gathered(people, max(people) + 1, names, path)


def _people(content: Any) -> Iterator[tuple[Any, Any]]:
    """The picture and the keypoints of each person."""
    if isinstance(content, list):
        for person in content:
            yield person["image_id"], person["keypoints"]
    else:
        for picture, found in content.items():
            for person in found["bodies"] if "bodies" in found else found["people"]:
                yield picture, person["joints"] if "joints" in person else person["pose_keypoints_2d"]
