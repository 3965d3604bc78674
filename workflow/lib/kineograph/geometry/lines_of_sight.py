"""The lines of sight of all cameras' detections on the common clock, a block of frames at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.projection import ray_directions
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite

BLOCK_FRAMES = 500
"""So many frames at a time: the memory does not grow with the trial."""


@dataclass(frozen=True)
class LinesOfSight:
    """What all cameras see in a block of B frames; D is the largest number of detections of any of them.

    Attributes
    ----------
    direction : (B, C, D, K, 3) array
        Unit vectors in the world; 0 where a keypoint is not shown.
    weight : (B, C, D, K) array
        Confidence; 0 where a keypoint is not shown.
    """

    direction: FloatArray
    weight: FloatArray


def lines_of_sight(
    keypoints: Sequence[Keypoints2D], rig: Rig, frame: IntArray, chosen: IntArray, min_confidence: float
) -> Iterator[LinesOfSight]:
    """The lines of sight of the chosen keypoints in all frames, block by block.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera.
    rig : Rig
        The same cameras, in the same order.
    frame : (F, C) array of int
        The camera's frame that belongs to each frame of the common clock; -1 for none.
    chosen : (K,) array of int
        Which keypoints.
    min_confidence : float
        Less confident keypoints are not shown.
    """
    for start in range(0, len(frame), BLOCK_FRAMES):
        yield block(keypoints, rig, frame[start : start + BLOCK_FRAMES], chosen, min_confidence)


def block(
    keypoints: Sequence[Keypoints2D], rig: Rig, frame: IntArray, chosen: IntArray, min_confidence: float
) -> LinesOfSight:
    """The lines of sight of the chosen keypoints in some frames (B, C), as :func:`lines_of_sight` has them."""
    shown = [
        _shown(item, frame[:, camera], chosen, min_confidence)
        if item.n_frames
        else np.zeros((len(frame), 0, len(chosen)), bool)
        for camera, item in enumerate(keypoints)
    ]
    most = max((_last_used(item) for item in shown), default=0)
    direction = np.zeros((len(frame), len(keypoints), most, len(chosen), 3))
    weight = np.zeros(direction.shape[:-1])
    for camera, (item, camera_of_rig) in enumerate(zip(keypoints, rig.cameras, strict=True)):
        where, which, point = np.nonzero(shown[camera])
        place = (frame[where, camera], which, chosen[point])
        direction[where, camera, which, point] = ray_directions(camera_of_rig, item.position_px[place])
        weight[where, camera, which, point] = item.confidence[place]
    return LinesOfSight(direction, weight)


def _shown(item: Keypoints2D, frame: IntArray, chosen: IntArray, min_confidence: float) -> BoolArray:
    """Where a camera shows a keypoint confidently, (B, D, K)."""
    there = np.maximum(frame, 0)
    position_px, confidence = item.position_px[there][..., chosen, :], item.confidence[there][..., chosen]
    shown: BoolArray = (
        (confidence >= min_confidence) & (confidence > 0) & finite(position_px) & (frame >= 0)[:, None, None]
    )
    return shown


def _last_used(shown: BoolArray) -> int:
    """How many detections there are at most; files have empty places behind them."""
    used = np.flatnonzero(shown.any(axis=(0, 2)))
    return int(used[-1]) + 1 if len(used) else 0
