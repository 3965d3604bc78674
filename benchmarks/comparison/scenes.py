"""The synthetic scenes on which the tools are compared: what the cameras see, what is true, and what is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from comparison import REPOSITORY
from kineograph.geometry.rotation import matrix_from_vector
from kineograph.io.skeletons import read_skeleton
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.skeleton import Skeleton
from synthetic.scene import Faults, Motion, boxes, film, ring, walker

FPS_HZ = 60.0
SECONDS = 4.0
USUAL = Faults(noise_px=1.0)


@dataclass(frozen=True)
class Scene:
    """One recording with its truth.

    Attributes
    ----------
    name, what : str
        A folder's name, and a line for the table.
    rig : Rig
        The calibration that the tools are given; not always the true one.
    keypoints : list of Keypoints2D
        What they are given, a camera each.
    people : sequence of Motion
        The people to be found, as functions of the common time.
    offset_s : array of float
        How long after the common clock each camera really started.
    synchronize : bool
        Whether the tools' synchronization is run; else the cameras are taken as they are.
    blame : str
        The camera that a tool should name; empty where none is at fault.
    """

    name: str
    what: str
    rig: Rig
    keypoints: list[Keypoints2D]
    people: Sequence[Motion]
    offset_s: np.ndarray
    synchronize: bool = False
    blame: str = ""


def skeleton(name: str = "halpe26") -> Skeleton:
    """The keypoints of the scenes' people."""
    return read_skeleton(REPOSITORY / "resources" / "skeletons" / f"{name}.toml")


def clean() -> Scene:
    return _of("clean", "exact keypoints, 4 cameras", [_subject()], faults=Faults())


def poor_keypoints() -> Scene:
    faults = Faults(noise_px=2.0, occlusion=0.2, outliers=0.1)
    return _of("poor_keypoints", "noise 2 px, 20 % occluded, 10 % outliers, 5 cameras", [_subject()], 5, faults=faults)


def in_step() -> Scene:
    scene = _of(
        "in_step", "cameras in step, offsets searched; 10 s at a changing pace", [_changing_pace()], seconds=10.0
    )
    return dataclasses.replace(scene, synchronize=True)


def offsets() -> Scene:
    late_s = np.array([0, 6, -9, 3.4]) / FPS_HZ
    what = "cameras late by 0, 6, -9 and 3.4 frames; 10 s at a changing pace"
    scene = _of("offsets", what, [_changing_pace()], offset_s=late_s, seconds=10.0)
    return dataclasses.replace(scene, synchronize=True)


def even_walk() -> Scene:
    """Little to synchronize by: a tool should leave the cameras alone, or doubt itself."""
    scene = _of("even_walk", "cameras in step, offsets searched; 4 s of an even walk", [_subject()])
    return dataclasses.replace(scene, synchronize=True)


def bystander() -> Scene:
    stands = walker(skeleton(), start_m=(-0.4, 1.5), step_hz=0.15, phase=2.0, height_m=1.85)
    filmed = _of("bystander", "somebody stands 1.5 m away", [_subject(), stands], shuffle=True)
    return dataclasses.replace(filmed, people=filmed.people[:1])


def two_people() -> Scene:
    first = walker(skeleton(), start_m=(-1.4, 0.35), velocity_m_s=(0.7, 0))
    second = walker(skeleton(), start_m=(1.4, -0.35), velocity_m_s=(-0.7, 0), height_m=1.6, phase=1.3)
    return _of("two_people", "two people pass each other, 0.7 m apart", [first, second], shuffle=True)


def turned_camera() -> Scene:
    return _blaming(
        "cam03", 2, "turned_camera", "cam03 turned by 1 degree since its calibration", lambda camera: _turned(camera, 1)
    )


def turned_camera_5() -> Scene:
    return _blaming(
        "cam03", 2, "turned_camera_5", "cam03 turned by 5 degrees", lambda camera: _turned(camera, 5), cameras=5
    )


def another_trial() -> Scene:
    scene = _of("another_trial", "cam02 shows another trial of the person", [_subject()])
    other = walker(skeleton(), start_m=(0.2, 0.3), step_hz=1.05, phase=2.0)
    keypoints = film(ring(4), skeleton(), [other], seconds=SECONDS, fps_hz=FPS_HZ, faults=USUAL, seed=5)
    return dataclasses.replace(
        scene, keypoints=[*scene.keypoints[:1], keypoints[1], *scene.keypoints[2:]], blame="cam02"
    )


def comes_and_goes() -> Scene:
    scene = _of("comes_and_goes", "nobody in frames 0-29, 120-159 and 210-239", [_subject()])
    nobody = np.r_[0:30, 120:160, 210:240]
    return dataclasses.replace(scene, keypoints=[_without(item, nobody) for item in scene.keypoints])


