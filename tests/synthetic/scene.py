"""Scenes with exact truth: cameras around a room, people who move by known functions of time, and what the cameras see.

Everything is a function of its arguments and a seed. Axes and units are the library's: world z up, metres, pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.projection import project
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.skeleton import Skeleton

Motion = Callable[[np.ndarray], np.ndarray]
"""From times (F,), s, to keypoints (F, K, 3), m."""


def look_at(position: Sequence[float], target: Sequence[float]) -> np.ndarray:
    """Rotation, world to camera, of a camera at `position` that looks at `target`, image x to the right and y down."""
    forward = np.asarray(target, float) - np.asarray(position, float)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def ring(
    cameras: int = 4,
    *,
    radius_m: float = 4.0,
    height_m: float = 1.8,
    size_px: tuple[int, int] = (1920, 1080),
    focal_px: float = 1100.0,
    distortion: Sequence[float] = (-0.05, 0.02, 0.0005, -0.0003),
) -> Rig:
    """Cameras on a circle, looking at the middle of a person who stands at the origin."""
    made = []
    for index in range(cameras):
        angle = 2 * np.pi * index / cameras + 0.3
        position = np.array([radius_m * np.cos(angle), radius_m * np.sin(angle), height_m + 0.2 * (index % 3)])
        rotation = look_at(position, (0, 0, 0.9))
        matrix = np.array([[focal_px, 0, size_px[0] / 2 - 7], [0, focal_px * 1.001, size_px[1] / 2 + 5], [0, 0, 1.0]])
        made.append(
            Camera(f"cam{index + 1:02d}", size_px, matrix, np.array(distortion, float), rotation, -rotation @ position)
        )
    return Rig(tuple(made), source="synthetic")


def walker(
    skeleton: Skeleton,
    *,
    start_m: tuple[float, float] = (0.0, 0.0),
    velocity_m_s: tuple[float, float] = (0.0, 0.0),
    height_m: float = 1.75,
    step_hz: float = 0.9,
    phase: float = 0.0,
) -> Motion:
    """A person who walks on the spot or along a line: legs and arms swing as pendulums, the trunk bobs.

    Knows the keypoints of Halpe26, BODY_25B and COCO17; others of the skeleton stay NaN.
    """
    scale = height_m / 1.75
    heading = np.arctan2(velocity_m_s[1], velocity_m_s[0])

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        cycle = 2 * np.pi * step_hz * t + phase
        zero = np.zeros_like(t)

        def at(forward, left, up):
            forward, left, up = (np.broadcast_to(value, t.shape) * scale for value in (forward, left, up))
            x = start_m[0] + velocity_m_s[0] * t + np.cos(heading) * forward - np.sin(heading) * left
            y = start_m[1] + velocity_m_s[1] * t + np.sin(heading) * forward + np.cos(heading) * left
            return np.stack([x, y, up], axis=-1)

        bob = 0.02 * np.cos(2 * cycle)
        points = {"Hip": at(zero, 0.01 * np.sin(cycle), 0.95 + bob), "Neck": at(0.02, 0, 1.48 + bob)}
        points |= {"Head": at(0.03, 0, 1.75 + bob), "Nose": at(0.13, 0, 1.62 + bob)}
        for side, sign, shift in (("R", -1, 0.0), ("L", 1, np.pi)):
            swing = np.sin(cycle + shift)
            thigh = 0.12 + 0.42 * swing
            knee_bend = 0.35 + 0.3 * np.sin(cycle + shift + 1.1)
            hip = (zero, sign * 0.09, 0.94 + bob)
            knee = (0.42 * np.sin(thigh), sign * 0.09, hip[2] - 0.42 * np.cos(thigh))
            shank = thigh - knee_bend
            ankle = (knee[0] + 0.4 * np.sin(shank), sign * 0.09, knee[2] - 0.4 * np.cos(shank))
            arm = -0.35 * swing
            shoulder = (0.0, sign * 0.18, 1.42 + bob)
            elbow = (0.28 * np.sin(arm), sign * 0.2, shoulder[2] - 0.28 * np.cos(arm))
            wrist = (elbow[0] + 0.25 * np.sin(arm + 0.5), sign * 0.2, elbow[2] - 0.25 * np.cos(arm + 0.5))
            named = {
                "Hip": hip,
                "Knee": knee,
                "Ankle": ankle,
                "Heel": (ankle[0] - 0.05, ankle[1], ankle[2] - 0.05),
                "BigToe": (ankle[0] + 0.17, ankle[1] - sign * 0.01, ankle[2] - 0.06),
                "SmallToe": (ankle[0] + 0.14, ankle[1] + sign * 0.05, ankle[2] - 0.06),
                "Shoulder": shoulder,
                "Elbow": elbow,
                "Wrist": wrist,
                "Eye": (0.11, sign * 0.03, 1.66 + bob),
                "Ear": (0.03, sign * 0.07, 1.64 + bob),
            }
            points |= {side + name: at(*place) for name, place in named.items()}
        missing = np.full((len(t), 3), np.nan)
        return np.stack([points.get(name, missing) for name in skeleton.keypoints], axis=1)

    return motion


def on_path(
    person: Motion,
    path: Callable[[np.ndarray], np.ndarray],
    facing_rad: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Motion:
    """A person who walks on the spot at the origin, carried along a path: from times (F,) to places (F, 2), m.

    They face where `facing_rad` says, from times (F,) to headings (F,); without it, where they go, so that they turn
    about at once where they stop.
    """

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        place = path(t)
        heading = (facing_rad or ahead_rad(path))(t)[:, None]
        x, y, up = np.moveaxis(person(t), -1, 0)
        turned = [np.cos(heading) * x - np.sin(heading) * y, np.sin(heading) * x + np.cos(heading) * y]
        return np.stack([turned[0] + place[:, :1], turned[1] + place[:, 1:], up], axis=-1)

    return motion


def ahead_rad(path: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Where a path leads: from times (F,) to headings (F,)."""

    def heading(time_s: np.ndarray) -> np.ndarray:
        way = path(time_s + 1e-3) - path(time_s - 1e-3)
        return np.arctan2(way[:, 1], way[:, 0])

    return heading


