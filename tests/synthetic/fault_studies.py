"""Sessions of several trials in which one thing is wrong, and what a judge of them should blame: the fault matrix.

A study is a function of its fault and a seed: the room, the cameras, the people, their movements, which camera or trial is at
fault and by how much are all drawn. What is drawn is what happens in laboratories, not what is easy to see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from kineograph.geometry.rotation import matrix_from_vector
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.skeleton import Skeleton
from synthetic.scene import Faults, Motion, ahead_rad, boxes, film, on_path, ring, walker

FPS_HZ = 30.0
SECONDS = 5.0
TRIALS = ("T1", "T2", "T3", "T4")
TURN_S = 1.5
"""A person turns about in so long."""
LONGEST_AFTER_S = 3.0
"""So long after the last frame people still move, for cameras that are late or lost frames."""
NOISE = Faults(noise_px=1.5, occlusion=0.03, outliers=0.01)
PARTICIPANT = "P1"

TrialKeypoints = dict[str, list[Keypoints2D]]


@dataclass(frozen=True)
class Blame:
    """What a judge should say.

    Attributes
    ----------
    camera : str
        The camera at fault; empty where all are, or where it is no camera's fault.
    also : str
        Another camera that may be named as well: the other one of an exchange.
    trials : tuple of str
        The trials concerned; all where it is the calibration.
    """

    camera: str = ""
    also: str = ""
    trials: tuple[str, ...] = TRIALS


@dataclass(frozen=True)
class Study:
    """A session.

    Attributes
    ----------
    fault, what : str
        The fault, and its particulars in words.
    given : Rig
        The calibration as the user has it.
    trials : dict of str to list of Keypoints2D
        What the cameras saw, by trial.
    height_m : float
        The participant's height, as the sheet has it.
    blame : Blame or None
        Whom to blame; None where nothing is wrong.
    offset_s : dict of (str, str) to float
        Trial and camera -> how much later than the others it was started, where it was.
    """

    fault: str
    what: str
    given: Rig
    trials: TrialKeypoints
    height_m: float
    blame: Blame | None = None
    offset_s: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass
class Room:
    """A healthy session that is still to be filmed, so that a fault can change any of it."""

    random: np.random.Generator
    skeleton: Skeleton
    rig: Rig
    height_m: float
    seed: int
    motions: dict[str, Motion]

    def film(
        self,
        trial: str,
        *,
        rig: Rig | None = None,
        motion: Motion | None = None,
        offset_s: Mapping[str, float] | None = None,
        seconds: float = SECONDS,
    ) -> list[Keypoints2D]:
        """What cameras see in a trial."""
        rig = rig or self.rig
        return film(
            rig,
            self.skeleton,
            [motion or self.motions[trial]],
            seconds=seconds,
            fps_hz=FPS_HZ,
            offset_s=[(offset_s or {}).get(name, 0.0) for name in rig.names],
            faults=NOISE,
            seed=crc32(f"{self.seed} {trial}".encode()),
        )

    def film_all(self, rig: Rig | None = None) -> TrialKeypoints:
        """All trials."""
        return {trial: self.film(trial, rig=rig) for trial in self.motions}

    def camera(self) -> str:
        """One of the cameras."""
        return str(self.random.choice(self.rig.names))

    def trial(self) -> str:
        """One of the trials, not the first."""
        return str(self.random.choice(list(self.motions)[1:]))


def study(fault: str, seed: int, skeleton: Skeleton, trials: tuple[str, ...] = TRIALS) -> Study:
    """The session with this fault and seed."""
    made = FAULTS[fault](room(fault, seed, skeleton, trials))
    if made.blame is None:
        return replace(made, fault=fault)
    return replace(
        made, fault=fault, blame=replace(made.blame, trials=tuple(t for t in made.blame.trials if t in trials))
    )


def room(fault: str, seed: int, skeleton: Skeleton, trials: tuple[str, ...]) -> Room:
    """Four or five cameras around a person who does something else in each trial."""
    random = np.random.default_rng([crc32(fault.encode()), seed])
    radius = random.uniform(3.2, 4.8)
    rig = ring(
        int(random.choice([4, 5])),
        radius_m=radius,
        height_m=random.uniform(1.3, 2.2),
        focal_px=random.uniform(950, 1250),
    )
    rig = Rig(tuple(_as_put_up(camera, random) for camera in rig.cameras), source="synthetic")
    height_m = float(random.uniform(1.55, 1.95))
    motions = {trial: movement(skeleton, height_m, random) for trial in trials}
    return Room(random, skeleton, rig, height_m, seed, motions)


def movement(skeleton: Skeleton, height_m: float, random: np.random.Generator) -> Motion:
    """A person who walks about, slows down and turns, in a way of their own."""
    start, pace, wide = random.uniform(0, 2 * np.pi, 4), random.uniform(0.75, 1.1), random.uniform(0.5, 0.9, 2)
    quick = random.uniform(0.5, 0.9, 2)
    body = walker(skeleton, height_m=height_m, step_hz=pace, phase=start[0])

    def clock(t: np.ndarray) -> np.ndarray:
        return t + 0.25 * np.sin(1.3 * t + start[1]) + 0.08 * np.sin(3.1 * t + start[2])

    def path(t: np.ndarray) -> np.ndarray:
        return np.stack([wide[0] * np.sin(quick[0] * t + start[2]), wide[1] * np.sin(quick[1] * t + start[3])], axis=-1)

    return on_path(lambda t: body(clock(t)), path, _unhurried(ahead_rad(path)))


def _unhurried(heading_rad: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """A heading without turns that nobody can make: where a path nearly stops, it leads back at once.

    The mean over :data:`TURN_S`, weighed by a raised cosine: a turn about takes that long, at most at 2 pi / TURN_S, rad/s.
    """
    step_s = 1e-3
    grid = np.arange(-TURN_S, SECONDS + LONGEST_AFTER_S + TURN_S, step_s)
    weights = np.hanning(round(TURN_S / step_s) | 1)
    half = len(weights) // 2
    smooth = np.convolve(np.unwrap(heading_rad(grid)), weights / weights.sum(), mode="valid")
    return lambda t: np.interp(t, grid[half : len(grid) - half], smooth)


def healthy(here: Room) -> Study:
    """Nothing is wrong."""
    return Study("", "", here.rig, here.film_all(), here.height_m)


def bumped_camera(here: Room) -> Study:
    """Somebody ran into a tripod between two trials."""
    camera, first = here.camera(), here.trial()
    degrees, millimetres = here.random.uniform(1.0, 4.0), here.random.uniform(0, 60)
    axis, way = _direction(here.random), _direction(here.random)
    bumped = _with(here.rig, camera, lambda item: _moved(item, np.radians(degrees) * axis, way * millimetres / 1000))
    names = list(here.motions)
    after = tuple(names[names.index(first) :])
    trials = {trial: here.film(trial, rig=bumped if trial in after else None) for trial in names}
    what = f"{camera} turned by {degrees:.1f} degrees and moved by {millimetres:.0f} mm before {first}"
    return Study("", what, here.rig, trials, here.height_m, Blame(camera, trials=after))


def wrong_square_size(here: Room) -> Study:
    """The calibration board's squares are larger or smaller than stated: everything has another size."""
    factor = float(here.random.choice([here.random.uniform(0.70, 0.85), here.random.uniform(1.18, 1.40)]))
    given = replace(
        here.rig, cameras=tuple(replace(c, translation_m=c.translation_m * factor) for c in here.rig.cameras)
    )
    return Study("", f"lengths {factor:.2f} times as large", given, here.film_all(), here.height_m, Blame())


