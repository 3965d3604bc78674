"""The people being followed, as arrays, and the record of who was seen when."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Stretch:
    """A person, from the first to the last of n frames in which two cameras saw them.

    Attributes
    ----------
    frames : (n,) array of int
        Ascending.
    detection : (n, C) array of int
        Each camera's detection; -1 for none.
    centre_m : (n, 3) array
        Middle of the trunk, m.
    """

    frames: IntArray
    detection: IntArray
    centre_m: FloatArray

    @property
    def support(self) -> int:
        """Number of detections."""
        return int((self.detection >= 0).sum())


@dataclass(eq=False)
class People:
    """Those being followed: A persons, K keypoints. Points are 0 where not known."""

    identity: IntArray
    points_m: FloatArray
    known: BoolArray
    velocity_m_s: FloatArray
    last_frame: IntArray
    frames_seen: IntArray
    views_seen: IntArray

    def only(self, which: BoolArray) -> People:
        """Some of them (A,)."""
        return People(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def and_new(self, identity: int, points_m: FloatArray, known: BoolArray, frame: int, views: int) -> People:
        """And one more, who was seen first in this frame by so many cameras."""
        one = (identity, points_m, known, np.zeros(3), frame, 1, views)
        both = (
            np.concatenate([getattr(self, name), np.asarray(value)[None]])
            for name, value in zip(self.__dataclass_fields__, one, strict=True)
        )
        return People(*both)


def nobody(keypoints: int) -> People:
    """No person yet."""
    none = np.zeros(0, int)
    return People(none, np.zeros((0, keypoints, 3)), np.zeros((0, keypoints), bool), np.zeros((0, 3)), none, none, none)


@dataclass(eq=False)
class Record:
    """What was seen, a row a person and frame."""

    frames: list[int] = field(default_factory=list)
    identities: list[int] = field(default_factory=list)
    detections: list[IntArray] = field(default_factory=list)
    centres_m: list[FloatArray] = field(default_factory=list)

    def add(self, frame: int, identity: int, detection: IntArray, centre_m: FloatArray) -> None:
        """A person was seen in a frame."""
        self.frames.append(frame)
        self.identities.append(identity)
        self.detections.append(detection)
        self.centres_m.append(centre_m)

    def stretches(self) -> list[Stretch]:
        """One a person, in the order of their beginnings."""
        if not self.frames:
            return []
        order = np.argsort(self.identities, kind="stable")
        frames, detections = np.array(self.frames)[order], np.array(self.detections)[order]
        centres = np.array(self.centres_m)[order]
        ends = np.flatnonzero(np.diff(np.array(self.identities)[order])) + 1
        parts = zip(np.split(frames, ends), np.split(detections, ends), np.split(centres, ends), strict=True)
        return [Stretch(*part) for part in parts]
