"""Skeleton cards: one TOML file a skeleton."""

from __future__ import annotations

from pathlib import Path

from kineograph.catalog.cards import read_card
from kineograph.errors import InputError, nearest
from kineograph.model.skeleton import OpenSimSetup, Skeleton

_KEYS = {"name", "title", "source", "keypoints", "bones", "virtual", "tracking", "opensim"}


def read_skeleton(path: Path) -> Skeleton:
    """Read a skeleton card.

    Raises
    ------
    InputError
        Where the card is not there, or names a keypoint that it does not have.
    """
    card = read_card(path, "skeleton", _KEYS)
    try:
        keypoints = tuple(str(name) for name in card["keypoints"])
        opensim = card.get("opensim")
        skeleton = Skeleton(
            name=card["name"],
            keypoints=keypoints,
            bones=tuple((bone[0], bone[1]) for bone in card["bones"]),
            virtual={name: tuple(parts) for name, parts in card.get("virtual", {}).items()},
            tracking=tuple(card["tracking"]),
            opensim=OpenSimSetup(**opensim) if opensim else None,
        )
    except (KeyError, TypeError, IndexError) as error:
        raise _unusable(path, f"no usable {error}") from error
    if len(set(keypoints)) != len(keypoints):
        raise _unusable(path, "a keypoint twice")
    named = [name for bone in skeleton.bones for name in bone] + list(skeleton.tracking)
    named += [name for parts in skeleton.virtual.values() for name in parts]
    for name in named:
        if name not in keypoints and name not in skeleton.virtual:
            raise _unusable(path, f"'{name}', which is none of its keypoints. {nearest(name, keypoints)}")
    return skeleton


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"the skeleton card {path} can't be used",
        expected="keypoints, bones and tracking points that name its own keypoints",
        found=found,
        hint="compare it with resources/skeletons/halpe26.toml",
    )
