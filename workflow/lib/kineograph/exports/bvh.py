"""The model's motion as BVH (Biovision hierarchy): cm, degrees, y up, for animation programs.

Each body of the OpenSim model is a joint with constant offset and three rotations (Z, X, Y, each about the turned axes); the
first also moves. So the few millimetres that a knee's centre shifts as it bends are left out: the offsets are their medians.
A frame that could not be solved keeps the pose before it, since BVH has nothing that means "missing".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.exports._joints import ROOT, JointMotion, joint_motion
from kineograph.exports._subject import Subject
from kineograph.io.atomic import write_text
from kineograph.model.shapes import FloatArray

LEVEL = "person"
FILES = (".bvh",)
NEEDS = ("points", "coordinates", "model")
CM = 100.0
TURNS = "Zrotation Xrotation Yrotation"


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the file.

    Raises
    ------
    InputError
        Where no frame was solved, or there is no model.
    """
    motion = joint_motion(subject)
    order: list[int] = []
    lines = ["HIERARCHY"]
    for joint, parent in enumerate(motion.parents):
        if parent == ROOT:
            _describe(motion, joint, 0, lines, order)
    rows = np.concatenate([_channels(motion, joint) for joint in order], axis=1)
    lines += ["MOTION", f"Frames: {len(rows)}", f"Frame Time: {1 / motion.fps_hz:.9f}"]
    lines += [" ".join(f"{value:.6f}" for value in row) for row in rows]
    write_text(paths[0], "\n".join(lines) + "\n")


def _describe(motion: JointMotion, joint: int, depth: int, lines: list[str], order: list[int]) -> None:
    """Add a joint and those below it to the text, and to the order in which their channels stand."""
    order.append(joint)
    root = motion.parents[joint] == ROOT
    indent, inner = "  " * depth, "  " * (depth + 1)
    offset = np.zeros(3) if root else np.median(motion.translation_m[:, joint], axis=0)
    channels = f"6 Xposition Yposition Zposition {TURNS}" if root else f"3 {TURNS}"
    lines += [
        f"{indent}{'ROOT' if root else 'JOINT'} {motion.names[joint]}",
        f"{indent}{{",
        f"{inner}OFFSET {_numbers(offset)}",
        f"{inner}CHANNELS {channels}",
    ]
    children = [index for index, parent in enumerate(motion.parents) if parent == joint]
    for child in children:
        _describe(motion, child, depth + 1, lines, order)
    if not children:
        lines += [f"{inner}End Site", f"{inner}{{", f"{inner}  OFFSET {_numbers(motion.end_m[joint])}", f"{inner}}}"]
    lines.append(f"{indent}}}")


def _numbers(place_m: FloatArray) -> str:
    return " ".join(f"{value * CM:.6f}" for value in place_m)


def _channels(motion: JointMotion, joint: int) -> FloatArray:
    """The columns of a joint: its turns, deg, and those of a root's place, cm."""
    turns = np.degrees(np.unwrap(zxy_angles(motion.rotation[:, joint]), axis=0))
    if motion.parents[joint] != ROOT:
        return turns
    return np.concatenate([motion.translation_m[:, joint] * CM, turns], axis=1)


def zxy_angles(rotation: FloatArray) -> FloatArray:
    """The angles (F, 3), rad, about z, the turned x and the turned y, that make rotations (F, 3, 3): R = Rz Rx Ry."""
    x = np.arcsin(np.clip(rotation[:, 2, 1], -1.0, 1.0))
    z = np.arctan2(-rotation[:, 0, 1], rotation[:, 1, 1])
    y = np.arctan2(-rotation[:, 2, 0], rotation[:, 2, 2])
    return np.stack([z, x, y], axis=1)
