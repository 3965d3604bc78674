"""Can a calibration be right? Its figures against what cameras and rooms are like."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from kineograph.geometry.projection import largest_distortion_px
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason, StageReport, worst_first

STAGE = "calibration"
FIELD_OF_VIEW_DEG = (8.0, 150.0)
OFF_CENTRE = 0.25
"""Part of the image's size by which a principal point may lie off its middle."""
FARTHEST_M = 200.0
NEAREST_M = 0.02


def check_rig(rig: Rig, format_name: str) -> StageReport:
    """The report on a calibration: implausible lenses, cameras at one place, units that can't be metres."""
    reasons = [reason for camera in rig.cameras for reason in _check_camera(camera)]
    for first, second in combinations(rig.cameras, 2):
        distance = float(np.linalg.norm(first.position_m - second.position_m))
        if distance < NEAREST_M:
            reasons.append(
                Reason(
                    "fail",
                    f"{first.name} and {second.name} stand at the same place ({distance * 1e3:.0f} mm apart)",
                    f"camera {second.name}",
                    "two cameras got the same extrinsics, or the calibration is in kilometres",
                )
            )
    came_out = {
        "position_m": {camera.name: camera.position_m.tolist() for camera in rig.cameras},
        "field_of_view_deg": {camera.name: _field_of_view_deg(camera) for camera in rig.cameras},
        "largest_distortion_px": {camera.name: largest_distortion_px(camera) for camera in rig.cameras},
    }
    came_in = {"source": rig.source, "format": format_name, "cameras": list(rig.names)}
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _check_camera(camera: Camera) -> list[Reason]:
    reasons = []
    where = f"camera {camera.name}"
    angle = _field_of_view_deg(camera)
    if not FIELD_OF_VIEW_DEG[0] <= angle <= FIELD_OF_VIEW_DEG[1]:
        reasons.append(
            Reason(
                "fail",
                f"{camera.name} would see {angle:.0f} degrees "
                f"(plausible: {FIELD_OF_VIEW_DEG[0]:.0f} to {FIELD_OF_VIEW_DEG[1]:.0f})",
                where,
                "focal length and image size don't belong together: was the calibration made at another resolution?",
            )
        )
    centre = camera.intrinsics[:2, 2] / np.array(camera.size_px) - 0.5
    if np.abs(centre).max() > OFF_CENTRE:
        reasons.append(
            Reason(
                "fail",
                f"the principal point of {camera.name} lies {np.abs(centre).max():.0%} of the image off its middle",
                where,
                "was the image turned or cropped after the calibration?",
            )
        )
    if np.linalg.norm(camera.position_m) > FARTHEST_M:
        reasons.append(
            Reason(
                "fail",
                f"{camera.name} would stand {np.linalg.norm(camera.position_m):.0f} m from the origin",
                where,
                "the calibration is in millimetres: give it in metres",
            )
        )
    if abs(np.linalg.det(camera.rotation) - 1) > 1e-3:
        reasons.append(
            Reason("fail", f"the rotation of {camera.name} is none (mirrored or scaled)", where, "calibrate again")
        )
    return reasons


def _field_of_view_deg(camera: Camera) -> float:
    """The wider of the two angles of view, degrees."""
    widths = np.array(camera.size_px) / (2 * np.abs(np.diag(camera.intrinsics)[:2]))
    return float(np.degrees(2 * np.arctan(widths.max())))
