"""Where cameras stand, from nothing but the people they saw: no board, no measured points."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.geometry.body_frame import Bodies, Upward
from kineograph.geometry.pose_errors import pose_errors
from kineograph.geometry.view_graph import AGREES, points_of
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.stages.calibration_check import check_rig
from kineograph.stages.people_judgement import Findings, judge, why_not_placed
from kineograph.stages.people_poses import FoundPoses, TrialKeypoints, find_poses
from kineograph.stages.people_views import common_views
from kineograph.stages.people_world import KnownDistance, in_world, no_size, size_of, vertical

METHOD = "people"


@dataclass(frozen=True)
class PeopleSettings:
    """What extrinsics from people depend on: the keys of ``calibration`` that apply.

    `trials` has for each trial its cameras, what its section ``synchronization`` says (``timing``, the keys of
    :class:`Timing`), and the heights of its participants (``heights_m``).
    """

    method: str = METHOD
    intrinsics: str = "computed"
    format: str = "auto"
    known_distance: Mapping[str, Any] | None = None
    up: Mapping[str, Sequence[float]] = field(default_factory=dict)
    trials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    image_edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FilmedTrial:
    """A trial: what its cameras saw, and the heights of its participants (None where not known), m."""

    keypoints: TrialKeypoints
    heights_m: Mapping[str, float | None]


def calibrate_by_people(
    trials: Sequence[FilmedTrial], lenses: Sequence[Camera], skeleton: Skeleton, settings: PeopleSettings
) -> tuple[Rig, StageReport]:
    """The cameras' poses and how far they can be trusted.

    Parameters
    ----------
    trials : sequence of FilmedTrial
        All trials of the calibration, each with an entry for every camera.
    lenses : sequence of Camera
        The cameras' lenses; their poses are ignored.
    skeleton : Skeleton
        Of all keypoints.
    settings : PeopleSettings
        The keys of the section ``calibration`` that apply.

    Raises
    ------
    InputError, ConfigError
        Where no two cameras saw the same person, or nothing tells the scale or the vertical.
    """
    names = [trial.keypoints.name for trial in trials]
    heights_m = [trial.heights_m for trial in trials]
    distance = settings.known_distance
    known = None if distance is None else KnownDistance(tuple(distance["between"]), float(distance["length_m"]))
    if known is None and not any(value for people in heights_m for value in people.values()):
        raise no_size(names)
    twins = np.array([skeleton.index(skeleton.counterpart(name)) for name in skeleton.keypoints])
    found = find_poses([trial.keypoints for trial in trials], lenses, twins)
    placed = {lens.name: camera for lens, camera in zip(lenses, found.cameras, strict=True) if camera is not None}
    if len(placed) < 2:
        raise _nothing_placed(found, lenses)
    bodies = _bodies(found, skeleton)
    size = size_of(bodies, names, heights_m, known, placed)
    up, people, source = vertical(bodies, settings.up, placed)
    floor = bodies.floor(up)
    placed = in_world(placed, up, 0.0 if floor is None else floor, size.metres)
    rig = Rig(
        tuple(_with_pose(lens, placed[lens.name]) for lens in lenses if lens.name in placed),
        source=f"{METHOD}, intrinsics {settings.intrinsics}",
    )
    findings = _findings(found, bodies, rig, up)
    cameras = [lens.name for lens in lenses]
    reasons = judge(findings, found, cameras, size, people, bool(settings.up), floor)
    world = {
        "scale": {
            "source": size.source,
            "error_part": size.error,
            "relative_by_trial": {name: value / size.metres for name, value in size.by_trial.items()},
        },
        "vertical": {"source": source} | ({} if people is None else _vertical_record(people, up)),
        "axes": f"origin on the floor below {rig.names[0]}, x where it looks, z up",
    }
    return rig, _report(rig, found, findings, cameras, world, reasons)


def _report(
    rig: Rig,
    found: FoundPoses,
    findings: Findings,
    cameras: Sequence[str],
    world: Mapping[str, Any],
    reasons: Sequence[Reason],
) -> StageReport:
    """The report on any calibration, with what is particular to this one."""
    checked = check_rig(rig, METHOD)
    came_in = {
        **checked.came_in,
        "trials": [trial.name for trial in found.trials],
        "frames": found.sightings.frames,
        "frames_held_out": found.sightings.select(found.sightings.held_out).frames,
        "points": len(found.sightings),
    }
    came_out = {**checked.came_out, **findings.record(), "offset_s": _offsets_s(found, cameras), **world}
    everything = worst_first([*checked.reasons, *reasons])
    return dataclasses.replace(checked, came_in=came_in, came_out=came_out, reasons=everything)


def _nothing_placed(found: FoundPoses, lenses: Sequence[Camera]) -> InputError:
    why = [f"{lens.name}: {why_not_placed(found, index)[0]}" for index, lens in enumerate(lenses)]
    return InputError(
        "no two cameras could be placed by the people they saw",
        expected="a person who walks about where two cameras see the whole body",
        found="; ".join(why),
        hint="are these videos of one trial, and is synchronization.max_offset_s large enough?",
    )


def _vertical_record(people: Upward, up: FloatArray) -> dict[str, float | int]:
    return {
        "people_error_deg": people.error_deg,
        "feet_error_deg": people.feet_error_deg,
        "foot_places": people.foot_places,
        "bodies_lean_deg": people.lean_deg,
        "from_people_deg": float(np.degrees(np.arccos(np.clip(people.direction @ up, -1, 1)))),
    }


def _bodies(found: FoundPoses, skeleton: Skeleton) -> Bodies:
    """The person of each trial in space."""
    points, rates = [], []
    for trial, clock in zip(found.trials, found.clocks, strict=True):
        there = trial.filmed() & np.isfinite(clock)
        solved = np.full((0, len(skeleton.keypoints), 3), np.nan)
        if there.sum() >= 2:
            image, _ = common_views(trial.views, clock)
            flat, _ = points_of(found.cameras, image.reshape(-1, *image.shape[2:]))
            solved = flat.reshape(*image.shape[:2], 3)
        points.append(solved)
        rates.append(trial.fps_hz if there.any() else 1.0)
    return Bodies(points, rates, skeleton.keypoints)


def _with_pose(lens: Camera, pose: Camera) -> Camera:
    return dataclasses.replace(lens, rotation=pose.rotation, translation_m=pose.translation_m)


def _findings(found: FoundPoses, bodies: Bodies, rig: Rig, up: FloatArray) -> Findings:
    """What the verdict goes by, in metres and by camera."""
    which = [index for index, camera in enumerate(found.cameras) if camera is not None]
    seen = found.sightings
    points, distance = points_of(found.cameras, seen.image_px)
    cameras = [camera for camera in found.cameras if camera is not None]
    fit = ~seen.held_out
    turn_deg, shift = pose_errors(cameras, points[fit], seen.image_px[fit][:, which])
    centre = np.nanmedian(points, axis=0)
    far = np.array([np.linalg.norm(camera.position_m - centre) for camera in cameras])
    return Findings(
        rig.names,
        _medians(distance[fit][:, which]),
        _medians(distance[seen.held_out][:, which]),
        _shares(distance[seen.held_out][:, which], AGREES * found.scale_px),
        _frames(seen.image_px[:, which], seen.frame + 1_000_000 * seen.trial),
        turn_deg,
        shift / far,
        found.scale_px,
        bodies.spread(up),
        seen.frames,
        {trial.name: bodies.unsteadiness(index) for index, trial in enumerate(found.trials)},
    )


def _medians(distance: FloatArray) -> FloatArray:
    return np.array([float(np.median(d[np.isfinite(d)])) if np.isfinite(d).any() else np.nan for d in distance.T])


def _shares(distance: FloatArray, limit: float) -> FloatArray:
    """Which part of each camera's image points is nearer than the limit, (C,)."""
    known = np.isfinite(distance)
    shares: FloatArray = (known & (distance < limit)).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return shares


def _frames(image_px: FloatArray, frame: np.ndarray) -> np.ndarray:
    """In how many frames each camera saw the person, (C,)."""
    known = np.isfinite(image_px[..., 0])
    return np.array([len(np.unique(frame[column])) for column in known.T])


def _offsets_s(found: FoundPoses, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """The offsets of each trial, s, against its first camera."""
    result = {}
    for trial, clock in zip(found.trials, found.clocks, strict=True):
        known = np.isfinite(clock)
        start = clock[known][0] if known.any() else 0.0
        result[trial.name] = {
            name: float(at - start) / trial.fps_hz for name, at in zip(names, clock, strict=True) if np.isfinite(at)
        }
    return result
