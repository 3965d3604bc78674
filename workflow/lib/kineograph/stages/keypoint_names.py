"""Which keypoint of a skeleton a name means that somebody else has chosen: LHip, left_hip, hip_L, "Left Hip"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kineograph.model.skeleton import Skeleton

SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
SAME = {"midhip": "hip", "chip": "hip", "pelvis": "hip", "root": "hip"}
"""Other names of keypoints in the middle of the body: OpenPose's MidHip, Pose2Sim's CHip, pelvis and root of other sets."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Key = tuple[str, str]
"""The side ('left', 'right' or '') and the rest of a name in small letters."""


def matched(names: Sequence[str], skeleton: Skeleton) -> list[str | None]:
    """The skeleton's keypoint that each name means; None where it means none of them."""
    known = {_key(name): name for name in skeleton.keypoints}
    return [name if name in skeleton.keypoints else known.get(_key(name)) or _glued(name, known) for name in names]


def _key(name: str) -> Key:
    words = [word.casefold() for word in _WORDS.findall(name)]
    sides = [word for word in words if word in SIDES]
    if len(sides) == 1:
        words.remove(sides[0])
    rest = "".join(words)
    side = SIDES[sides[0]] if len(sides) == 1 else ""
    return side, rest if side else SAME.get(rest, rest)


def _glued(name: str, known: dict[Key, str]) -> str | None:
    """A name whose side is not set apart (lhip, hipright), where the skeleton has the rest."""
    small = "".join(_WORDS.findall(name)).casefold()
    for word, side in sorted(SIDES.items(), key=lambda item: -len(item[0])):
        for rest in (small.removeprefix(word), small.removesuffix(word)):
            if rest != small and (side, rest) in known:
                return known[side, rest]
    return None
