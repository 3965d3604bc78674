"""What the player on a trial's page is given: people, cameras and joint angles over time, in numbers of 16 bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kineograph.geometry.projection import project
from kineograph.io.trc import from_opensim_axes
from kineograph.model.body_poses import BodyPoses
from kineograph.model.camera import Camera
from kineograph.model.coordinate_panels import named_panels, other_panels, side
from kineograph.model.coordinates import Coordinates
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.player_pictures import PlayerPictures
from kineograph.model.points import Points3D
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.pages.packing import LARGEST, packed, packed_bytes, text

MOST_BYTES = 3_000_000
"""Of the people's numbers; a longer trial is shown at every second frame, or fewer."""
QUANTUM_M = 0.001
QUANTUM_DEG = 0.02
AROUND_THE_PICTURE = 1.5
"""Projections up to so many picture sizes from its corner are kept: beyond, a bone's end is not drawn anyway."""
FRUSTUM_M = 0.25


@dataclass(frozen=True)
class CameraView:
    """A camera and what it saw of the participants.

    Attributes
    ----------
    name : str
        Its name in the dataset.
    size_px : tuple of int
        Of its recording.
    camera : Camera or None
        Its calibration.
    detected_px : (F, P, K, 2) array
        The participants' keypoints on the common clock, px; NaN where not seen.
    """

    name: str
    size_px: tuple[int, int]
    camera: Camera | None
    detected_px: FloatArray


@dataclass(frozen=True)
class Solved:
    """What is known of a participant's model in a trial.

    Attributes
    ----------
    coordinates, bodies, marker_errors
        The kinematics stage's results.
    ranges : dict of str to (float, float)
        The model's range of each coordinate, rad or m.
    shapes : sequence of (str, str, tuple of float)
        Body, file and scale of each shape on its bodies.
    """

    coordinates: Coordinates
    bodies: BodyPoses
    marker_errors: MarkerErrors
    ranges: Mapping[str, tuple[float, float]]
    shapes: Sequence[tuple[str, str, tuple[float, ...]]] = ()


def trial_data(
    points: Points3D,
    skeleton: Skeleton | None,
    views: Sequence[CameraView],
    solved: Mapping[str, Solved],
    pictures: PlayerPictures,
    shapes: Mapping[str, Any],
) -> dict[str, Any]:
    """The data as plain values, for JSON.

    Parameters
    ----------
    points : Points3D
        The filtered points.
    skeleton : Skeleton or None
        Their card; None where there is none, as in a trial that could not be read.
    views : sequence of CameraView
        The cameras.
    solved : dict of str to Solved
        Of each participant.
    pictures : PlayerPictures
        The cameras' pictures.
    shapes : dict of str to dict
        Shapes of bones by the names of their files, packed; a model without any is drawn as lines.
    """
    frames, people, keypoints = points.origin.shape
    bodies = sum(len(item.bodies.bodies) for item in solved.values())
    each = 2 * people * keypoints * (3.5 + 4 * len(views)) + 2 * 9 * bodies
    step = max(int(np.ceil(frames * each * 4 / 3 / MOST_BYTES)), 1)
    shown = np.arange(0, frames, step)
    return {
        "frames": len(shown),
        "step": step,
        "fps_hz": points.fps_hz / step if np.isfinite(points.fps_hz) else 0.0,
        "start_s": float(points.time_s[0]) if frames else 0.0,
        "keypoints": [{"name": name, "side": skeleton.side(name) if skeleton else "middle"} for name in points.names],
        "bones": _bones(points.names, skeleton),
        "cameras": [_camera(view, points, shown, pictures) for view in views],
        "shapes": {file: shapes[file] for item in solved.values() for _, file, _ in item.shapes if file in shapes},
        "picture_frames": (pictures.moment / step).tolist(),
        "people": [
            {
                "name": name,
                "points": packed(points.position_m[shown, index], QUANTUM_M),
                "origin": packed_bytes(points.origin[shown, index]),
                "measured": float(points.measured[:, index].mean()) if frames else 0.0,
                **_solved(solved[name], points.time_s[shown], shapes),
            }
            for index, name in enumerate(points.participants)
        ],
    }


def _bones(names: Sequence[str], skeleton: Skeleton | None) -> list[list[int]]:
    """The bones whose ends are both there, as indices of keypoints."""
    place = {name: index for index, name in enumerate(names)}
    bones = skeleton.bones if skeleton else ()
    return [[place[first], place[second]] for first, second in bones if first in place and second in place]


def _camera(view: CameraView, points: Points3D, shown: Any, pictures: PlayerPictures) -> dict[str, Any]:
    """A camera: its place, its pictures, and what was detected and where the points project."""
    quantum = AROUND_THE_PICTURE * max(*view.size_px, 1) / LARGEST
    projected = np.full((*points.origin[shown].shape, 2), np.nan)
    if view.camera is not None:
        projected = project(view.camera, points.position_m[shown])
    files = pictures.of_camera(view.name) if view.name in pictures.cameras else []
    return {
        "name": view.name,
        "size_px": list(view.size_px),
        "detected": packed(view.detected_px[shown], quantum),
        "projected": packed(projected, quantum),
        "pictures": [text(file) for file in files],
        **({"place": _frustum(view.camera)} if view.camera is not None else {}),
    }