def offset_camera(here: Room) -> Study:
    """A camera was started late in one trial."""
    camera, trial = here.camera(), here.trial()
    late = float(here.random.choice([here.random.uniform(0.1, 0.8), here.random.uniform(1.2, 2.0)]))
    trials = here.film_all()
    trials[trial] = here.film(trial, offset_s={camera: late})
    offset = {(trial, camera): late}
    what = f"{camera} {late:.2f} s late in {trial}"
    return Study("", what, here.rig, trials, here.height_m, Blame(camera, trials=(trial,)), offset)


def swapped_cameras(here: Room) -> Study:
    """Two cameras have each other's names: in the calibration, or in one trial's videos."""
    first, second = sorted(str(name) for name in here.random.choice(here.rig.names, 2, replace=False))
    trials, names = here.film_all(), {first: second, second: first}
    if here.random.random() < 0.5:
        given = Rig(tuple(replace(here.rig[names.get(name, name)], name=name) for name in here.rig.names))
        return Study(
            "", f"{first} and {second}, in the calibration", given, trials, here.height_m, Blame(first, second)
        )
    trial = here.trial()
    by_name = {item.camera: item for item in trials[trial]}
    trials[trial] = [replace(by_name[names.get(name, name)], camera=name) for name in here.rig.names]
    what = f"{first} and {second}, the videos of {trial}"
    return Study("", what, here.rig, trials, here.height_m, Blame(first, second, (trial,)))


def dropped_frames(here: Room) -> Study:
    """A camera lost frames in the middle of a trial; its file is that much shorter, or it went on for that much longer."""
    camera, trial = here.camera(), here.trial()
    lost, as_long = int(here.random.integers(5, 20)), bool(here.random.random() < 0.5)
    first = int(here.random.uniform(0.3, 0.65) * SECONDS * FPS_HZ)
    trials = here.film_all()
    longer = here.film(trial, seconds=SECONDS + lost / FPS_HZ if as_long else SECONDS)
    index = here.rig.names.index(camera)
    kept = np.r_[0:first, first + lost : longer[index].n_frames]
    trials[trial][index] = _frames(longer[index], kept)
    file = "its file is as long as the others" if as_long else "its file is shorter"
    what = f"{camera} lost {lost} frames at {first} in {trial}; {file}"
    return Study("", what, here.rig, trials, here.height_m, Blame(camera, trials=(trial,)))


