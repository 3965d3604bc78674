"""The participants' keypoints in space, from the detections that association gave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kineograph.geometry.projection import largest_distortion_px, undistort_pixels
from kineograph.model.camera import Camera, Rig
from kineograph.model.observations import Observations
from kineograph.model.points import Origin, Points3D
from kineograph.model.report import Reason, StageReport
from kineograph.model.skeleton import Skeleton
from kineograph.signal.runs import fill_gaps
from kineograph.stages.triangulation_dlt import solve_dlt
from kineograph.stages.triangulation_records import Limits
from kineograph.stages.triangulation_report import STAGE, report_on
from kineograph.stages.triangulation_robust import solve_robust

NEGLIGIBLE_DISTORTION_PX = 1.0
"""With `undistort: auto`, lenses that shift no pixel by more than this are taken as ideal, as Pose2Sim takes all lenses."""


@dataclass(frozen=True)
class TriangulateSettings:
    """Settings of the section ``triangulation``."""

    method: Literal["robust", "dlt"] = "robust"
    max_error_px: float = 15.0
    min_confidence: float = 0.3
    min_cameras: int = 2
    without_cameras: tuple[str, ...] = ()
    swaps: bool = True
    temporal: bool = True
    undistort: Literal["auto", "always", "never"] = "auto"
    max_gap_frames: int = 20


def triangulate(
    observations: Observations, rig: Rig, skeleton: Skeleton, settings: TriangulateSettings
) -> tuple[Points3D, StageReport]:
    """Triangulate all participants, frames and keypoints, then fill short gaps.

    Parameters
    ----------
    observations : Observations
        What the cameras saw of them.
    rig : Rig
        The same cameras' calibration, in the same order.
    skeleton : Skeleton
        The keypoints.
    settings : TriangulateSettings
        The section ``triangulation``.
    """
    frames, _, _, cameras = observations.confidence.shape
    left_out = np.isin(observations.cameras, settings.without_cameras)
    if cameras - left_out.sum() < settings.min_cameras or frames == 0:
        return _nothing(observations, skeleton, settings)
    image, confidence = observations.position_px.copy(), observations.confidence.copy()
    confidence[~(confidence >= settings.min_confidence)] = 0.0
    confidence[..., left_out] = 0.0
    undistorted = {camera.name: _undistorts(camera, settings.undistort) for camera in rig.cameras}
    for index, camera in enumerate(rig.cameras):
        if undistorted[camera.name]:
            image[..., index, :] = undistort_pixels(camera, image[..., index, :])
    projection = np.array([camera.projection for camera in rig.cameras])
    limits = Limits(settings.max_error_px, settings.min_cameras, settings.max_gap_frames, observations.fps_hz)
    learnt = None
    if settings.method == "dlt":
        solved = solve_dlt(image, confidence, projection, limits)
    else:
        limbs = skeleton.limbs() if settings.swaps else {}
        solved, learnt = solve_robust(image, confidence, projection, limbs, limits, temporal=settings.temporal)
    filled, new = fill_gaps(solved.position_m.reshape(frames, -1), settings.max_gap_frames)
    origin = solved.origin.copy()
    origin[new.reshape(*origin.shape, 3)[..., 0]] = Origin.INTERPOLATED
    points = Points3D(
        observations.participants,
        skeleton.keypoints,
        observations.cameras,
        skeleton.name,
        filled.reshape(solved.position_m.shape),
        solved.covariance_m2,
        solved.error_px,
        solved.used,
        origin,
        observations.time_s,
        observations.fps_hz,
    )
    named = dict(zip(observations.cameras, undistorted.values(), strict=True))
    places = np.array([camera.position_m for camera in rig.cameras])
    return points, report_on(points, confidence > 0, named, places, min_cameras=settings.min_cameras, learnt=learnt)


def _undistorts(camera: Camera, choice: str) -> bool:
    if choice == "auto":
        return largest_distortion_px(camera) > NEGLIGIBLE_DISTORTION_PX
    return choice == "always"


def _nothing(
    observations: Observations, skeleton: Skeleton, settings: TriangulateSettings
) -> tuple[Points3D, StageReport]:
    """All points missing, where there is nothing to triangulate from."""
    points = Points3D.all_missing(
        observations.participants,
        skeleton.keypoints,
        observations.cameras,
        skeleton.name,
        observations.time_s,
        observations.fps_hz,
    )
    usable = len(set(observations.cameras) - set(settings.without_cameras))
    reason = Reason(
        "fail",
        f"{usable} usable cameras and {points.n_frames} frames came in (wanted: {settings.min_cameras} cameras)",
        "",
        "see the earlier stages' verdicts",
    )
    return points, StageReport(
        STAGE, {"cameras": list(observations.cameras), "frames": points.n_frames}, {"points": 0}, (reason,)
    )
