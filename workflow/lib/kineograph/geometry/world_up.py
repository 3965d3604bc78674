"""Which way is up in a calibration's world: by how its cameras stand, and turning it so that z is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kineograph.model.camera import Rig
from kineograph.model.shapes import FloatArray

UP = {
    "z": np.eye(3),
    "y": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "x": np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "-x": np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
    "-y": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "-z": np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]),
}
"""For each axis that may be up, the rotation that makes it z. A world with y up has its own axes in TRC files, and one with x up
its axes by turns, as OpenSim's y up is made of z up in the same way."""
LEANING = 0.4
"""Cosine to the vertical that the upper side of a picture never goes below but where a camera looks nearly up or down."""
UPRIGHT = 0.9
"""Cosine to the vertical of the upper side, or of the left or right side of a camera that is turned by a quarter."""


def turned_up(rig: Rig, axis: str) -> Rig:
    """The same cameras in a world that is turned so that what was `axis` (of :data:`UP`) is z."""
    if axis == "z":
        return rig
    turn = UP[axis]
    cameras = tuple(replace(camera, rotation=camera.rotation @ turn.T) for camera in rig.cameras)
    return replace(rig, cameras=cameras)


def cameras_up(rig: Rig) -> FloatArray | None:
    """Unit vector (3,) that most cameras' pictures have at their top; None where they do not agree, as where some are turned.

    Cameras in a room stand upright, but for a few that are turned by a quarter or look down from the ceiling. Where all of them
    that do not have z at their top have it at the same side, they are taken as turned by a quarter in a world with z up.
    """
    tops = np.array([-camera.rotation[1] for camera in rig.cameras])
    sides = np.array([camera.rotation[0, 2] for camera in rig.cameras])
    standing = tops[:, 2] > UPRIGHT
    if any((standing | (sign * sides > UPRIGHT)).all() for sign in (1, -1)):
        return np.array([0.0, 0.0, 1.0])
    agree = np.ones(len(tops), bool)
    for _ in range(2):
        total = tops[agree].sum(axis=0)
        size = float(np.linalg.norm(total))
        if size < LEANING * agree.sum():
            return None
        up: FloatArray = total / size
        agree = tops @ up > LEANING
        if agree.mean() <= 0.5:
            return None
    return up


def nearest_axis(up: FloatArray) -> tuple[str, float]:
    """The axis of :data:`UP` that is nearest to a direction (3,), and the angle between them, degrees."""
    cosine = {name: float(turn[2] @ up) for name, turn in UP.items()}
    name = max(cosine, key=lambda axis: cosine[axis])
    return name, float(np.degrees(np.arccos(min(cosine[name], 1.0))))
