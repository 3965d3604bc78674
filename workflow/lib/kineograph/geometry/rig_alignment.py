"""Laying one set of camera poses over another by a similarity, such that most cameras stay where they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kineograph.geometry.rotation import matrix_from_vector, vector_from_matrix
from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray

TURN_RAD = np.radians(0.2)
SHIFT_M = 0.01
"""A turn and a shift that count the same; smaller ones are noise."""
ITERATIONS = 60
LEAST_SPAN_M = 0.1


@dataclass(frozen=True)
class Correction:
    """How one camera's pose differs from another: turn about its own axes, degrees, and shift of its centre, mm."""

    turn_deg: FloatArray
    shift_mm: FloatArray

    @property
    def angle_deg(self) -> float:
        """The turn's angle."""
        return float(np.linalg.norm(self.turn_deg))

    @property
    def distance_mm(self) -> float:
        """The shift's length."""
        return float(np.linalg.norm(self.shift_mm))


def correction(given: Camera, other: Camera) -> Correction:
    """How `other` stands compared with `given`."""
    turn = np.degrees(vector_from_matrix(other.rotation @ given.rotation.T))
    return Correction(turn, 1000 * (other.position_m - given.position_m))


def align(cameras: Sequence[Camera], given: Sequence[Camera]) -> tuple[Camera, ...]:
    """Turn, shift and scale the world of `cameras` such that the sum of their deviations from `given` is least.

    What cameras see can't tell where the world's axes are, nor its scale; this takes both from `given`. The sum of lengths, not
    of squares, is made least (iteratively reweighted least squares, Weiszfeld 1937), so that a camera that was moved keeps its
    whole deviation and the others stay, as long as most of them stood still.
    """
    moved = tuple(cameras)
    for _ in range(ITERATIONS):
        turn = np.array(
            [vector_from_matrix(old.rotation.T @ new.rotation) for new, old in zip(moved, given, strict=True)]
        )
        centre = np.array([camera.position_m for camera in moved])
        shift = np.array([camera.position_m for camera in given]) - centre
        size = np.sqrt(np.square(turn / TURN_RAD).sum(axis=1) + np.square(shift / SHIFT_M).sum(axis=1))
        weight = 1 / np.sqrt(np.maximum(size, 0.1))
        middle = (centre * weight[:, None]).sum(axis=0) / weight.sum()
        step = _small_similarity(turn, shift, centre - middle, weight)
        rotation, scale = matrix_from_vector(step[:3]), float(np.exp(step[6]))
        moved = tuple(_transformed(camera, rotation, step[3:6], scale, middle) for camera in moved)
        if np.abs(step).max() < 1e-9:
            break
    return moved


def _small_similarity(turn: FloatArray, shift: FloatArray, arm: FloatArray, weight: FloatArray) -> FloatArray:
    """Turn (3), shift (3) and logarithm of the scale that bring the cameras nearest: weighted linear least squares.

    `turn` (C, 3) is each camera's turn in the world, which a turn of the world by the same takes back; `shift` (C, 3) is where
    its centre has to go; `arm` (C, 3) its place from the point that the world is turned about.
    """
    number = len(arm)
    rows = np.zeros((number, 6, 7))
    rows[:, [0, 1, 2], [0, 1, 2]] = 1 / TURN_RAD
    cross = np.zeros((number, 3, 3))
    cross[:, [2, 0, 1], [1, 2, 0]] = arm
    cross -= np.swapaxes(cross, 1, 2)
    rows[:, 3:, :3] = -cross / SHIFT_M
    rows[:, [3, 4, 5], [3, 4, 5]] = 1 / SHIFT_M
    rows[:, 3:, 6] = arm / SHIFT_M
    wanted = np.concatenate([turn / TURN_RAD, shift / SHIFT_M], axis=1)
    weighted = (rows * weight[:, None, None]).reshape(-1, 7), (wanted * weight[:, None]).ravel()
    columns = 7 if np.ptp(arm, axis=0).max() > LEAST_SPAN_M else 6  # cameras at one place have no scale
    step = np.zeros(7)
    step[:columns] = np.linalg.lstsq(weighted[0][:, :columns], weighted[1], rcond=None)[0]
    return step


def _transformed(camera: Camera, rotation: FloatArray, shift: FloatArray, scale: float, middle: FloatArray) -> Camera:
    """The camera after the world was turned and scaled about `middle`, then shifted."""
    centre = scale * rotation @ (camera.position_m - middle) + middle + shift
    turned = camera.rotation @ rotation.T
    return replace(camera, rotation=turned, translation_m=-turned @ centre)
