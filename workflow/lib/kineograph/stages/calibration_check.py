"""Can a calibration be right? Its figures against what cameras and rooms are like."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from kineograph.geometry.nominal_pixels import nominal_camera
from kineograph.geometry.projection import largest_distortion_px
from kineograph.geometry.world_up import cameras_up, nearest_axis
from kineograph.model.camera import TURNED_VIEW, Camera, Rig
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray

STAGE = "calibration"
FIELD_OF_VIEW_DEG = (8.0, 150.0)
OFF_CENTRE = 0.25
"""Part of the image's size by which a principal point may lie off its middle."""
FOCAL_RATIO = 1.1
"""The focal lengths along x and y of square pixels are equal."""
FARTHEST_M = 200.0
FAR_M = 60.0
NEAREST_M = 0.02
ALL_NEAREST_M = 0.05
CLOSE_M = 0.3
"""Cameras that film people stand farther from each other than the eyes of one stereo camera."""
ORTHOGONAL = 1e-3
IN_LINE = 0.03
"""Width of the cameras' arrangement, as a part of its length, below which it is a line."""
AXES_CROSS = 0.1
"""Least squared sine of the angle between viewing directions, on average, for which the place they all look at is known."""
NOT_UP = 0.5
"""Cosine between z and what cameras have at their top, below which z is not up: all of them may look down by 60 degrees."""
WHOLE_TURN_DEG = 25.0
"""Where the cameras' upper side is this near to an axis, that axis may be up, and the cameras look up or down by the rest."""
MIN_CAMERAS = 2


def check_rig(rig: Rig, format_name: str) -> StageReport:
    """The report on a calibration: implausible lenses, cameras at one place or in one line, units that can't be metres."""
    reasons = [reason for camera in rig.cameras for reason in _check_camera(camera)]
    reasons += _check_number(rig)
    if len(rig) >= MIN_CAMERAS:
        reasons += [*_check_distances(rig), *_check_directions(rig), *_check_vertical(rig)]
    reasons += _check_turned_views(rig)
    came_out = {
        "position_m": {camera.name: camera.position_m.tolist() for camera in rig.cameras},
        "field_of_view_deg": {camera.name: _field_of_view_deg(camera) for camera in rig.cameras},
        "largest_distortion_px": {camera.name: largest_distortion_px(nominal_camera(camera)) for camera in rig.cameras},
    }
    came_in = {"source": rig.source, "format": format_name, "cameras": list(rig.names)}
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _check_camera(camera: Camera) -> Iterator[Reason]:
    where = f"camera {camera.name}"
    angle = _field_of_view_deg(camera)
    if not FIELD_OF_VIEW_DEG[0] <= angle <= FIELD_OF_VIEW_DEG[1]:
        yield Reason(
            "fail",
            f"{camera.name} would see {angle:.0f} degrees "
            f"(plausible: {FIELD_OF_VIEW_DEG[0]:.0f} to {FIELD_OF_VIEW_DEG[1]:.0f})",
            where,
            "focal length and image size don't belong together: was the calibration made at another resolution?",
        )
    centre = camera.intrinsics[:2, 2] / np.array(camera.size_px) - 0.5
    if np.abs(centre).max() > OFF_CENTRE:
        yield Reason(
            "fail",
            f"the principal point of {camera.name} lies {np.abs(centre).max():.0%} of the image off its middle",
            where,
            "was the image turned or cropped after the calibration? A crop, a resize or a turn can be declared in "
            "calibration.image_edits",
        )
    ratio = float(camera.intrinsics[0, 0] / camera.intrinsics[1, 1])
    if not 1 / FOCAL_RATIO <= ratio <= FOCAL_RATIO:
        yield Reason(
            "warn",
            f"the pixels of {camera.name} would be {ratio:.2f} times as high as wide",
            where,
            "was the video stretched after the calibration, or did the calibration see too few boards?",
        )
    yield from _check_place(camera, where)


def _check_place(camera: Camera, where: str) -> Iterator[Reason]:
    distance = float(np.linalg.norm(camera.position_m))
    if distance > FAR_M:
        yield Reason(
            "fail" if distance > FARTHEST_M else "warn",
            f"{camera.name} would stand {distance:.0f} m from the origin",
            where,
            "the calibration is in millimetres or centimetres: set calibration.unit, or give it in metres",
        )
    if np.abs(camera.rotation @ camera.rotation.T - np.eye(3)).max() > ORTHOGONAL:
        yield Reason(
            "fail", f"the rotation of {camera.name} is none: it stretches or shears space", where, "calibrate again"
        )
    elif np.linalg.det(camera.rotation) < 0:
        yield Reason(
            "fail",
            f"the rotation of {camera.name} is mirrored (determinant -1): left and right would be swapped",
            where,
            "was an axis of the room or of the image turned round on export?",
        )


