"""The participants' keypoints in space, from the detections that association gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kineograph.geometry.projection import largest_distortion_px, undistort_pixels
from kineograph.geometry.triangulation import position_covariance, reproject, triangulate_excluding
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Origin, Points3D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import PersonTracks
from kineograph.signal.common_clock import camera_frames
from kineograph.signal.resampling import sample
from kineograph.signal.runs import fill_gaps

STAGE = "triangulation"
NEGLIGIBLE_DISTORTION_PX = 1.0
"""With `undistort: auto`, lenses that shift no pixel by more than this are taken as ideal, as Pose2Sim takes all lenses."""
WARN_MISSING = 0.1
FAIL_MISSING = 0.5
WARN_SPEED_M_S = 15.0
"""Nothing on a body moves faster in the movements that are filmed here; a point that does has jumped."""
WARN_EXCLUDED = 0.3
"""A camera whose confident keypoints are left out more often than this is named."""


@dataclass(frozen=True)
class TriangulateSettings:
    """Settings of the section ``triangulation``."""

    method: Literal["dlt"] = "dlt"
    max_error_px: float = 15.0
    min_confidence: float = 0.3
    min_cameras: int = 2
    undistort: Literal["auto", "always", "never"] = "auto"
    max_gap_frames: int = 20


def triangulate(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    synchronization: Synchronization,
    tracks: PersonTracks,
    skeleton: Skeleton,
    settings: TriangulateSettings,
) -> tuple[Points3D, StageReport]:
    """Triangulate all participants, frames and keypoints at once, then fill short gaps.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera, in the order of the tracks' cameras.
    rig : Rig
        The same cameras' calibration, in the same order.
    synchronization : Synchronization
        The common clock of the same cameras.
    tracks : PersonTracks
        Who is which detection.
    skeleton : Skeleton
        The keypoints.
    settings : TriangulateSettings
        The section ``triangulation``.
    """
    frames, people, cameras = tracks.detection.shape
    count = len(skeleton.keypoints)
    shape = (frames, people, count)
    undistorted = [_undistorts(camera, settings.undistort) for camera in rig.cameras]
    if cameras < settings.min_cameras or frames == 0:
        return _nothing(tracks, skeleton, settings)
    image, confidence = on_common_clock(keypoints, synchronization, tracks)
    for index, camera in enumerate(rig.cameras):
        if undistorted[index]:
            image[..., index, :] = undistort_pixels(camera, image[..., index, :])
    weight = np.where(confidence >= settings.min_confidence, confidence, 0.0)
    projection = np.array([camera.projection for camera in rig.cameras])
    result = triangulate_excluding(
        image.reshape(-1, cameras, 2),
        weight.reshape(-1, cameras),
        projection,
        max_error_px=settings.max_error_px,
        min_cameras=settings.min_cameras,
    )
    error = result.error_px.reshape(shape)
    used = result.used.reshape(*shape, cameras)
    residual = (reproject(projection, result.position_m) - image.reshape(-1, cameras, 2)).reshape(*shape, cameras, 2)
    sigma = np.broadcast_to(_image_noise_px(np.nan_to_num(residual), used), shape)
    covariance = position_covariance(projection, result.position_m, result.used, sigma.ravel())
    position = result.position_m.reshape(*shape, 3)
    origin = np.where(np.isfinite(position[..., 0]), Origin.TRIANGULATED, Origin.MISSING)
    filled, new = fill_gaps(position.reshape(frames, -1), settings.max_gap_frames)
    origin[new.reshape(*shape, 3)[..., 0]] = Origin.INTERPOLATED
    points = Points3D(
        tracks.participants,
        skeleton.keypoints,
        tracks.cameras,
        skeleton.name,
        filled.reshape(*shape, 3),
        covariance.reshape(*shape, 3, 3),
        error,
        used,
        origin.astype(np.int64),
        tracks.time_s,
        tracks.fps_hz,
    )
    return points, _report(points, weight > 0, dict(zip(tracks.cameras, undistorted, strict=True)), settings)


def on_common_clock(
    keypoints: Sequence[Keypoints2D], synchronization: Synchronization, tracks: PersonTracks
) -> tuple[FloatArray, FloatArray]:
    """Each participant's keypoints in every camera at the common times.

    Where a camera's frames fall between those of the common clock, keypoints are interpolated between the two frames, if
    the participant was seen in both.

    Returns
    -------
    position_px : (F, P, K, C, 2) array
        px as in the videos, NaN where not seen.
    confidence : (F, P, K, C) array
        0 where not seen.
    """
    frames, people, cameras = tracks.detection.shape
    count = len(keypoints[0].names) if keypoints else 0
    position = np.full((frames, people, count, cameras, 2), np.nan)
    confidence = np.zeros((frames, people, count, cameras))
    for camera, item in enumerate(keypoints):
        when = camera_frames(synchronization, camera)
        for person in range(people):
            seen = (tracks.detection[:, person, camera] >= 0) & (tracks.frame[:, camera] >= 0)
            own_position = np.full((item.n_frames, count, 2), np.nan)
            own_confidence = np.full((item.n_frames, count), np.nan)
            at = tracks.frame[seen, camera], tracks.detection[seen, person, camera]
            own_position[at[0]] = item.position_px[at]
            own_confidence[at[0]] = item.confidence[at]
            position[:, person, :, camera] = sample(own_position, when)
            confidence[:, person, :, camera] = np.nan_to_num(sample(own_confidence, when))
    return position, confidence


def _undistorts(camera: Camera, choice: str) -> bool:
    if choice == "auto":
        return largest_distortion_px(camera) > NEGLIGIBLE_DISTORTION_PX
    return choice == "always"


def _image_noise_px(residual_px: FloatArray, used: BoolArray) -> FloatArray:
    """Standard deviation of an image coordinate for each participant and keypoint, (P, K), px.

    From the residuals (F, P, K, C, 2) of the cameras used (F, P, K, C): n cameras give 2n numbers, of which a point takes 3.
    """
    squares = np.where(used, np.square(residual_px).sum(axis=-1), 0.0).sum(axis=(0, 3))
    number = used.sum(axis=-1)
    spare = np.where(number > 0, 2 * number - 3, 0).sum(axis=0)
    noise: FloatArray = np.sqrt(squares / np.maximum(spare, 1))
    return noise


def _nothing(tracks: PersonTracks, skeleton: Skeleton, settings: TriangulateSettings) -> tuple[Points3D, StageReport]:
    """All points missing, where there is nothing to triangulate from."""
    shape = (len(tracks.time_s), len(tracks.participants), len(skeleton.keypoints))
    points = Points3D(
        tracks.participants,
        skeleton.keypoints,
        tracks.cameras,
        skeleton.name,
        np.full((*shape, 3), np.nan),
        np.full((*shape, 3, 3), np.nan),
        np.full(shape, np.nan),
        np.zeros((*shape, len(tracks.cameras)), bool),
        np.full(shape, int(Origin.MISSING)),
        tracks.time_s,
        tracks.fps_hz,
    )
    reason = Reason(
        "fail",
        f"{len(tracks.cameras)} usable cameras and {shape[0]} frames came in (wanted: {settings.min_cameras} cameras)",
        "",
        "see the earlier stages' verdicts",
    )
    return points, StageReport(STAGE, {"cameras": list(tracks.cameras), "frames": shape[0]}, {"points": 0}, (reason,))


def _report(
    points: Points3D, confident: BoolArray, undistorted: dict[str, bool], settings: TriangulateSettings
) -> StageReport:
    measured = points.origin == Origin.TRIANGULATED
    missing = points.origin == Origin.MISSING
    expected = confident.sum(axis=-1) >= settings.min_cameras
    left_out = np.array(
        [
            float((confident[..., c] & ~points.cameras_used[..., c])[expected].mean()) if expected.any() else 0.0
            for c in range(len(points.cameras))
        ]
    )
    reasons = []
    for index, name in enumerate(points.participants):
        share = float(missing[:, index].mean())
        worst = int(missing[:, index].mean(axis=0).argmax())
        if share > WARN_MISSING:
            reasons.append(
                Reason(
                    "fail" if share > FAIL_MISSING else "warn",
                    f"{share:.0%} of the points of {name} are missing (wanted: under {WARN_MISSING:.0%}); most often "
                    f"{points.names[worst]}, {missing[:, index, worst].mean():.0%}",
                    f"keypoint {points.names[worst]}",
                    "are enough cameras calibrated, in step, and in view of the person?",
                )
            )
    reasons += _jumps(points)
    reasons += [
        Reason(
            "warn",
            f"{camera} disagrees with the other cameras in {share:.0%} of the points (over {settings.max_error_px:g} px)",
            f"camera {camera}",
            "check its calibration and synchronization",
        )
        for camera, share in zip(points.cameras, left_out, strict=True)
        if share > WARN_EXCLUDED
    ]
    error = points.reprojection_error_px[measured]
    came_out = {
        "points_triangulated": int(measured.sum()),
        "points_interpolated": int((points.origin == Origin.INTERPOLATED).sum()),
        "points_missing": int(missing.sum()),
        "reprojection_error_px": _percentiles(error),
        "cameras_used_mean": float(points.cameras_used.sum(axis=-1)[measured].mean()) if measured.any() else 0.0,
        "left_out": dict(zip(points.cameras, left_out, strict=True)),
    }
    came_in = {
        "frames": points.n_frames,
        "participants": list(points.participants),
        "cameras": list(points.cameras),
        "keypoints": len(points.names),
        "undistorted": undistorted,
    }
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _jumps(points: Points3D) -> list[Reason]:
    """A warning where points move faster than a body can: a swap of left and right, or of people."""
    if points.n_frames < 2:
        return []
    speed = np.linalg.norm(np.diff(points.position_m, axis=0), axis=-1) * points.fps_hz
    fast = np.nan_to_num(speed) > WARN_SPEED_M_S
    if not fast.any():
        return []
    frame, person, index = np.unravel_index(int(np.nanargmax(speed)), speed.shape)
    names = [points.names[k] for k in np.flatnonzero(fast.any(axis=(0, 1)))]
    return [
        Reason(
            "warn",
            f"{len(names)} keypoints jump in {int(fast.any(axis=(1, 2)).sum())} frames ({', '.join(names[:6])}); the most "
            f"{points.names[index]} of {points.participants[person]} at frame {frame + 1}, {speed[frame, person, index]:.0f} m/s",
            f"frame {frame + 1}",
            "left and right were swapped in some cameras, or a keypoint failed there: look at the overlays and trajectories",
        )
    ]


def _percentiles(values: FloatArray) -> dict[str, float]:
    """Mean and percentiles of a distribution."""
    if not values.size:
        return {}
    low, middle, high = np.percentile(values, [5, 50, 95])
    return {"mean": float(values.mean()), "p5": float(low), "median": float(middle), "p95": float(high)}
