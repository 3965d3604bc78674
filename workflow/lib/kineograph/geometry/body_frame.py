"""What people's bodies tell of the room: which way is up, where the floor is, and how large things are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray, finite
from kineograph.signal.robust import median_of_known
from kineograph.signal.runs import runs

SOLES = ("Heel", "BigToe", "SmallToe")
FEET = (*SOLES, "Ankle")
ANKLE_HEIGHT, SHOULDER_HEIGHT = 0.039, 0.818
"""Heights of joints as parts of the body's: Drillis and Contini 1966, as in Winter, Biomechanics and Motor Control of Human
Movement (doi:10.1002/9780470549148), figure 4.1."""
STATURE_SD = 0.02
"""Standard deviation of the height from the chain of segments up to the crown, as a part of it: hair, shoes, posture, and
where a network has the joints."""
PROPORTION_SD = 0.04
"""The same where the head is left to the average body's proportions."""
TRUNK_SD_DEG = 2.5
"""People who stand or walk upright lean by so much, on average over a trial, at least."""
LEANING_S = 2.0
"""How they lean at one time says nothing of how they lean so much later."""
FOOT_SD = 0.012
"""Noise of a resting foot's height, as a part of the leg's length, at least."""
STILL = 0.35
"""A foot rests where it moves by less than this part of the leg's length a second ..."""
STILL_QUANTILE = 0.15
"""... or is among this part of its slowest frames."""
SAME_PLACE = 0.2
"""Places where a foot rested that are nearer than this part of the leg's length count as one: they tell the same."""
SPEED_S = 0.05
REST_S = 0.08
UPRIGHT_DEG = 25.0
FLOOR_QUANTILE = 0.25
"""A foot may rest in the air, and never in the ground."""


@dataclass(frozen=True)
class Upward:
    """The vertical.

    Attributes
    ----------
    direction : (3,) array
        Unit vector up.
    error_deg : float
        Standard deviation of its direction, degrees.
    feet_error_deg : float
        The same from the feet alone; what the trunk added shows by the difference.
    foot_places : int
        So many times a foot's point rested.
    lean_deg : float
        Angle between it and where bodies point on average.
    """

    direction: FloatArray
    error_deg: float
    feet_error_deg: float
    foot_places: int
    lean_deg: float


@dataclass(frozen=True)
class Height:
    """A body's height in the unit of the points, its standard deviation as a part of it, and what it was taken from."""

    value: float
    error: float
    source: str


