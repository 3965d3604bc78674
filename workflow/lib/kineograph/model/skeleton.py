"""Skeleton: the keypoints of a network or marker protocol, how they are joined, and their OpenSim set-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class OpenSimSetup:
    """Names of the set-up files that fit a skeleton.

    Attributes
    ----------
    markers, scaling, inverse_kinematics : str
        File names in the OpenSim set-up folder.
    """

    markers: str
    scaling: str
    inverse_kinematics: str


@dataclass(frozen=True)
class Skeleton:
    """A set of keypoints.

    Attributes
    ----------
    name : str
        Name of the card.
    keypoints : tuple of str
        K names, in the order of the network's channels or the file's columns; the names of OpenSim markers where one exists.
    bones : tuple of (str, str)
        Keypoints joined by a line when the skeleton is drawn.
    virtual : dict of str to tuple of str
        Markers that are the mean of keypoints, such as a Neck between the shoulders.
    tracking : tuple of str
        Keypoints of the trunk that are used to follow a person.
    opensim : OpenSimSetup or None
        None where no marker set is known for this skeleton.
    """

    name: str
    keypoints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...]
    virtual: dict[str, tuple[str, ...]]
    tracking: tuple[str, ...]
    opensim: OpenSimSetup | None

    def index(self, name: str) -> int:
        """The position of a keypoint; ValueError where the skeleton has none of that name."""
        return self.keypoints.index(name)

    def side(self, name: str) -> str:
        """'right', 'left' or 'middle', by the keypoint's name."""
        return side(name)

    def counterpart(self, name: str) -> str:
        """The same keypoint on the other side; the keypoint itself where there is none."""
        return counterpart(name, self.keypoints)

    def limbs(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """The limbs that have a left and a right side, each as the (left, right) indices of its keypoints.

        A limb is what bones join on one side, without the bones of the trunk (between two of `tracking`); it has the name of
        its first keypoint, without the side.
        """
        index = {name: place for place, name in enumerate(self.keypoints)}
        names = [name[1:] for name in self.keypoints if self.side(name) == "left" and self.counterpart(name) != name]
        limb = {name: name for name in names}
        for first, second in self.bones:
            same_side = self.side(first) == self.side(second) != "middle"
            if same_side and not {first, second} <= set(self.tracking) and {first[1:], second[1:]} <= set(limb):
                old, new = sorted((limb[first[1:]], limb[second[1:]]), key=names.index, reverse=True)
                limb = {name: new if group == old else group for name, group in limb.items()}
        return {
            group: tuple((index["L" + name], index["R" + name]) for name in names if limb[name] == group)
            for group in dict.fromkeys(limb.values())
        }


def side(name: str) -> str:
    """'right', 'left' or 'middle', by a keypoint's name."""
    if name[:1] in "RL" and name[1:2].isupper():
        return "right" if name[0] == "R" else "left"
    return "middle"


def counterpart(name: str, among: Sequence[str]) -> str:
    """The keypoint on the other side, if it is among these; the keypoint itself where there is none."""
    twin = {"left": "R", "right": "L", "middle": name[:1]}[side(name)] + name[1:]
    return twin if twin in among else name