def mirrored_video(here: Room) -> Study:
    """A camera's video is mirrored, as phones do it: in one trial, or in all. A network then takes left for right."""
    camera, trial = here.camera(), here.trial()
    concerned = (trial,) if here.random.random() < 0.5 else tuple(here.motions)
    trials = here.film_all()
    index = here.rig.names.index(camera)
    for name in concerned:
        trials[name][index] = mirrored(trials[name][index], here.skeleton)
    what = f"{camera} in {' '.join(concerned)}"
    return Study("", what, here.rig, trials, here.height_m, Blame(camera, trials=concerned))


def wrong_intrinsics(here: Room) -> Study:
    """A camera's focal length is another's: it was zoomed, or its lens file exchanged."""
    camera = here.camera()
    factor = float(here.random.choice([here.random.uniform(0.75, 0.92), here.random.uniform(1.09, 1.3)]))
    given = _with(here.rig, camera, lambda item: item.zoomed(factor))
    what = f"focal length of {camera} {factor:.2f} times as large"
    return Study("", what, given, here.film_all(), here.height_m, Blame(camera))


def wrong_person(here: Room) -> Study:
    """In one trial it is somebody else under the participant's name, or one camera shows a bystander in their place."""
    trial = here.trial()
    trials = here.film_all()
    if here.random.random() < 0.5:
        factor = float(here.random.choice([here.random.uniform(0.85, 0.92), here.random.uniform(1.08, 1.15)]))
        other = movement(here.skeleton, here.height_m * factor, here.random)
        trials[trial] = here.film(trial, motion=other)
        what = f"in {trial} somebody of {here.height_m * factor:.2f} m in place of {here.height_m:.2f} m"
        return Study("", what, here.rig, trials, here.height_m, Blame(trials=(trial,)))
    camera = here.camera()
    away = _direction(here.random)[:2]
    body = movement(here.skeleton, float(here.random.uniform(1.5, 1.9)), here.random)
    place = np.append(1.5 * away / np.linalg.norm(away), 0.0)
    index = here.rig.names.index(camera)
    trials[trial][index] = here.film(trial, motion=lambda t: body(t) + place)[index]
    what = f"{camera} shows a bystander in {trial}"
    return Study("", what, here.rig, trials, here.height_m, Blame(camera, trials=(trial,)))


FAULTS: dict[str, Callable[[Room], Study]] = {
    "healthy": healthy,
    "bumped camera": bumped_camera,
    "wrong square size": wrong_square_size,
    "offset camera": offset_camera,
    "swapped cameras": swapped_cameras,
    "dropped frames": dropped_frames,
    "mirrored video": mirrored_video,
    "wrong intrinsics": wrong_intrinsics,
    "wrong person": wrong_person,
}


def mirrored(item: Keypoints2D, skeleton: Skeleton) -> Keypoints2D:
    """What a network makes of the mirrored video."""
    order = [skeleton.index(skeleton.counterpart(name)) for name in skeleton.keypoints]
    position = item.position_px[:, :, order].copy()
    position[..., 0] = item.size_px[0] - 1 - position[..., 0]
    return replace(item, position_px=position, confidence=item.confidence[:, :, order], bbox_px=boxes(position))


def _frames(item: Keypoints2D, kept: np.ndarray) -> Keypoints2D:
    """Some of the frames, taken for consecutive ones."""
    return replace(
        item,
        position_px=item.position_px[kept],
        confidence=item.confidence[kept],
        bbox_px=item.bbox_px[kept],
        track_id=item.track_id[kept],
        time_s=np.arange(len(kept)) / item.fps_hz,
    )


def _as_put_up(camera: Camera, random: np.random.Generator) -> Camera:
    """Nobody puts cameras up on an exact circle."""
    return _moved(camera, np.radians(random.uniform(-3, 3, 3)), random.uniform(-0.3, 0.3, 3))


def _moved(camera: Camera, turn: np.ndarray, by_m: np.ndarray) -> Camera:
    """The camera turned about its own place, and moved."""
    rotation = matrix_from_vector(turn) @ camera.rotation
    return replace(camera, rotation=rotation, translation_m=-rotation @ (camera.position_m + by_m))


def _with(rig: Rig, name: str, change: Callable[[Camera], Camera]) -> Rig:
    return replace(rig, cameras=tuple(change(item) if item.name == name else item for item in rig.cameras))


def _direction(random: np.random.Generator) -> np.ndarray:
    vector = random.normal(size=3)
    return vector / np.linalg.norm(vector)
