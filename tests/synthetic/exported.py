"""The results of a trial that exports are tested on: two people with odd names, gaps, filled points, unsolved frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.io.npz import write_npz
from kineograph.io.skeletons import read_skeleton
from kineograph.model.coordinates import Coordinates
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Origin, Points3D
from kineograph.model.tracks import PersonTracks
from kineograph.opensim.kinematic_tree import read_tree
from synthetic.motions import gait
from synthetic.scene import walker

SKELETONS = Path(__file__).resolve().parents[2] / "resources" / "skeletons"
PEOPLE = ("P.1+a", "02_-b")
FRAMES, FPS_HZ = 40, 50.0
GAP = slice(10, 15)
GAP_POINT = "LWrist"
UNSOLVED = (0, 1, 20, 21)
FILLED = 30


def skeleton_card(name: str):
    return read_skeleton(SKELETONS / f"{name}.toml")


def points() -> Points3D:
    """Two walkers; one wrist is missing for a while, and one frame was filled."""
    skeleton = skeleton_card("halpe26")
    time = np.arange(FRAMES) / FPS_HZ
    position = np.stack(
        [walker(skeleton, phase=phase)(time) + [0, side, 0] for phase, side in ((0, 0), (1, 1))], axis=1
    )
    index = skeleton.index(GAP_POINT)
    position[GAP, :, index] = np.nan
    origin = np.where(np.isnan(position).any(axis=-1), Origin.MISSING, Origin.TRIANGULATED).astype(np.uint8)
    origin[FILLED] = Origin.INTERPOLATED
    spread = 0.004 + 0.001 * np.arange(len(skeleton.keypoints))
    covariance = np.broadcast_to(np.eye(3), (*origin.shape, 3, 3)) * spread[:, None, None] ** 2
    covariance = np.where((origin == Origin.TRIANGULATED)[..., None, None], covariance, np.nan)
    return Points3D(
        PEOPLE,
        skeleton.keypoints,
        ("cam01", "cam02"),
        "halpe26",
        position,
        covariance,
        np.where(origin > 0, 3.5, np.nan),
        np.repeat((origin == Origin.TRIANGULATED)[..., None], 2, axis=-1),
        origin,
        time,
        FPS_HZ,
    )


def coordinates(model: Path) -> Coordinates:
    """A walk of the model; some frames could not be solved."""
    tree = read_tree(model)
    time = np.arange(FRAMES) / FPS_HZ
    values = np.tile(tree.default, (FRAMES, 1))
    for name, column in gait(time, np.random.default_rng(11)).items():
        if name in tree.names:
            values[:, tree.names.index(name)] = column
    values[list(UNSOLVED)] = np.nan
    sd = np.full(values.shape, 0.02)
    observed = np.ones(values.shape, bool)
    observed[:, tree.names.index("mtp_angle_r")] = False
    return Coordinates(tree.names, values, tree.rotational, time, sd, observed)


def camera(name: str, frames: int = FRAMES) -> Keypoints2D:
    """Two detections a frame, the second one missing in half of the frames; one keypoint is never found."""
    skeleton = skeleton_card("halpe26")
    random = np.random.default_rng(3)
    position = random.uniform(0, 1000, (frames, 2, len(skeleton.keypoints), 2)).round(2)
    confidence = random.uniform(0.2, 1, position.shape[:3]).round(4)
    position[::2, 1] = np.nan
    position[:, :, 3] = np.nan
    confidence[np.isnan(position).any(axis=-1)] = 0
    boxes = np.zeros((frames, 2, 4))
    return Keypoints2D(
        name,
        "halpe26",
        skeleton.keypoints,
        position,
        confidence,
        boxes,
        FPS_HZ,
        np.arange(frames) / FPS_HZ,
        (1000, 1000),
    )


def tracks() -> PersonTracks:
    """The first participant is detection 1, the second one detection 0; the second camera started two frames earlier."""
    detection = np.tile([[1, 1], [0, 0]], (FRAMES, 1, 1))
    frame = np.stack([np.arange(FRAMES), np.arange(FRAMES) + 2], axis=1)
    frame[frame >= FRAMES] = -1
    return PersonTracks(PEOPLE, ("cam01", "cam02"), detection, frame, np.arange(FRAMES) / FPS_HZ, FPS_HZ)


def write_results(folder: Path, model: Path) -> dict[str, tuple[Path, ...]]:
    """The files of the results, by their kind."""
    files = {kind: folder / f"{kind}.npz" for kind in ("points", "coordinates", "tracks", "cam01", "cam02")}
    found = {"points": points(), "coordinates": coordinates(model), "tracks": tracks()}
    found |= {name: camera(name) for name in ("cam01", "cam02")}
    for kind, record in found.items():
        write_npz(files[kind], record)
    return {
        "points": (files["points"],),
        "coordinates": (files["coordinates"],),
        "tracks": (files["tracks"],),
        "keypoints": (files["cam01"], files["cam02"]),
        "model": (model,),
    }


def subject(files: dict[str, tuple[Path, ...]], *people: str) -> Subject:
    """What an export is made of."""
    return Subject("S 1".replace(" ", "."), "walk_01", people or PEOPLE, files, skeleton_card)
