"""Where cameras stand, from points of the world whose places in their pictures are known: a board's corners or scene points."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kineograph.boards.solver import Pose, is_flat, is_straight, solve_poses
from kineograph.errors import InputError, KineographError
from kineograph.geometry.board import corner_places
from kineograph.geometry.nominal_pixels import picture_scale
from kineograph.geometry.projection import project
from kineograph.model.board import BoardViews
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason, Verdict
from kineograph.model.scene import ScenePoints
from kineograph.model.shapes import FloatArray, finite

FEWEST_FLAT = 4
FEWEST_IN_SPACE = 6
"""Points that a pose takes: four of a plane; of others with less than six, several poses fit."""
AMBIGUOUS = 1.5
"""Of a plane two poses come near; the second must leave so many times the residual of the first."""
FAIL_FACTOR = 3.0
"""A camera whose points miss by more than the limit gets a warning, by so many times the limit it fails."""
BOARD_SLIP = 0.03
"""A board's places in the world by two cameras may differ by this part of their distance to it."""


@dataclass(frozen=True)
class ExtrinsicsSettings:
    """What extrinsics depend on: the keys of ``calibration`` and of ``boards`` that apply."""

    method: str = "board"
    intrinsics: str = "computed"
    format: str = "auto"
    max_point_error_px: float = 5.0
    corners: tuple[int, int] = (4, 7)
    square_m: float | None = None
    pattern: str = "checkerboard"
    lies_on: str = "floor"
    image_edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """A camera with its pose, and how its points fit.

    Attributes
    ----------
    camera : Camera
        The camera.
    error_px : dict of str to float
        Distance of each point from where it should be, px; of those that were left out too.
    left_out : tuple of str
        Points that don't fit.
    rms_px : float
        Root mean square of the distances of the points that fit, px.
    reasons : tuple of Reason
        What speaks against it.
    """

    camera: Camera
    error_px: dict[str, float]
    left_out: tuple[str, ...]
    rms_px: float
    reasons: tuple[Reason, ...]


def place_camera(lens: Camera, points: ScenePoints, max_error_px: float) -> Placed:
    """The pose of a camera from known points; those that don't fit are left out, one after another, and named.

    Distances are those in the picture by its scale (:func:`~kineograph.geometry.nominal_pixels.picture_scale`).
    As long as a point misses its place by more than `max_error_px`, the one is left out without which the others fit best.
    Where that leads nowhere (mirrored points, say, of which none is the culprit), all points count.

    Parameters
    ----------
    lens : Camera
        Its intrinsics; its pose is ignored.
    points : ScenePoints
        The points in its picture.
    max_error_px : float
        Largest distance of a point that fits, px.

    Raises
    ------
    InputError
        Where the points are too few, lie on a line, or are of a picture of another size.
    """
    check_points(lens, points)
    everything = list(range(len(points.names)))
    kept = everything.copy()
    poses = _solve(lens, points, kept)
    while _errors(lens, poses[0], points)[kept].max() > max_error_px and _may_lose_one(points, kept):
        trials = [(_solve(lens, points, [k for k in kept if k != one]), one) for one in kept]
        poses, one = min(trials, key=lambda trial: trial[0][0].rms_px)
        kept.remove(one)
    error = _errors(lens, poses[0], points)
    in_vain = error[kept].max() > max_error_px
    fitting = everything if in_vain else np.flatnonzero(error <= max_error_px).tolist()
    if fitting != kept:  # points that a worse one had bent away from the pose come back
        kept = fitting
        poses = _solve(lens, points, kept)
        error = _errors(lens, poses[0], points)
    left_out = tuple(name for index, name in enumerate(points.names) if index not in kept)
    camera = dataclasses.replace(lens, rotation=poses[0].rotation, translation_m=poses[0].translation_m)
    errors = dict(zip(points.names, error.tolist(), strict=True))
    reasons = _judge(camera, points, poses, errors, left_out, max_error_px, [points.names[k] for k in kept])
    return Placed(camera, errors, left_out, poses[0].rms_px, tuple(reasons))