class Bodies:
    """The people of several trials as points in one frame.

    Parameters
    ----------
    points : sequence of (F, K, 3) arrays
        One person a trial, in any unit; NaN where not known.
    fps_hz : sequence of float
        Frames a second of each.
    names : tuple of str
        K keypoints.
    """

    def __init__(self, points: Sequence[FloatArray], fps_hz: Sequence[float], names: tuple[str, ...]) -> None:
        self.names = names
        self.points = list(points)
        self.fps_hz = list(fps_hz)

    def at(self, *names: str, trial: int) -> FloatArray:
        """The mean (F, 3) of keypoints, NaN where one is missing; NaN of a keypoint that there is not."""
        columns = [self.names.index(name) for name in names if name in self.names]
        if len(columns) < len(names):
            return np.full((len(self.points[trial]), 3), np.nan)
        mean: FloatArray = self.points[trial][:, columns].mean(axis=1)
        return mean

    def neck(self, trial: int) -> FloatArray:
        """The base of the neck, (F, 3)."""
        return self.at("Neck", trial=trial) if "Neck" in self.names else self.at("LShoulder", "RShoulder", trial=trial)

    def length(self, first: FloatArray, second: FloatArray) -> float:
        """The median distance of two points (F, 3); NaN where they are never known together."""
        distance = np.linalg.norm(first - second, axis=-1)
        return float(median_of_known(distance, axis=0)[0]) if distance.size else float("nan")

    def between(self, first: str, second: str, trial: int) -> float:
        """The median distance of two keypoints in a trial."""
        return self.length(self.at(first, trial=trial), self.at(second, trial=trial))

    def leg(self, trial: int) -> float:
        """Length of thigh and shank."""
        total = 0.0
        for first, second in (("Hip", "Knee"), ("Knee", "Ankle")):
            sides = [self.between(side + first, side + second, trial) for side in "LR"]
            known = [length for length in sides if np.isfinite(length)]
            total += sum(known) / len(known) if known else np.nan
        return total

    def unsteadiness(self, trial: int) -> float:
        """How much the lengths of thighs and shanks vary over a trial, as a part of them; bones do not. NaN of nothing."""
        found = []
        for first, second in (("Hip", "Knee"), ("Knee", "Ankle")):
            for side in "LR":
                length = np.linalg.norm(
                    self.at(side + first, trial=trial) - self.at(side + second, trial=trial), axis=-1
                )
                length = length[np.isfinite(length)]
                if length.size:
                    middle = float(np.median(length))
                    found.append(1.4826 * float(np.median(np.abs(length - middle))) / middle)
        return float(np.median(found)) if found else float("nan")

    def height(self, trial: int) -> Height:
        """The height of a trial's person: segments one after another, so that posture does not matter.

        The chain of joints is not quite straight in somebody who stands, and the heel is a little above the ground: about 1 % up
        and down. With a keypoint on the crown of the head it is ankle, knee, hip, neck, crown; else ankle to shoulder, and the
        rest from the average body.
        """
        leg, neck = self.leg(trial), self.neck(trial)
        hips = self.at("LHip", "RHip", trial=trial)
        crown = self.length(self.at("Head", trial=trial), neck)
        trunk = self.length(neck, hips)
        if np.isfinite(crown):
            return Height(
                (leg + trunk + crown) / (1 - ANKLE_HEIGHT), STATURE_SD, "segments from the ankles to the crown"
            )
        shoulders = self.length(self.at("LShoulder", "RShoulder", trial=trial), hips)
        value = (leg + shoulders) / (SHOULDER_HEIGHT - ANKLE_HEIGHT)
        return Height(
            value, PROPORTION_SD, "segments from the ankles to the shoulders, and the average body's proportions"
        )

    def upward(self) -> Upward | None:
        """The vertical: across the places where feet rested, and along bodies that are upright; None where there is no body.

        Feet that rested all over the floor give it exactly; where people stayed in one place, it rests on how they stand.
        """
        found = self._trunk()
        if found is None:
            return None
        trunk, trunk_error_deg = found
        places, kinds = self._resting_feet()
        up = trunk.copy()
        leg = float(np.nanmedian([self.leg(trial) for trial in range(len(self.points))]))
        noise = FOOT_SD * leg
        once = _alone(places, kinds, SAME_PLACE * leg)
        weight = once
        prior = 1 / np.radians(trunk_error_deg)
        information = np.zeros((2, 2))
        for _ in range(30):
            across = np.linalg.svd(up[None])[2][1:]  # 2, 3
            centred = places - _means(places, kinds, weight)
            height, level = centred @ up, centred @ across.T
            spread = max(noise, 1.4826 * float(np.median(np.abs(height)))) if len(places) else noise
            weight = once / (1 + np.square(height / (2 * spread)))
            information = (level * weight[:, None]).T @ level / spread**2
            right = -(level * weight[:, None]).T @ height / spread**2 + prior**2 * (across @ (trunk - up))
            step = np.linalg.solve(information + prior**2 * np.eye(2), right)
            up = up + step @ across
            up /= np.linalg.norm(up)
            if np.abs(step).max() < 1e-8:
                break
        lean = float(np.degrees(np.arccos(np.clip(up @ trunk, -1, 1))))
        return Upward(
            up,
            _largest_deg(information + prior**2 * np.eye(2)),
            _largest_deg(information + 1e-6 * np.eye(2)),
            len(places),
            lean,
        )

    def floor(self, up: FloatArray) -> float | None:
        """The floor's height along `up`: where heels and toes rested, or a little under the ankles; None without feet."""
        places, kinds = self._resting_feet()
        soles = np.isin(kinds, [index for index, name in enumerate(FEET) if name in SOLES])
        if soles.any():
            return float(np.quantile(places[soles] @ up, FLOOR_QUANTILE))
        if len(places):
            height = self._typical_height()
            return float(np.quantile(places @ up, FLOOR_QUANTILE)) - ANKLE_HEIGHT * height
        return None

    def spread(self, up: FloatArray) -> float:
        """How far about people were: the longer side of the area where their hips were, as a part of their height."""
        hips = np.concatenate([self.at("LHip", "RHip", trial=trial) for trial in range(len(self.points))])
        hips = hips[np.isfinite(hips).all(axis=1)]
        if not len(hips):
            return 0.0
        level = (hips - hips.mean(axis=0)) @ np.linalg.svd(up[None])[2][1:].T
        axes = np.linalg.svd(level, full_matrices=False)[2]
        sides = np.ptp(np.percentile(level @ axes.T, [5, 95], axis=0), axis=0)
        return float(sides.max() / self._typical_height())

    def _typical_height(self) -> float:
        return float(np.nanmedian([self.height(trial).value for trial in range(len(self.points))]))

    def _trunk(self) -> tuple[FloatArray, float] | None:
        """Where bodies point that are upright, from ankles to neck, and the standard deviation of the vertical by that."""
        found = []
        for trial in range(len(self.points)):
            body = self.neck(trial) - self.at("LAnkle", "RAnkle", trial=trial)
            found.append(body / np.linalg.norm(body, axis=-1, keepdims=True))
        bodies = np.concatenate(found) if found else np.zeros((0, 3))
        bodies = bodies[np.isfinite(bodies).all(axis=1)]
        if not len(bodies):
            return None
        mean = bodies.mean(axis=0)
        for _ in range(20):
            mean /= np.linalg.norm(mean)
            off = np.degrees(np.arccos(np.clip(bodies @ mean, -1, 1)))
            mean = (bodies / np.maximum(off, 1.0)[:, None] * (1 / (1 + (off / UPRIGHT_DEG) ** 4))[:, None]).sum(axis=0)
        direction: FloatArray = mean / np.linalg.norm(mean)
        leaning = float(np.median(np.degrees(np.arccos(np.clip(bodies @ direction, -1, 1)))))
        seconds = sum(len(body) / fps_hz for body, fps_hz in zip(found, self.fps_hz, strict=True))
        return direction, float(np.hypot(TRUNK_SD_DEG, leaning / np.sqrt(max(1.0, seconds / LEANING_S))))

    def _resting_feet(self) -> tuple[FloatArray, IntArray]:
        """Where feet rested: a place (n, 3) for each point of a foot and time that it stood still, and which point (n,)."""
        places, kinds = [], []
        for trial, fps_hz in enumerate(self.fps_hz):
            leg = self.leg(trial)
            for kind, name in enumerate(FEET):
                for side in "LR":
                    series = self.at(side + name, trial=trial)
                    for part in _rests(series, fps_hz, STILL * leg):
                        places.append(np.median(series[part], axis=0))
                        kinds.append(kind)
        return np.array(places).reshape(-1, 3), np.array(kinds, int)


