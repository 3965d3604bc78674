"""The model's motion as binary glTF 2.0 (.glb): m, y up, an animated skeleton with simple bones, for Blender and web pages.

Nodes are the bodies of the OpenSim model; each moves and turns in its parent's frame exactly as the model does. Frames that could
not be solved have no key, so that programs go straight from the frame before to the one after; ``extras.unsolved_frames`` of the
animation names them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kineograph import __version__
from kineograph.exports._glb_file import GlbBuffer, glb_bytes
from kineograph.exports._joints import ROOT, JointMotion, joint_motion
from kineograph.exports._subject import Subject
from kineograph.io.atomic import write_bytes
from kineograph.model.shapes import FloatArray, IntArray

LEVEL = "person"
FILES = (".glb",)
NEEDS = ("points", "coordinates", "model")
WAIST, WIDTH = 0.15, 0.12
"""Where along a bone it is thickest, and how thick, as parts of its length."""
THICKEST_M = 0.03
SHORTEST_M = 0.01
BONE_COLOUR = [0.85, 0.82, 0.72, 1.0]
FACES = np.array([(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 1), (5, 2, 1), (5, 3, 2), (5, 4, 3), (5, 1, 4)])
"""The triangles of a bone: its beginning, four corners of its waist, its end."""


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the file.

    Raises
    ------
    InputError
        Where no frame was solved, or there is no model.
    """
    motion = joint_motion(subject)
    buffer = GlbBuffer()
    joints = len(motion.names)
    rest = np.median(motion.translation_m, axis=0)
    first = motion.translation_m[0]
    nodes: list[dict[str, Any]] = []
    for joint, name in enumerate(motion.names):
        node: dict[str, Any] = {"name": name, "translation": _plain(first[joint])}
        node["rotation"] = _plain(quaternions(motion.rotation[:1, joint])[0])
        children = [index for index, parent in enumerate(motion.parents) if parent == joint]
        nodes.append(node | ({"children": children} if children else {}))
    nodes.append({"name": subject.participants[0], "mesh": 0, "skin": 0})
    content = {
        "asset": {"version": "2.0", "generator": f"Kineograph {__version__}"},
        "scene": 0,
        "scenes": [{"nodes": [*(j for j, parent in enumerate(motion.parents) if parent == ROOT), joints]}],
        "nodes": nodes,
        "meshes": [{"name": "bones", "primitives": [_bones(motion, rest, buffer)]}],
        "materials": [{"name": "bone", "pbrMetallicRoughness": {"baseColorFactor": BONE_COLOUR, "metallicFactor": 0}}],
        "skins": [{"joints": list(range(joints)), "inverseBindMatrices": buffer.add(_inverse_bind(motion, rest), "MAT4")}],
        "animations": [_animation(motion, subject, buffer)],
    }  # fmt: skip
    write_bytes(paths[0], glb_bytes(content, buffer))