def check_points(lens: Camera, points: ScenePoints) -> None:
    """Raise InputError where a pose can't be computed from these points."""
    count = len(points.names)
    flat = count >= 3 and is_flat(points.position_m)
    needed = FEWEST_FLAT if flat else FEWEST_IN_SPACE
    if count < needed:
        raise InputError(
            f"camera '{points.camera}' sees too few known points",
            expected=f"{FEWEST_FLAT} points of a plane or {FEWEST_IN_SPACE} in space",
            found=f"{count}" + (f" ({', '.join(points.names)})" if count else ""),
            hint="add image points of this camera, or object points that it sees",
        )
    if is_straight(points.position_m):
        raise InputError(
            f"the known points of camera '{points.camera}' lie on a line",
            expected="points spread over the scene",
            found=", ".join(points.names),
            hint="add points beside that line",
        )
    if points.size_px is not None and points.size_px != lens.size_px:
        raise InputError(
            f"the pictures of camera '{points.camera}' have different sizes",
            expected=f"{lens.size_px[0]}x{lens.size_px[1]} px as its intrinsics",
            found=f"{points.size_px[0]}x{points.size_px[1]} px in the extrinsics picture",
            hint="take both with the settings of the videos, and don't turn or crop some of them",
        )


def board_square_m(settings: ExtrinsicsSettings) -> float:
    """The side of a board's squares, m, where poses can be computed from such a board, whatever the pictures show.

    Raises
    ------
    InputError
        Where the size of the squares is not known, or the board looks the same when turned by half a turn.
    """
    if settings.square_m is None:
        raise InputError(
            "the size of the board's squares is not known",
            expected="boards.square_m (or boards.extrinsics_square_m), in m",
            found="nothing",
            hint="measure ten squares of the print and divide by ten",
        )
    if settings.pattern == "checkerboard" and sum(settings.corners) % 2 == 0:
        raise InputError(
            "the cameras could not agree on the board's first corner",
            expected="a board with an even number of squares on one side and an odd number on the other, or a ChArUco board",
            found=f"{settings.corners[0] + 1}x{settings.corners[1] + 1} squares, which look the same after half a turn",
            hint="use another board for the extrinsics (boards.extrinsics_corners), or scene points",
        )
    return settings.square_m


def board_points(views: BoardViews, settings: ExtrinsicsSettings) -> list[ScenePoints]:
    """The board's corners in each picture of a camera as known points, one entry a picture.

    Raises
    ------
    InputError
        As of :func:`board_square_m`.
    """
    places = corner_places(views.corners, settings.lies_on) * board_square_m(settings)
    found = []
    for corners in views.corner_px:
        known = finite(corners)
        names = tuple(f"corner {index}" for index in np.flatnonzero(known).tolist())
        found.append(ScenePoints(views.camera, names, places[known], corners[known], views.size_px))
    return found


def check_placements(rig: Rig, placements: Mapping[str, Sequence[FloatArray | None]]) -> list[Reason]:
    """Do the cameras agree on where further boards lay?

    This is what shows a mirrored picture, pictures in another order, or a camera that was moved: one board's picture alone
    fits any camera's own pose.

    Parameters
    ----------
    rig : Rig
        The cameras.
    placements : dict of str to sequence
        For each camera and further picture, the board's corners in the world (N, 3), m, as that camera sees them; None
        where it does not see the board.
    """
    reasons = []
    names = [name for name in rig.names if name in placements]
    for index in range(max((len(placements[name]) for name in names), default=0)):
        seen = {
            name: corners
            for name in names
            if index < len(placements[name]) and (corners := placements[name][index]) is not None
        }
        if len(seen) < 2:
            continue
        middle = np.median(np.stack(list(seen.values())), axis=0)
        for name, corners in seen.items():
            slip = float(np.linalg.norm(corners - middle, axis=-1).max())
            distance = float(np.linalg.norm(middle.mean(axis=0) - rig[name].position_m))
            if slip > BOARD_SLIP * distance:
                reasons.append(
                    Reason(
                        "fail",
                        f"{name} sees board {index + 2} {slip * 1e3:.0f} mm from where the other cameras see it",
                        f"camera {name}",
                        "is its picture mirrored, of another moment, or was the camera moved?",
                    )
                )
    return reasons


