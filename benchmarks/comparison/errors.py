"""Measures of a result: against exact truth, and, where there is none, of its consistency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from comparison.result import Result, Trajectories
from comparison.scenes import FPS_HZ, Scene, skeleton
from kineograph.geometry.projection import project
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D

MIN_CONFIDENCE = 0.3
SEGMENTS = (("Hip", "Knee"), ("Knee", "Ankle"), ("Shoulder", "Elbow"), ("Elbow", "Wrist"))


@dataclass(frozen=True)
class Accuracy:
    """How a result compares with the truth.

    Attributes
    ----------
    triangulated_mm, filtered_mm : tuple of float
        Median and 95th percentile of the distance to the truth.
    worst_mm : float
        The largest distance after filtering.
    lost : float
        Part of the frames, people and keypoints that two cameras or more showed, and that have no position.
    filled : float
        Part of all that has a position though fewer than two cameras showed the keypoint then.
    offset_frames : float
        The largest error of a camera's offset against the others, frames.
    """

    triangulated_mm: tuple[float, float]
    filtered_mm: tuple[float, float]
    worst_mm: float
    lost: float
    filled: float
    offset_frames: float


def accuracy(result: Result, scene: Scene, names: Sequence[str]) -> Accuracy:
    """Measure a result on these keypoints; people are matched to those of the scene as fits best."""
    shift_s = scene.offset_s - result.offset_s
    gauge_s = float(np.nanmedian(shift_s))
    raw = _errors(result.triangulated, scene, names, gauge_s)
    final = _errors(result.filtered, scene, names, gauge_s)
    there = np.isfinite(final)
    seen = _seen_by_two(scene, names)
    return Accuracy(
        _percentiles_mm(raw),
        _percentiles_mm(final),
        float(np.nanmax(final) * 1e3) if there.any() else np.nan,
        float((~there & seen).sum() / (seen.sum() * len(there))),
        float((there & ~seen).mean()),
        float(np.nanmax(np.abs(shift_s - gauge_s)) * FPS_HZ),
    )


def common_names(results: Sequence[Result]) -> list[str]:
    """The keypoints that all results have, as the first spells them."""
    found = [person.names for result in results for person in result.filtered[:1]]
    others = [{name.lower() for name in names} for names in found[1:]]
    return [name for name in (found[0] if found else ()) if all(name.lower() in other for other in others)]


def _errors(people: list[Trajectories], scene: Scene, names: Sequence[str], gauge_s: float) -> np.ndarray:
    """Distances (people, frames, keypoints) to the truth in m, NaN where there is no position."""
    frames = max(item.n_frames for item in scene.keypoints)
    known = skeleton().keypoints
    columns = [known.index(name) for name in names]
    distances = np.full((len(people), len(scene.people), frames, len(names)), np.nan)
    for row, person in enumerate(people):
        position = person.position_m[:, [_index(person.names, name) for name in names]]
        frame = np.round((person.time_s + gauge_s) * FPS_HZ).astype(int)
        inside = (frame >= 0) & (frame < frames)
        for column, motion in enumerate(scene.people):
            truth = motion(person.time_s + gauge_s)[:, columns]
            distances[row, column, frame[inside]] = np.linalg.norm(position - truth, axis=-1)[inside]
    return _best_match(distances)


def _best_match(distances: np.ndarray) -> np.ndarray:
    """For each person of the scene the found one that is nearest in the median, NaN where nobody is left."""
    found, wanted = distances.shape[:2]
    padded = np.concatenate([distances, np.full((wanted, *distances.shape[1:]), np.nan)])
    cost = np.array([[np.median(np.nan_to_num(block, nan=10.0)) for block in row] for row in padded])
    best = min(permutations(range(found + wanted), wanted), key=lambda rows: cost[list(rows), range(wanted)].sum())
    return padded[list(best), range(wanted)]


def _seen_by_two(scene: Scene, names: Sequence[str]) -> np.ndarray:
    """Whether two cameras or more show a keypoint of anybody, (frames, keypoints), at their own frames."""
    columns = [skeleton().keypoints.index(name) for name in names]
    number = np.zeros((max(item.n_frames for item in scene.keypoints), len(names)), int)
    for item in scene.keypoints:
        number[: item.n_frames] += (item.confidence[..., columns] >= MIN_CONFIDENCE).any(axis=1)
    return number >= 2


def _index(names: Sequence[str], name: str) -> int:
    return [item.lower() for item in names].index(name.lower())


def _percentiles_mm(errors_m: np.ndarray) -> tuple[float, float]:
    if not np.isfinite(errors_m).any():
        return np.nan, np.nan
    median, high = np.nanpercentile(errors_m, [50, 95]) * 1e3
    return float(median), float(high)


@dataclass(frozen=True)
class Consistency:
    """What can be said of a result without truth.

    Attributes
    ----------
    reprojection_px : tuple of float
        Median and 95th percentile of the distance between the filtered points and all cameras' confident keypoints.
    length_variation : float
        Mean coefficient of variation of the lengths of thighs, shanks and arms, which in truth don't vary.
    frames : int
        Frames given.
    offset_frames : float
        The largest offset between two cameras, frames.
    """

    reprojection_px: tuple[float, float]
    length_variation: float
    frames: int
    offset_frames: float


def consistency(result: Result, rig: Rig, keypoints: list[Keypoints2D], names: Sequence[str]) -> Consistency:
    """Measure a result of one person filmed by cameras that are in step."""
    person = result.filtered[0]
    position = person.position_m[:, [_index(person.names, name) for name in names]]
    distances = []
    for camera, item, offset_s in zip(rig.cameras, keypoints, result.offset_s, strict=True):
        frame = np.round((person.time_s - offset_s) * item.fps_hz).astype(int)
        inside = (frame >= 0) & (frame < item.n_frames)
        columns = [_index(item.names, name) for name in names]
        seen = item.confidence[frame[inside], 0][:, columns] >= MIN_CONFIDENCE
        shown = item.position_px[frame[inside], 0][:, columns]
        distances.append(np.linalg.norm(project(camera, position[inside]) - shown, axis=-1)[seen])
    median, high = np.nanpercentile(np.concatenate(distances), [50, 95])
    spread = result.offset_s.max() - result.offset_s.min()
    rate_hz = keypoints[0].fps_hz
    return Consistency((float(median), float(high)), _variation(person), len(person.time_s), float(spread * rate_hz))


def _variation(person: Trajectories) -> float:
    values = []
    for side in "RL":
        for first, second in SEGMENTS:
            ends = [person.position_m[:, _index(person.names, side + name)] for name in (first, second)]
            length = np.linalg.norm(ends[0] - ends[1], axis=-1)
            values.append(np.nanstd(length) / np.nanmean(length))
    return float(np.mean(values))
