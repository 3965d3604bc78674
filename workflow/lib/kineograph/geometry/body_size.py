"""How large the bodies are that stretches of detections show: bone lengths, by which people are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.followed import Stretch
from kineograph.geometry.lines_of_sight import block
from kineograph.geometry.rays import nearest_point_m
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.signal.robust import median_of_known

SAMPLES = 40
"""So many frames of a stretch are measured."""
FEWEST_SAMPLES = 5
MEASURING_M = 0.03
"""Error of a length in one frame as part of a metre, from noise of 2 px and the like; errors of a view don't average out."""
SHARED = 0.015
"""Part by which the same person's lengths differ between stretches however long they are: other views, other clothes."""


@dataclass(frozen=True)
class BodySize:
    """Bone lengths of S people or stretches.

    Attributes
    ----------
    length_m : (S, B) array
        Typical length of each bone, m; NaN where too few frames show it.
    samples : (S, B) array of int
        In how many frames it was measured.
    """

    length_m: FloatArray
    samples: IntArray

    def log_ratio(self) -> tuple[FloatArray, FloatArray]:
        """The logarithm of how much larger each is than each other (S, S), and its standard error; 0 and inf where unknown."""
        known = np.isfinite(self.length_m)
        logs = np.log(np.where(known, self.length_m, 1.0))
        both = known[:, None] & known[None]
        ratio, count = median_of_known(np.where(both, logs[:, None] - logs[None], np.nan), axis=-1)
        ratio = (ratio - ratio.T) / 2  # the lower median isn't antisymmetric
        each = MEASURING_M / np.sqrt(np.maximum(np.where(known, self.samples, 0).max(axis=-1, initial=0), 1))
        error = np.sqrt(SHARED**2 + (each[:, None] ** 2 + each[None] ** 2) * 4)
        enough = count >= min(3, self.length_m.shape[1])
        return np.where(enough, ratio, 0.0), np.where(enough, error, np.inf)


def body_sizes(
    people: Sequence[Sequence[Stretch]],
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    frame: IntArray,
    bones: IntArray,
    chosen: IntArray,
    min_confidence: float,
) -> BodySize:
    """The bone lengths of people, each of whom is one or more stretches.

    Parameters
    ----------
    people : sequence of sequences of Stretch
        S people.
    keypoints, rig, frame, chosen, min_confidence
        As :func:`kineograph.geometry.lines_of_sight.lines_of_sight` takes them.
    bones : (B, 2) array of int
        The ends of each bone, as places in `chosen`.
    """
    medians, counts = [], []
    for stretches in people:
        frames = np.concatenate([part.frames for part in stretches])
        detection = np.concatenate([part.detection for part in stretches])
        sample = np.unique(np.linspace(0, len(frames) - 1, SAMPLES).round().astype(int))
        points = _points(keypoints, rig, frame[frames[sample]], detection[sample], chosen, min_confidence)
        length = np.linalg.norm(points[:, bones[:, 0]] - points[:, bones[:, 1]], axis=-1)
        median, count = median_of_known(length, axis=0)
        medians.append(np.where(count >= FEWEST_SAMPLES, median, np.nan))
        counts.append(count)
    shape = (len(people), len(bones))
    return BodySize(np.reshape(np.array(medians, float), shape), np.reshape(np.array(counts, int), shape))


def _points(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    frame: IntArray,
    detection: IntArray,
    chosen: IntArray,
    min_confidence: float,
) -> FloatArray:
    """The points (n, K, 3) that detections (n, C) in cameras' frames (n, C) show; NaN where fewer than two cameras do."""
    seen = block(keypoints, rig, np.where(detection >= 0, frame, -1), chosen, min_confidence)
    rows, cameras = np.arange(len(frame))[:, None], np.arange(frame.shape[1])
    pick = np.clip(detection, 0, max(seen.weight.shape[2] - 1, 0))
    points = np.full((len(frame), len(chosen), 3), np.nan)
    if not seen.weight.shape[2]:
        return points
    ray, weight = seen.direction[rows, cameras, pick], seen.weight[rows, cameras, pick]
    weight = np.where(detection[..., None] >= 0, weight, 0.0)
    known = (weight > 0).sum(axis=1) >= 2
    origins = np.array([camera.position_m for camera in rig.cameras])
    points[known] = nearest_point_m(origins, ray.swapaxes(1, 2)[known], weight.swapaxes(1, 2)[known])
    return points
