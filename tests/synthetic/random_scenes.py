"""Random scenes for judging synchronization: families of them, each scene a function of its family and number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from kineograph.geometry.rotation import matrix_from_vector
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.skeleton import Skeleton
from synthetic.scene import Faults, Motion, film, on_path, ring, walker


@dataclass(frozen=True)
class Family:
    """What the scenes of a family have in common.

    Attributes
    ----------
    people : tuple of int
        Fewest and most people; several cross near the middle of the room and hide each other.
    largest_offset_s : float
        Cameras start within this of each other; 0 is together.
    beyond_s : tuple of float or None
        One camera's offset from the first instead, s: fewest and most.
    seconds : tuple of float
        Shortest and longest scene.
    moving : bool
        Whether people get anywhere; else they walk on the spot, evenly.
    rates_hz : tuple of float
        A camera has one of these.
    turned_deg : float
        By how much each camera's true direction differs from its calibration.
    """

    people: tuple[int, int] = (1, 1)
    largest_offset_s: float = 0.0
    beyond_s: tuple[float, float] | None = None
    seconds: tuple[float, float] = (5.0, 10.0)
    moving: bool = True
    rates_hz: tuple[float, ...] = (60.0,)
    turned_deg: float = 0.0


MIXED_HZ = (60.0, 50.0, 30.0)
FAMILIES = {
    "synchronous": Family(),
    "offsets": Family(largest_offset_s=1.0),
    "synchronous, on the spot": Family(moving=False),
    "offsets, on the spot": Family(moving=False, largest_offset_s=1.0),
    "synchronous, crossing": Family(people=(2, 3)),
    "offsets, crossing": Family(people=(2, 3), largest_offset_s=1.0),
    "synchronous, mixed rates": Family(people=(1, 2), rates_hz=MIXED_HZ),
    "offsets, mixed rates": Family(people=(1, 2), rates_hz=MIXED_HZ, largest_offset_s=1.0),
    "synchronous, biased": Family(turned_deg=0.4),
    "offsets, biased": Family(turned_deg=0.4, largest_offset_s=1.0),
    "synchronous, short": Family(people=(1, 2), seconds=(2.0, 4.0)),
    "offsets, short": Family(people=(1, 2), seconds=(2.0, 4.0), largest_offset_s=1.0),
    "beyond the limit": Family(people=(1, 2), beyond_s=(1.2, 3.0), seconds=(6.0, 10.0)),
    "started by hand": Family(people=(1, 2), largest_offset_s=12.0, seconds=(20.0, 30.0)),
    "started by hand, on the spot": Family(moving=False, largest_offset_s=12.0, seconds=(20.0, 30.0)),
}


@dataclass(frozen=True)
class Scene:
    """What the cameras show, their calibration, and when each started, s."""

    name: str
    keypoints: list[Keypoints2D]
    rig: Rig
    offset_s: np.ndarray


def random_scene(skeleton: Skeleton, family: str, number: int, *, tuning: bool = False) -> Scene:
    """Scene `number` of a family: 2 to 8 cameras, 1-3 px of noise, occlusion, outliers and lost detections.

    Scenes for choosing thresholds (`tuning`) are others than those for judging them.
    """
    kind = FAMILIES[family]
    random = np.random.default_rng([crc32(family.encode()), number, int(tuning)])
    cameras = int(random.integers(2, 9))
    if kind.people[1] > 2:
        cameras = min(cameras, 6)
    rig = ring(cameras, radius_m=float(random.uniform(3, 6)))
    seconds = float(random.uniform(*kind.seconds))
    offset_s = random.uniform(-kind.largest_offset_s / 2, kind.largest_offset_s / 2, cameras)
    if kind.beyond_s:
        offset_s[int(random.integers(cameras))] += random.choice([-1, 1]) * random.uniform(*kind.beyond_s)
    number_of_people = int(random.integers(kind.people[0], kind.people[1] + 1))
    people = [_person(skeleton, random, seconds, moving=kind.moving) for _ in range(number_of_people)]
    faults = Faults(
        noise_px=float(random.uniform(1, 3)),
        occlusion=float(random.uniform(0, 0.3)),
        outliers=float(random.uniform(0, 0.05)),
        lost_detections=float(random.uniform(0, 0.15)),
        overlap=0.5,
    )
    keypoints = film(
        _turned(rig, random, kind.turned_deg),
        skeleton,
        people,
        seconds=seconds,
        fps_hz=random.choice(kind.rates_hz, cameras).tolist(),
        offset_s=offset_s.tolist(),
        faults=faults,
        shuffle=True,
        seed=number,
    )
    return Scene(f"{family} {number}", keypoints, rig, offset_s)


def _person(skeleton: Skeleton, random: np.random.Generator, seconds: float, *, moving: bool) -> Motion:
    """Somebody who walks to and fro through the middle of the room, or on the spot near it."""
    steps = walker(
        skeleton,
        step_hz=float(random.uniform(0.6, 1.2)),
        phase=float(random.uniform(0, 6)),
        height_m=float(random.uniform(1.55, 1.95)),
    )
    place, heading = random.uniform(-0.6, 0.6, 2), random.uniform(0, 2 * np.pi)
    if not moving:
        return lambda time_s: steps(time_s) + np.append(place, 0.0)
    speed, turn_s = random.uniform(0.3, 1.2), random.uniform(4, 9)
    swing_s, start_s = random.uniform(0.3, 1.0) * turn_s, random.uniform(0.3, 0.7) * seconds
    way, across = np.array([np.cos(heading), np.sin(heading)]), np.array([-np.sin(heading), np.cos(heading)])
    reach = min(speed * turn_s / (2 * np.pi), 1.2)

    def path(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s)[:, None] - start_s
        return place / 2 + reach * (
            way * np.sin(2 * np.pi * t / turn_s) + 0.4 * across * np.sin(2 * np.pi * t / swing_s)
        )

    return on_path(steps, path)


def _turned(rig: Rig, random: np.random.Generator, angle_deg: float) -> Rig:
    """The rig as it really stands: each camera turned about a random axis by 0.75 to 1.25 times the angle, in its place."""
    if not angle_deg:
        return rig
    made: list[Camera] = []
    for camera in rig.cameras:
        axis = random.normal(size=3)
        vector = axis / np.linalg.norm(axis) * np.radians(angle_deg * random.uniform(0.75, 1.25))
        rotation = matrix_from_vector(vector) @ camera.rotation
        made.append(replace(camera, rotation=rotation, translation_m=-rotation @ camera.position_m))
    return replace(rig, cameras=tuple(made))
