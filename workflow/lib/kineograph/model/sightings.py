"""Sightings: the same keypoints at the same moments as several cameras saw them, from all trials of a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite, require_shape


@dataclass(frozen=True)
class Sightings:
    """N points of people's bodies, seen by the C cameras of a rig.

    Attributes
    ----------
    cameras : tuple of str
        The C cameras, by their names in the calibration.
    trials : tuple of str
        The T trials that the points are from.
    filmed : (T, C) array of bool
        Which camera took part in which trial.
    image_px : (N, C, 2) array
        px as in the images of the rig, with their lens distortion; NaN where not seen or not confident.
    trial : (N,) array of int
        Index of each point's trial.
    frame : (N,) array of int
        Its frame on the trial's common clock.
    held_out : (N,) array of bool
        True for points that results are judged by and not made from.
    mirrored_px : (N, C, 2) array
        Where each camera saw each point if its pictures are mirrored, left and right exchanged, and so what a network took for
        the point is its counterpart on the other side of the body; NaN where that was not seen, or nobody asked.
    end : (N,) array of int
        1 for points of the head and shoulders, -1 for those of knees and feet, 0 for others, or where nobody asked.
    """

    cameras: tuple[str, ...]
    trials: tuple[str, ...]
    filmed: BoolArray
    image_px: FloatArray
    trial: IntArray
    frame: IntArray
    held_out: BoolArray
    mirrored_px: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 2)))
    end: IntArray = field(default_factory=lambda: np.zeros(0, int))

    def __post_init__(self) -> None:
        require_shape(self.filmed, (len(self.trials), len(self.cameras)), "filmed")
        require_shape(self.image_px, (None, len(self.cameras), 2), "image_px")
        if not self.mirrored_px.size:
            object.__setattr__(self, "mirrored_px", np.full(self.image_px.shape, np.nan))
        require_shape(self.mirrored_px, self.image_px.shape, "mirrored_px")
        if not self.end.size:
            object.__setattr__(self, "end", np.zeros(len(self), int))
        for name in ("trial", "frame", "held_out", "end"):
            require_shape(getattr(self, name), (len(self),), name)

    def __len__(self) -> int:
        return len(self.image_px)

    @property
    def seen(self) -> BoolArray:
        """Which camera saw which point, (N, C)."""
        return finite(self.image_px)

    @property
    def frames(self) -> int:
        """How many frames the points are from."""
        return len(np.unique(np.stack([self.trial, self.frame]), axis=1).T)

    def select(self, points: BoolArray | IntArray) -> Sightings:
        """The points of a mask or index."""
        return replace(
            self,
            image_px=self.image_px[points],
            trial=self.trial[points],
            frame=self.frame[points],
            held_out=self.held_out[points],
            mirrored_px=self.mirrored_px[points],
            end=self.end[points],
        )


def join(cameras: tuple[str, ...], parts: Sequence[Sightings]) -> Sightings:
    """All points of several sightings by the same cameras."""
    if not parts:
        nothing = np.zeros(0, int)
        nobody = np.zeros((0, len(cameras)), bool)
        return Sightings(cameras, (), nobody, np.zeros((0, len(cameras), 2)), nothing, nothing, np.zeros(0, bool))
    before = np.cumsum([0] + [len(part.trials) for part in parts])
    return Sightings(
        cameras,
        tuple(trial for part in parts for trial in part.trials),
        np.concatenate([part.filmed for part in parts]),
        np.concatenate([part.image_px for part in parts]),
        np.concatenate([part.trial + first for part, first in zip(parts, before[:-1], strict=True)]),
        np.concatenate([part.frame for part in parts]),
        np.concatenate([part.held_out for part in parts]),
        np.concatenate([part.mirrored_px for part in parts]),
        np.concatenate([part.end for part in parts]),
    )
