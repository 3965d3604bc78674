"""Skeleton: the keypoints of a network or marker protocol, how they are joined, and their OpenSim set-up."""

from __future__ import annotations

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
        if name[:1] in "RL" and name[1:2].isupper():
            return "right" if name[0] == "R" else "left"
        return "middle"