def swapped_sides() -> Scene:
    scene = _of("swapped_sides", "cam01 takes left for right in frames 60-139", [_subject()])
    names = skeleton().keypoints
    other = {name: {"L": "R", "R": "L"}.get(name[0], name[0]) + name[1:] for name in names}
    order = [names.index(other[name]) if other[name] in names else k for k, name in enumerate(names)]
    first = scene.keypoints[0]
    position, confidence = first.position_px.copy(), first.confidence.copy()
    position[60:140] = position[60:140][:, :, order]
    confidence[60:140] = confidence[60:140][:, :, order]
    swapped = dataclasses.replace(first, position_px=position, confidence=confidence)
    return dataclasses.replace(scene, keypoints=[swapped, *scene.keypoints[1:]])


def short_camera() -> Scene:
    scene = _of("short_camera", "cam04 recorded only the first half", [_subject()])
    half = scene.keypoints[3].n_frames // 2
    fields = ("position_px", "confidence", "bbox_px", "time_s", "track_id")
    short = {name: getattr(scene.keypoints[3], name)[:half] for name in fields}
    return dataclasses.replace(
        scene, keypoints=[*scene.keypoints[:3], dataclasses.replace(scene.keypoints[3], **short)]
    )


def other_order() -> Scene:
    scene = _of("other_order", "the calibration names the cameras rightly, in another order", [_subject()])
    return dataclasses.replace(scene, rig=scene.rig.select(["cam03", "cam01", "cam04", "cam02"]))


SCENES: tuple[Callable[[], Scene], ...] = (
    clean,
    poor_keypoints,
    in_step,
    offsets,
    even_walk,
    bystander,
    two_people,
    turned_camera,
    turned_camera_5,
    another_trial,
    comes_and_goes,
    swapped_sides,
    short_camera,
    other_order,
)


def long_walk(frames: int, cameras: int, card: str = "body25b") -> tuple[Rig, list[Keypoints2D]]:
    """A walk of any length, for the scaling of time and memory with frames and cameras."""
    rig, person = ring(cameras), walker(skeleton(card))
    return rig, film(rig, skeleton(card), [person], seconds=frames / FPS_HZ, fps_hz=FPS_HZ, faults=USUAL)


def _subject() -> Motion:
    return walker(skeleton(), start_m=(-0.6, 0.0), velocity_m_s=(0.3, 0.05))


def _changing_pace() -> Motion:
    """Steps on the spot whose pace never repeats: Pose2Sim asks for 5 to 10 s if all keypoints are to be used."""
    even = walker(skeleton())

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        return even(t + 0.4 * np.sin(1.1 * t) + 0.15 * np.sin(2.9 * t + 1.0))

    return motion


def _of(
    name: str,
    what: str,
    people: Sequence[Motion],
    cameras: int = 4,
    *,
    faults: Faults = USUAL,
    offset_s: np.ndarray | None = None,
    shuffle: bool = False,
    seconds: float = SECONDS,
) -> Scene:
    rig = ring(cameras)
    options = {"seconds": seconds, "fps_hz": FPS_HZ, "faults": faults, "offset_s": offset_s, "shuffle": shuffle}
    keypoints = film(rig, skeleton(), people, seed=3, **options)
    return Scene(name, what, rig, keypoints, people, np.zeros(cameras) if offset_s is None else offset_s)


def _blaming(
    camera: str, index: int, name: str, what: str, moved: Callable[[Camera], Camera], cameras: int = 4
) -> Scene:
    """A scene whose calibration is true but for one camera."""
    scene = _of(name, what, [_subject()], cameras)
    rig = list(scene.rig.cameras)
    rig[index] = moved(rig[index])
    return dataclasses.replace(scene, rig=Rig(tuple(rig), source="synthetic"), blame=camera)


def _turned(camera: Camera, degrees: float) -> Camera:
    """The camera turned about the image's x and y axes alike, at its place."""
    turn = matrix_from_vector(np.radians(degrees) * np.array([1.0, 1.0, 0.0]) / np.sqrt(2))
    rotation = turn @ camera.rotation
    return dataclasses.replace(camera, rotation=rotation, translation_m=-rotation @ camera.position_m)


def _without(item: Keypoints2D, frames: np.ndarray) -> Keypoints2D:
    """Nobody is found in these frames."""
    position, confidence = item.position_px.copy(), item.confidence.copy()
    position[frames], confidence[frames] = np.nan, 0.0
    return dataclasses.replace(item, position_px=position, confidence=confidence, bbox_px=boxes(position))