def _frustum(camera: Camera) -> list[list[float]]:
    """A camera's centre and the corners of its picture a little before it, m."""
    width, height = camera.size_px
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], float)
    rays = corners @ np.linalg.inv(camera.intrinsics).T * FRUSTUM_M
    places = np.vstack([camera.position_m, (rays - camera.translation_m) @ camera.rotation])
    found: list[list[float]] = np.round(places, 3).tolist()
    return found


def _solved(solved: Solved, time_s: FloatArray, shapes: Mapping[str, Any]) -> dict[str, Any]:
    """A participant's joint angles, marker errors and bodies at the times that are shown."""
    coordinates, bodies = solved.coordinates, solved.bodies
    rows = _rows(coordinates.time_s, time_s)
    angles = [name for name, turns in zip(coordinates.names, coordinates.rotational, strict=True) if turns]
    turned = (np.nan_to_num(coordinates.values) != 0).sum(axis=0)
    moving = [name for name in angles if turned[coordinates.names.index(name)]]
    panels = [*((True, *panel) for panel in named_panels(moving)), *((False, *panel) for panel in other_panels(moving))]
    error_mm = solved.marker_errors.error_m * 1000
    seen = np.isfinite(error_mm)
    worst = np.where(seen, error_mm, -1).argmax(axis=1) if error_mm.shape[1] else np.zeros(len(error_mm), int)
    mean = np.where(seen, error_mm, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    largest = np.where(seen, error_mm, -1).max(axis=1, initial=-1)
    known = largest >= 0
    return {
        "panels": [
            {
                "title": title,
                "main": main,
                "limits": [round(float(np.degrees(bound)), 2) for bound in solved.ranges.get(names[0], ())],
                "curves": [_curve(coordinates, name, rows) for name in names],
            }
            for main, title, names in panels
        ],
        "marker_errors": {
            "markers": list(solved.marker_errors.markers),
            "mean": packed(_taken(np.where(known, mean, np.nan), rows), 0.1),
            "largest": packed(_taken(np.where(known, largest, np.nan), rows), 0.1),
            "worst": packed(_taken(worst.astype(float), rows), 1),
        },
        "bodies": {
            "names": list(bodies.bodies),
            "parent": bodies.parent.tolist(),
            "origin": packed(from_opensim_axes(_taken(bodies.origin_m, rows)), QUANTUM_M),
            "shapes": [
                {"shape": file, "body": bodies.bodies.index(body), "scale": scale}
                for body, file, scale in solved.shapes
                if file in shapes and body in bodies.bodies
            ],
            "rotation": packed(_turns(_taken(bodies.rotation, rows)), 1 / LARGEST),
        },
    }


def _curve(coordinates: Coordinates, name: str, rows: Any) -> dict[str, Any]:
    index = coordinates.names.index(name)
    return {
        "name": name,
        "side": side(name),
        "values": packed(_taken(coordinates.values_deg_m[:, index], rows), QUANTUM_DEG),
        "sd": packed(_taken(coordinates.sd_deg_m[:, index], rows), QUANTUM_DEG),
        "observed": packed_bytes(np.nan_to_num(_taken(coordinates.observed[:, index].astype(float), rows))),
    }


def _rows(known_s: FloatArray, wanted_s: FloatArray) -> Any:
    """The row of the solution at each time that is wanted, -1 where there is none."""
    if not len(known_s):
        return np.full(len(wanted_s), -1)
    row = np.clip(np.searchsorted(known_s, wanted_s), 0, len(known_s) - 1)
    before = np.maximum(row - 1, 0)
    row = np.where(np.abs(known_s[before] - wanted_s) < np.abs(known_s[row] - wanted_s), before, row)
    usual = float(np.median(np.diff(known_s))) if len(known_s) > 1 else 1.0
    return np.where(np.abs(known_s[row] - wanted_s) <= usual / 2, row, -1)


def _taken(values: FloatArray, rows: Any) -> FloatArray:
    """The rows of an array (R, ...), NaN for -1."""
    if not len(values):
        return np.full((len(rows), *values.shape[1:]), np.nan)
    there = (rows >= 0).reshape(-1, *(1,) * (values.ndim - 1))
    found: FloatArray = np.where(there, values[np.maximum(rows, 0)], np.nan)
    return found


def _turns(rotation: FloatArray) -> FloatArray:
    """Rotations (..., 3, 3) from a body to OpenSim's ground as their first two columns in the world's axes, (..., 6)."""
    columns = [from_opensim_axes(rotation[..., axis]) for axis in range(2)]
    return np.concatenate(columns, axis=-1)
