"""The world of a calibration from people: metres, z up, the floor at z = 0, and where its axes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kineograph.errors import ConfigError, InputError
from kineograph.geometry.body_frame import Bodies, Upward
from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray

MOSTLY = 1.4
"""The vertical is mostly the feet's where they alone give it nearly as well."""
STEEP = 0.2
"""A camera whose axis is this near the vertical (its sine) has no horizontal direction to speak of; its image's top has."""


@dataclass(frozen=True)
class KnownDistance:
    """A distance that was measured: between two keypoints of the person, or between two cameras' lenses, m."""

    between: tuple[str, str]
    length_m: float


@dataclass(frozen=True)
class Size:
    """How many metres the unit of the points is.

    Attributes
    ----------
    metres : float
        Per unit.
    error : float
        Standard deviation as a part of it.
    source : str
        What it was taken from.
    by_trial : dict of str to float
        The same from each trial by itself.
    """

    metres: float
    error: float
    source: str
    by_trial: dict[str, float]


def size_of(
    bodies: Bodies,
    trials: Sequence[str],
    heights_m: Sequence[Mapping[str, float | None]],
    known: KnownDistance | None,
    cameras: Mapping[str, Camera],
) -> Size:
    """The unit of the points, from a known distance or from how tall the participants are.

    Parameters
    ----------
    bodies : Bodies
        The person of each trial.
    trials : sequence of str
        Their names.
    heights_m : sequence of dict
        For each trial the heights of its participants, None where not known.
    known : KnownDistance or None
        Goes before the heights.
    cameras : dict of str to Camera
        Those that are placed.

    Raises
    ------
    InputError, ConfigError
        Where nothing tells it.
    """
    if known is not None:
        return _from_distance(bodies, trials, known, cameras)
    ratio: dict[str, float] = {}
    error, source = 0.0, ""
    alone = [len(people) == 1 for people in heights_m]
    for index, (trial, people) in enumerate(zip(trials, heights_m, strict=True)):
        stated = [value for value in people.values() if value is not None]
        if not stated or len(stated) < len(people) or (any(alone) and not alone[index]):
            continue
        body = bodies.height(index)
        if not np.isfinite(body.value):
            continue
        ratio[trial] = float(np.mean(stated)) / body.value
        spread = (max(stated) - min(stated)) / 2 / float(np.mean(stated))
        error, source = max(error, float(np.hypot(body.error, spread))), body.source
    if not ratio:
        raise no_size(trials)
    return Size(float(np.median(list(ratio.values()))), error, f"height of {_people(heights_m)}: {source}", ratio)


def no_size(trials: Sequence[str]) -> InputError:
    """The error where nothing tells how large things are."""
    return InputError(
        "nothing tells how large the scene is",
        expected="height_m of the participants in participants.tsv, or calibration.known_distance",
        found=f"neither, for {', '.join(trials)}",
        hint="measure the participant's height, or the distance between two cameras' lenses",
    )


def _from_distance(bodies: Bodies, trials: Sequence[str], known: KnownDistance, cameras: Mapping[str, Camera]) -> Size:
    first, second = known.between
    source = f"known distance between {first} and {second}"
    if first in cameras and second in cameras:
        apart = float(np.linalg.norm(cameras[first].position_m - cameras[second].position_m))
        return Size(known.length_m / apart, 0.005, source, {})
    if {first, second} <= set(bodies.names):
        found = {trial: bodies.between(first, second, index) for index, trial in enumerate(trials)}
        ratio = {trial: known.length_m / value for trial, value in found.items() if np.isfinite(value) and value > 0}
        if ratio:
            return Size(float(np.median(list(ratio.values()))), 0.02, source, ratio)
    raise ConfigError(
        f"calibration.known_distance can't be found: between {first} and {second}",
        expected=f"two cameras that are placed ({', '.join(cameras)}), or two keypoints ({', '.join(bodies.names)})",
        found=f"{first} and {second}",
        hint="name two of these",
    )


def vertical(
    bodies: Bodies, stated: Mapping[str, Sequence[float]], cameras: Mapping[str, Camera]
) -> tuple[FloatArray, Upward | None, str]:
    """The direction up (3,), what bodies tell of it, and where it was taken from.

    Parameters
    ----------
    bodies : Bodies
        The people.
    stated : dict of str to three floats
        For cameras, which way is up in their own axes (x right, y down, z ahead); the mean is taken.
    cameras : dict of str to Camera
        Those that are placed.
    """
    people = bodies.upward()
    named = [name for name in stated if name in cameras]
    if stated and not named:
        raise ConfigError(
            "calibration.up names no camera that is placed",
            expected=", ".join(cameras) or "a camera",
            found=", ".join(stated),
            hint="name one of these cameras, or leave the vertical to the people",
        )
    if named:
        ways = np.array(
            [np.array(stated[name], float) / np.linalg.norm(stated[name]) @ cameras[name].rotation for name in named]
        )
        mean = ways.mean(axis=0)
        return mean / np.linalg.norm(mean), people, f"stated for {', '.join(named)}"
    if people is None:
        raise InputError(
            "nothing tells which way is up",
            expected="people whose ankles and shoulders are seen by two cameras, or calibration.up",
            found="no such people",
            hint="let the participant walk about where two cameras see the whole body",
        )
    mostly = "feet" if people.feet_error_deg < MOSTLY * people.error_deg else "upright bodies"
    return people.direction, people, f"people: {mostly}"


def in_world(cameras: Mapping[str, Camera], up: FloatArray, floor: float, metres: float) -> dict[str, Camera]:
    """The cameras in metres, with z up and z = 0 on the floor.

    The origin is on the floor below the first camera, and x runs where that camera looks: both can be found in the room, and no
    other trial moves them.
    """
    first = next(iter(cameras.values()))
    ahead = first.rotation[2]
    if np.linalg.norm(np.cross(ahead, up)) < STEEP:
        ahead = -first.rotation[1]
    x = ahead - (ahead @ up) * up
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(up, x), up])
    origin = first.position_m - (first.position_m @ up - floor) * up
    placed = {}
    for name, camera in cameras.items():
        turn = camera.rotation @ axes.T
        centre = metres * axes @ (camera.position_m - origin)
        placed[name] = replace(camera, rotation=turn, translation_m=-turn @ centre)
    return placed


def _people(heights_m: Sequence[Mapping[str, float | None]]) -> str:
    return ", ".join(dict.fromkeys(name for people in heights_m for name, value in people.items() if value is not None))