def _check_number(rig: Rig) -> Iterator[Reason]:
    if len(rig) < MIN_CAMERAS:
        found = f"only {rig.names[0]}" if len(rig) else "no camera"
        yield Reason("fail", f"{found} is calibrated", _blame(rig), "3D needs two cameras or more")
    elif len(rig) == MIN_CAMERAS:
        yield Reason(
            "warn",
            f"only {' and '.join(rig.names)} are calibrated: an error of either goes into the 3D points unseen",
            _blame(rig),
            "a third camera would tell which of them errs",
            "part",
        )


def _check_distances(rig: Rig) -> Iterator[Reason]:
    places = np.array([camera.position_m for camera in rig.cameras])
    distances = {
        pair: float(np.linalg.norm(places[pair[0]] - places[pair[1]])) for pair in combinations(range(len(rig)), 2)
    }
    largest = max(distances.values())
    if largest < CLOSE_M:
        yield Reason(
            "fail" if largest < ALL_NEAREST_M else "warn",
            f"all cameras ({', '.join(rig.names)}) stand within {largest * 1e3:.3g} mm: at the same place",
            _blame(rig),
            "the calibration is in metres and was read as millimetres, or in kilometres: set calibration.unit",
        )
        return
    for (first, second), distance in distances.items():
        if distance < NEAREST_M:
            names = rig.names[first], rig.names[second]
            yield Reason(
                "fail",
                f"{names[0]} and {names[1]} stand at the same place ({distance * 1e3:.0f} mm apart)",
                f"camera {names[1]}",
                "two cameras got the same extrinsics",
            )
    lengths = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
    if len(rig) > MIN_CAMERAS and lengths[1] < IN_LINE * lengths[0]:
        yield Reason(
            "warn",
            f"all cameras ({', '.join(rig.names)}) stand in one line",
            _blame(rig),
            "if they do stand so, distances from that line are uncertain; if not, calibrate again",
        )


def _check_directions(rig: Rig) -> Iterator[Reason]:
    """Name each camera that has the place behind it at which the cameras look.

    The place is the point with the smallest squared distance to all viewing axes; where they are about parallel there is none.
    """
    places = np.array([camera.position_m for camera in rig.cameras])
    axes = np.array([camera.rotation[2] for camera in rig.cameras])
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    if np.linalg.eigvalsh(across.mean(axis=0))[0] < AXES_CROSS:
        return
    target = np.linalg.solve(across.sum(axis=0), (across @ places[:, :, None]).sum(axis=0))[:, 0]
    depth_m = ((target - places) * axes).sum(axis=1)
    for camera, depth in zip(rig.cameras, depth_m, strict=True):
        if depth < 0:
            yield Reason(
                "warn",
                f"{camera.name} looks away from the place that the cameras' viewing axes meet at",
                f"camera {camera.name}",
                "is its rotation from camera to world instead of from world to camera, or is it another camera's?",
            )


def _check_vertical(rig: Rig) -> Iterator[Reason]:
    """Say where the world's z is not up, going by what the cameras' pictures have at their top."""
    up = cameras_up(rig)
    if up is None or up[2] > NOT_UP:
        return
    axis, angle = nearest_axis(up)
    near = angle < WHOLE_TURN_DEG
    yield Reason(
        "warn",
        f"the calibration's z axis is not up: by how the cameras ({', '.join(rig.names)}) stand, {axis} is "
        f"(to {angle:.0f} degrees)",
        _blame(rig),
        f"set calibration.world_up to {axis} (for a computed world: boards.lies_on, or the axes of the known points); where the "
        "world is one camera's, no axis is quite vertical: calibrate with the board on the floor instead"
        if near
        else "no axis is up, as where the world is one camera's: calibrate with the board on the floor, or by people",
    )


def _check_turned_views(rig: Rig) -> Iterator[Reason]:
    """Say which views the calibration says are turned: whether the video is turned as well, no reader knows."""
    for name in rig.names:
        turn = rig.metadata.get(f"{TURNED_VIEW}{name}")
        if turn is not None:
            yield Reason(
                "warn",
                f"the calibration says that the view of {name} is turned by {turn} degrees; this was found and not applied",
                f"camera {name}",
                "look at the cameras on the trial's page; say in calibration.image_edits by how much the video is turned "
                "(turn_deg; 0 if it is not)",
            )


def _blame(rig: Rig) -> str:
    return f"cameras {', '.join(rig.names)}"


def _field_of_view_deg(camera: Camera) -> float:
    """The wider of the two angles of view, degrees."""
    widths: FloatArray = np.array(camera.size_px) / (2 * np.abs(np.diag(camera.intrinsics)[:2]))
    return float(np.degrees(2 * np.arctan(widths.max())))
