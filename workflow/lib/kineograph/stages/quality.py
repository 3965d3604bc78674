"""How far are the keypoints of each camera from the final points? By camera and by keypoint, with their direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.projection import project
from kineograph.model.camera import Rig
from kineograph.model.observations import Observations
from kineograph.model.points import Points3D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray

STAGE = "quality"
FEWEST_FRAMES = 5
SHOWN_CONFIDENCE = 0.3
"""Keypoints of a smaller confidence are not drawn in overlays."""


@dataclass(frozen=True)
class QualitySettings:
    """Settings of the section ``quality``."""

    min_confidence: float = 0.3
    warn_error_px: float = 20.0
    warn_bias_px: float = 15.0
    warn_keypoint_px: float = 30.0


@dataclass(frozen=True)
class ReportSettings:
    """Settings of the section ``report``."""

    overlay_frames: int = 3
    blur_faces: bool = False


@dataclass(frozen=True)
class OverlayVideoSettings:
    """Settings of the section ``report`` that videos with overlays have to themselves."""

    overlay_video: bool = False
    overlay_video_height_px: int = 720


@dataclass(frozen=True)
class PlayerSettings:
    """Settings of the section ``report`` that the pictures of the page's player have to themselves."""

    player_mb: float = 6.0
    player_size_px: int = 480


@dataclass(frozen=True)
class _Residuals:
    """Residuals of confident keypoints against the filtered points' projections.

    Attributes
    ----------
    cameras, keypoints : tuple of str
        C and K names.
    median_px : (P, C, K) array
        Median distance, px; NaN where a camera hardly shows the keypoint.
    bias_px : (P, C, 2) array
        Median residual over all keypoints (x to the right, y down), px: what a wrong calibration leaves.
    """

    participants: tuple[str, ...]
    cameras: tuple[str, ...]
    keypoints: tuple[str, ...]
    median_px: FloatArray
    bias_px: FloatArray


def assess(observations: Observations, rig: Rig, points: Points3D, settings: QualitySettings) -> StageReport:
    """Project the final points into every camera, lens distortion included, and compare.

    Keypoints that triangulation left out count as well: that is how a camera that disagrees shows.
    """
    frames, people, _, cameras = observations.confidence.shape
    median = np.full((people, cameras, len(points.names)), np.nan)
    bias = np.full((people, cameras, 2), np.nan)
    by_camera = np.full(cameras, np.nan)
    if frames and cameras and points.n_frames:
        image = np.where(observations.confidence[..., None] < settings.min_confidence, np.nan, observations.position_px)
        for index, camera in enumerate(rig.cameras):
            difference = image[..., index, :] - project(camera, points.position_m)
            distance = np.linalg.norm(difference, axis=-1)
            seen = np.isfinite(distance).sum(axis=0) >= FEWEST_FRAMES
            for person in range(people):
                if seen[person].any():
                    here = seen[person]
                    median[person, index, here] = np.nanmedian(distance[:, person][:, here], axis=0)
                    bias[person, index] = np.nanmedian(difference[:, person][:, here], axis=(0, 1))
            if np.isfinite(distance).any():
                by_camera[index] = np.nanmedian(distance)
    return _report(
        _Residuals(points.participants, observations.cameras, points.names, median, bias), by_camera, settings
    )


def _report(residuals: _Residuals, by_camera: FloatArray, settings: QualitySettings) -> StageReport:
    reasons = []
    for index, camera in enumerate(residuals.cameras):
        if by_camera[index] > settings.warn_error_px:
            reasons.append(
                Reason(
                    "warn",
                    f"the keypoints of {camera} are {by_camera[index]:.0f} px from the final points "
                    f"(median; wanted: under {settings.warn_error_px:g} px)",
                    f"camera {camera}",
                    "check its calibration and synchronization",
                    "everything",
                )
            )
        for person, name in enumerate(residuals.participants):
            x, y = residuals.bias_px[person, index]
            if np.hypot(x, y) > settings.warn_bias_px:
                reasons.append(
                    Reason(
                        "warn",
                        f"{camera} sees {name} shifted by ({x:+.0f}, {y:+.0f}) px throughout",
                        f"camera {camera}",
                        "its calibration does not hold: was it moved after the calibration?",
                        "everything",
                    )
                )
    reasons += _far_keypoints(residuals, settings.warn_keypoint_px)
    came_out = {
        "median_px_by_camera": dict(zip(residuals.cameras, by_camera, strict=True)),
        "bias_px": {
            name: {camera: residuals.bias_px[person, index].tolist() for index, camera in enumerate(residuals.cameras)}
            for person, name in enumerate(residuals.participants)
        },
        "median_px": {
            name: {
                camera: dict(zip(residuals.keypoints, residuals.median_px[person, index], strict=True))
                for index, camera in enumerate(residuals.cameras)
            }
            for person, name in enumerate(residuals.participants)
        },
    }
    came_in = {"cameras": list(residuals.cameras), "keypoints": len(residuals.keypoints)}
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _far_keypoints(residuals: _Residuals, limit_px: float) -> list[Reason]:
    """A warning for each camera that sees some keypoints far from where the others put them."""
    reasons = []
    for index, camera in enumerate(residuals.cameras):
        table = residuals.median_px[:, index]
        far = np.argwhere(np.nan_to_num(table) > limit_px)
        if len(far):
            worst = far[np.argmax([table[person, keypoint] for person, keypoint in far])]
            names = ", ".join(sorted({residuals.keypoints[keypoint] for _, keypoint in far})[:6])
            reasons.append(
                Reason(
                    "warn",
                    f"{camera} sees {names} far from where the other cameras put them; the most "
                    f"{residuals.keypoints[worst[1]]}, {table[worst[0], worst[1]]:.0f} px (wanted: under {limit_px:g} px)",
                    f"camera {camera}, keypoint {residuals.keypoints[worst[1]]}",
                    "occlusion, or left and right swapped in this camera: look at its pictures on the trial's page",
                )
            )
    return reasons