@dataclass(frozen=True)
class Faults:
    """What is wrong with the keypoints.

    Attributes
    ----------
    noise_px : float
        Standard deviation of each image coordinate.
    occlusion : float
        Part of the keypoints that a camera does not see.
    outliers : float
        Part of the keypoints that are somewhere else (up to 150 px away).
    lost_detections : float
        Part of the detections that are missing as a whole.
    overlap : float or None
        Of two people whose boxes in an image share more than this part of the smaller one, the farther is not detected.
    """

    noise_px: float = 0.0
    occlusion: float = 0.0
    outliers: float = 0.0
    lost_detections: float = 0.0
    overlap: float | None = None


def film(
    rig: Rig,
    skeleton: Skeleton,
    people: Sequence[Motion],
    *,
    seconds: float = 2.0,
    fps_hz: float | Sequence[float] = 60.0,
    offset_s: Sequence[float] | None = None,
    drift_ppm: Sequence[float] | None = None,
    faults: Faults = Faults(),
    shuffle: bool = False,
    seed: int = 0,
) -> list[Keypoints2D]:
    """What each camera sees of the people.

    A camera with the offset o starts o seconds after the common clock, and its clock runs faster by its drift. With several
    `fps_hz`, each camera has its own. With `shuffle`, the order of a camera's detections changes from frame to frame, as it
    does in detectors' output.
    """
    random = np.random.default_rng(seed)
    rates = np.broadcast_to(fps_hz, len(rig))
    seen = []
    for index, camera in enumerate(rig.cameras):
        frames = round(seconds * float(rates[index]))
        own_s = np.arange(frames) / rates[index]
        clock = 1 + 1e-6 * (drift_ppm[index] if drift_ppm is not None else 0.0)
        common_s = own_s / clock + (offset_s[index] if offset_s is not None else 0.0)
        points = np.stack([motion(common_s) for motion in people], axis=1)
        pixels = project(camera, points)
        width, height = camera.size_px
        inside = (pixels >= 0).all(axis=-1) & (pixels < [width, height]).all(axis=-1)
        pixels += random.normal(0, faults.noise_px, pixels.shape) if faults.noise_px else 0.0
        wrong = random.random(pixels.shape[:-1]) < faults.outliers
        pixels[wrong] += random.uniform(-150, 150, (int(wrong.sum()), 2))
        confidence = np.where(inside, random.uniform(0.6, 1.0, inside.shape), 0.0)
        confidence[random.random(confidence.shape) < faults.occlusion] = 0.0
        confidence[random.random(confidence.shape[:2]) < faults.lost_detections] = 0.0
        if faults.overlap is not None:
            distance_m = np.linalg.norm(np.nanmean(points, axis=2) - camera.position_m, axis=-1)
            confidence[_covered(boxes(pixels), distance_m, faults.overlap)] = 0.0
        pixels[confidence == 0] = np.nan
        if shuffle:
            order = random.permuted(np.tile(np.arange(len(people)), (frames, 1)), axis=1)
            rows = np.arange(frames)[:, None]
            pixels, confidence = pixels[rows, order], confidence[rows, order]
        seen.append(
            Keypoints2D(
                camera.name,
                skeleton.name,
                skeleton.keypoints,
                pixels,
                confidence,
                boxes(pixels),
                float(rates[index]),
                own_s,
                camera.size_px,
            )
        )
    return seen


def _covered(box: np.ndarray, distance_m: np.ndarray, overlap: float) -> np.ndarray:
    """Which people (F, P) stand behind another one, by their boxes (F, P, 4) and distances (F, P)."""
    low = np.maximum(box[:, :, None, :2], box[:, None, :, :2])
    high = np.minimum(box[:, :, None, 2:], box[:, None, :, 2:])
    area = np.prod(box[..., 2:] - box[..., :2], axis=-1)
    shared = np.prod(np.maximum(high - low, 0), axis=-1) / np.minimum(area[:, :, None], area[:, None])
    return ((shared > overlap) & (distance_m[:, :, None] > distance_m[:, None])).any(axis=2)


def boxes(pixels: np.ndarray) -> np.ndarray:
    """The box (F, D, 4) around each detection; NaN where it shows nothing."""
    known = np.isfinite(pixels).all(axis=-1)[..., None]
    low, high = np.where(known, pixels, np.inf).min(axis=2), np.where(known, pixels, -np.inf).max(axis=2)
    box = np.concatenate([low, high], axis=-1)
    box[~np.isfinite(box).all(axis=-1)] = np.nan
    return box