def _animation(motion: JointMotion, subject: Subject, buffer: GlbBuffer) -> dict[str, Any]:
    """Keys of each joint's turn, and of its place where that changes."""
    keys = np.flatnonzero(motion.solved)
    time = motion.time_s[keys]
    start = min(float(motion.time_s[0]), 0.0)
    times = buffer.add((time - start)[:, None], "SCALAR", bounds=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    for joint in range(len(motion.names)):
        place = motion.translation_m[keys, joint]
        tracks = [("rotation", quaternions(motion.rotation[keys, joint]), "VEC4")]
        if np.ptp(place, axis=0).max() > 0:
            tracks.append(("translation", place, "VEC3"))
        for path, values, kind in tracks:
            channels.append({"sampler": len(samplers), "target": {"node": joint, "path": path}})
            samplers.append({"input": times, "output": buffer.add(values, kind), "interpolation": "LINEAR"})
    extras = {
        "frame_rate_hz": motion.fps_hz,
        "start_time_s": start,
        "unsolved_frames": np.flatnonzero(~motion.solved).tolist(),
    }
    name = f"{subject.session}/{subject.trial}"
    return {"name": name, "channels": channels, "samplers": samplers, "extras": extras}


def _bones(motion: JointMotion, rest: FloatArray, buffer: GlbBuffer) -> dict[str, Any]:
    """One double pyramid a bone, in the resting pose: all joints unturned."""
    places = _rest_places(motion, rest)
    bones = _tips(motion, rest)
    vertices = [places[joint] + _pyramid(tip) for joint, tip in bones]
    corner: IntArray = np.concatenate([FACES + 6 * number for number in range(len(bones))]).reshape(-1, 1)
    influence = np.zeros((6 * len(bones), 4), np.uint16)
    influence[:, 0] = np.repeat([joint for joint, _ in bones], 6)
    weight = np.zeros(influence.shape)
    weight[:, 0] = 1.0
    attributes = {
        "POSITION": buffer.add(np.concatenate(vertices), "VEC3", bounds=True, target="vertices"),
        "JOINTS_0": buffer.add(influence, "VEC4", target="vertices"),
        "WEIGHTS_0": buffer.add(weight, "VEC4", target="vertices"),
    }
    return {
        "attributes": attributes,
        "indices": buffer.add(corner.astype(np.uint16), "SCALAR", target="indices"),
        "material": 0,
    }


def _tips(motion: JointMotion, rest: FloatArray) -> list[tuple[int, FloatArray]]:
    """Each bone's joint, and its end in that one's frame: at each child that is elsewhere; without any, where the body ends."""
    bones: list[tuple[int, FloatArray]] = []
    for joint in range(len(motion.names)):
        children = [rest[index] for index, parent in enumerate(motion.parents) if parent == joint]
        apart = [tip for tip in children if np.linalg.norm(tip) > SHORTEST_M]
        bones += [(joint, tip) for tip in apart or [motion.end_m[joint]]]
    return bones


def _pyramid(end: FloatArray) -> FloatArray:
    """The six corners of a bone from the origin to `end`."""
    length = float(np.linalg.norm(end))
    along = end / length
    side = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
    side /= np.linalg.norm(side)
    other = np.cross(along, side)
    half = min(WIDTH * length, THICKEST_M)
    waist = WAIST * end
    corners: FloatArray = np.stack([np.zeros(3), *(waist + half * way for way in (side, other, -side, -other)), end])
    return corners


def _rest_places(motion: JointMotion, rest: FloatArray) -> FloatArray:
    places: FloatArray = rest.copy()
    for joint, parent in enumerate(motion.parents):
        if parent != ROOT:
            places[joint] += places[parent]
    return places


def _inverse_bind(motion: JointMotion, rest: FloatArray) -> FloatArray:
    """The matrices that take the resting mesh into each joint's frame, column by column as glTF has them."""
    matrices = np.tile(np.eye(4), (len(motion.names), 1, 1))
    matrices[:, :3, 3] = -_rest_places(motion, rest)
    columns: FloatArray = matrices.transpose(0, 2, 1).reshape(-1, 16)
    return columns


def quaternions(rotation: FloatArray) -> FloatArray:
    """Unit quaternions x, y, z, w (F, 4) of rotations (F, 3, 3), each on the side of the one before (Shepperd 1978)."""
    m = rotation
    diagonal = np.stack([m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]], axis=1)
    trace = diagonal.sum(axis=1)
    squares = np.concatenate([1 + 2 * diagonal - trace[:, None], 1 + trace[:, None]], axis=1)
    products = np.zeros((len(m), 4, 4))
    products[:, range(4), range(4)] = squares
    for (i, j), value in {
        (0, 1): m[:, 0, 1] + m[:, 1, 0],
        (0, 2): m[:, 0, 2] + m[:, 2, 0],
        (1, 2): m[:, 1, 2] + m[:, 2, 1],
        (0, 3): m[:, 2, 1] - m[:, 1, 2],
        (1, 3): m[:, 0, 2] - m[:, 2, 0],
        (2, 3): m[:, 1, 0] - m[:, 0, 1],
    }.items():
        products[:, i, j] = products[:, j, i] = value
    found = products[np.arange(len(m)), squares.argmax(axis=1)]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    flips = np.cumprod(np.where((found[1:] * found[:-1]).sum(axis=1) < 0, -1.0, 1.0))
    found[1:] *= flips[:, None]
    return np.asarray(found, float)


def _plain(values: FloatArray) -> list[float]:
    return [float(np.float32(value)) for value in values]