def boards_elsewhere(
    camera: Camera, seen: Sequence[ScenePoints], settings: ExtrinsicsSettings
) -> list[FloatArray | None]:
    """Where a camera sees the boards of its second and further pictures: corners (N, 3) in the world, m; None without a board."""
    corners = corner_places(settings.corners, settings.lies_on) * (settings.square_m or 1.0)
    places: list[FloatArray | None] = []
    for points in seen[1:]:
        try:
            other = place_camera(camera, points, settings.max_point_error_px).camera
        except InputError:
            places.append(None)
            continue
        in_camera = corners @ other.rotation.T + other.translation_m
        places.append((in_camera - camera.translation_m) @ camera.rotation)
    return places


def not_placed(camera: str, error: KineographError) -> Reason:
    """The reason that a camera is missing from the calibration."""
    return Reason(
        "fail", f"{camera} is not calibrated: {error.what} (found {error.found})", f"camera {camera}", error.hint
    )


def points_came_out(placed: Sequence[Placed]) -> dict[str, Any]:
    """What the report says of the points' residuals, by camera."""
    return {
        "point_rms_px": {item.camera.name: item.rms_px for item in placed},
        "point_error_px": {item.camera.name: item.error_px for item in placed},
        "points_left_out": {item.camera.name: list(item.left_out) for item in placed if item.left_out},
    }


def _judge(
    camera: Camera,
    points: ScenePoints,
    poses: list[Pose],
    errors: dict[str, float],
    left_out: tuple[str, ...],
    limit_px: float,
    kept: list[str],
) -> list[Reason]:
    where = f"camera {camera.name}"
    reasons = []
    if left_out:
        named = ", ".join(f"{name} ({errors[name]:.0f} px)" for name in left_out)
        hint = "was it clicked at another place, or is its name or its coordinate wrong?"
        reasons.append(Reason("warn", f"points of {camera.name} that don't fit were left out: {named}", where, hint))
    worst = max(kept, key=lambda name: errors[name])
    if errors[worst] > limit_px:
        hint = "are the points' names, their order and their coordinates (m) right, and is the picture not mirrored?"
        verdict: Verdict = "fail" if poses[0].rms_px > FAIL_FACTOR * limit_px else "warn"
        text = f"no pose of {camera.name} explains its points: {poses[0].rms_px:.1f} px, {worst} {errors[worst]:.1f} px"
        reasons.append(Reason(verdict, f"{text} (limit {limit_px:g} px)", where, hint))
    if len(poses) > 1 and poses[1].rms_px < AMBIGUOUS * poses[0].rms_px:
        hint = "use points that don't lie in one plane, or a larger board, or look at it more aslant"
        text = f"two poses of {camera.name} explain its points ({poses[0].rms_px:.2f} and {poses[1].rms_px:.2f} px)"
        reasons.append(Reason("warn", text, where, hint))
    level = points.position_m[:, 2]
    if np.ptp(level) < 0.1 * np.ptp(points.position_m[:, :2], axis=0).max() and camera.position_m[2] < level.min():
        hint = "are the points or the picture mirrored? z points up, and x to y turns to the left as seen from above"
        text = f"{camera.name} would stand {level.min() - camera.position_m[2]:.2f} m below the points"
        reasons.append(Reason("fail", text, where, hint))
    return reasons


def _may_lose_one(points: ScenePoints, kept: list[int]) -> bool:
    """Whether the points that stay still make a pose, and are most of all."""
    flat = is_flat(points.position_m[kept])
    fewest = (FEWEST_FLAT if flat else FEWEST_IN_SPACE) + 1
    return len(kept) - 1 >= max(fewest - 1, (len(points.names) + 1) // 2 + 1)


def _solve(lens: Camera, points: ScenePoints, kept: list[int]) -> list[Pose]:
    """The poses by some of the points, best first."""
    poses = solve_poses(points.position_m[kept], points.image_px[kept], lens.intrinsics, lens.distortion)
    scale = picture_scale(lens.size_px)
    return [dataclasses.replace(pose, rms_px=pose.rms_px * scale) for pose in poses]


def _errors(lens: Camera, pose: Pose, points: ScenePoints) -> FloatArray:
    """Distance of each point (N,), px; infinite where it would be behind the camera."""
    camera = dataclasses.replace(lens, rotation=pose.rotation, translation_m=pose.translation_m)
    distance = np.linalg.norm(project(camera, points.position_m) - points.image_px, axis=-1) * picture_scale(
        lens.size_px
    )
    result: FloatArray = np.where(np.isfinite(distance), distance, np.inf)
    return result