def _rests(series: FloatArray, fps_hz: float, still: float) -> list[slice]:
    """The stretches of frames in which a point (F, 3) rests."""
    lag = max(1, round(SPEED_S * fps_hz))
    if len(series) <= 2 * lag:
        return []
    speed = np.full(len(series), np.nan)
    speed[lag:-lag] = np.linalg.norm(series[2 * lag :] - series[: -2 * lag], axis=-1) * fps_hz / (2 * lag)
    known = speed[np.isfinite(speed)]
    if not known.size:
        return []
    resting = (speed <= max(still, float(np.quantile(known, STILL_QUANTILE)))) & finite(series)
    fewest = max(2, round(REST_S * fps_hz))
    return [slice(first, last) for first, last in runs(resting).tolist() if last - first >= fewest]


def _alone(places: FloatArray, kinds: IntArray, reach: float) -> FloatArray:
    """One over the number of places of the same kind that are within reach of each, (n,)."""
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    share: FloatArray = 1 / np.maximum(((apart < reach) & (kinds[:, None] == kinds[None])).sum(axis=1), 1)
    return share


def _means(places: FloatArray, kinds: IntArray, weight: FloatArray) -> FloatArray:
    """The weighted mean place of each kind, at its places (n, 3)."""
    result = np.zeros_like(places)
    for kind in np.unique(kinds):
        here = kinds == kind
        result[here] = (places[here] * weight[here, None]).sum(axis=0) / weight[here].sum()
    return result


def _largest_deg(information: FloatArray) -> float:
    """The larger standard deviation of two small angles, degrees."""
    return float(np.degrees(1 / np.sqrt(np.linalg.eigvalsh(information)[0])))
