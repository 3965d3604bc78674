"""What triangulation has to report: how much came out, how well it fits, and what speaks against trusting it."""

from __future__ import annotations

import numpy as np

from kineograph.model.points import Origin, Points3D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.runs import runs
from kineograph.stages.conditioning import weak_direction, weakest_direction
from kineograph.stages.triangulation_records import Learnt

STAGE = "triangulation"
WARN_MISSING = 0.1
FAIL_MISSING = 0.5
WARN_SPEED_M_S = 15.0
"""Nothing on a body moves faster in the movements that are filmed here; a point that does has jumped."""
WARN_EXCLUDED = 0.3
"""A camera whose confident keypoints are left out more often than this is named."""
WARN_AT_LIMIT = 0.5
"""A camera of whose keypoints more than this part are noisier than can be learnt is named."""
WARN_SWAPPED = 0.05
"""A camera in which a limb is swapped in more frames than this is named: exchanging is then more than mending."""


def report_on(
    points: Points3D,
    confident: BoolArray,
    undistorted: dict[str, bool],
    positions_m: FloatArray,
    *,
    min_cameras: int,
    learnt: Learnt | None,
) -> StageReport:
    """What came in and out, and what speaks against trusting it.

    Parameters
    ----------
    points : Points3D
        The points.
    confident : (F, P, K, C) array of bool
        The keypoints that could have been used.
    undistorted : dict
        For each camera, whether lens distortion was undone.
    positions_m : (C, 3) array
        Where the cameras stand, m.
    min_cameras : int
        Fewest cameras that make a point.
    learnt : Learnt or None
        What the robust method learnt on the way.
    """
    measured = points.measured
    left_out = _left_out(points, confident, min_cameras)
    by_frames = points.covariance_m2 if learnt is None else learnt.frame_covariance_m2
    conditioning = weakest_direction(points, by_frames, positions_m)
    reasons = [
        *_gaps(points),
        *_jumps(points),
        *weak_direction(conditioning, points.cameras, _used(points)),
        *_often_left_out(points.cameras, left_out),
    ]
    came_out = {
        "points_triangulated": int(measured.sum()),
        "points_swapped": int((points.origin == Origin.SWAPPED).sum()),
        "points_interpolated": int(np.isin(points.origin, (Origin.INTERPOLATED, Origin.PREDICTED)).sum()),
        "points_missing": int((points.origin == Origin.MISSING).sum()),
        "reprojection_error_px": _percentiles(points.reprojection_error_px[measured]),
        "cameras_used_mean": float(points.cameras_used.sum(axis=-1)[measured].mean()) if measured.any() else 0.0,
        "weakest_direction": conditioning,
        "left_out": dict(zip(points.cameras, left_out, strict=True)),
    }
    if learnt is not None:
        came_out["noise_px"] = _noise(points, learnt)
        came_out["swaps"] = swap_list(points, learnt)
        reasons += _noise_at_limit(points, confident, learnt)
        reasons += _often_swapped(points, learnt) + _overruled(points, learnt)
        came_out["points_overruled"] = int(learnt.overruled.sum())
    came_in = {
        "frames": points.n_frames,
        "participants": list(points.participants),
        "cameras": list(points.cameras),
        "keypoints": len(points.names),
        "undistorted": undistorted,
    }
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _used(points: Points3D) -> FloatArray:
    """The share of the points, (C,), in which each camera is used."""
    used: FloatArray = points.cameras_used[points.measured].sum(axis=0) / max(int(points.measured.sum()), 1)
    return used


def _left_out(points: Points3D, confident: BoolArray, min_cameras: int) -> FloatArray:
    """The share of the points, (C,), in which a camera's confident keypoint was not used."""
    expected = confident.sum(axis=-1) >= min_cameras
    return np.array(
        [
            float((confident[..., c] & ~points.cameras_used[..., c])[expected].mean()) if expected.any() else 0.0
            for c in range(len(points.cameras))
        ]
    )


def _gaps(points: Points3D) -> list[Reason]:
    """A verdict on each participant of whom too much is missing."""
    missing = points.origin == Origin.MISSING
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
    return reasons


def _often_left_out(cameras: tuple[str, ...], left_out: FloatArray) -> list[Reason]:
    """A warning for each camera that disagrees with the others in many points."""
    return [
        Reason(
            "warn",
            f"{camera} disagrees with the other cameras in {share:.0%} of the points (wanted: under {WARN_EXCLUDED:.0%})",
            f"camera {camera}",
            "check its calibration and synchronization",
        )
        for camera, share in zip(cameras, left_out, strict=True)
        if share > WARN_EXCLUDED
    ]


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
            "left and right were swapped in some cameras, or a keypoint failed there: look at the trial's page at that time",
        )
    ]


def _overruled(points: Points3D, learnt: Learnt) -> list[Reason]:
    """A warning where cameras agree on jumps that no body makes, and the movement around was taken instead."""
    if not learnt.overruled.any():
        return []
    names = [points.names[k] for k in np.flatnonzero(learnt.overruled.any(axis=(0, 1)))]
    frames = np.flatnonzero(learnt.overruled.any(axis=(1, 2)))
    return [
        Reason(
            "warn",
            f"cameras agree that {len(names)} keypoints jump in {len(frames)} frames ({', '.join(names[:6])}), first in frame "
            f"{frames[0] + 1}, as no body can; the movement around was taken instead",
            f"frame {frames[0] + 1}",
            "left and right, or people, were swapped in most cameras, or keypoints failed there: look at the trial's page",
        )
    ]


def _percentiles(values: FloatArray) -> dict[str, float]:
    """Mean and percentiles of a distribution."""
    if not values.size:
        return {}
    low, middle, high = np.percentile(values, [5, 50, 95])
    return {"mean": float(values.mean()), "p5": float(low), "median": float(middle), "p95": float(high)}


def swap_list(points: Points3D, learnt: Learnt) -> list[dict[str, object]]:
    """Each exchange of left and right: the participant, camera, limb, and the first and last frame (from 0)."""
    return [
        {
            "participant": participant,
            "camera": camera,
            "limb": limb,
            "first_frame": int(start),
            "last_frame": int(stop) - 1,
        }
        for p, participant in enumerate(points.participants)
        for c, camera in enumerate(points.cameras)
        for g, limb in enumerate(learnt.limbs)
        for start, stop in runs(learnt.swapped[:, p, g, c])
    ]


def _noise(points: Points3D, learnt: Learnt) -> dict[str, dict[str, dict[str, float]]]:
    """The noise by participant, camera and keypoint, px."""
    return {
        participant: {
            camera: dict(zip(points.names, learnt.noise_px[p, :, c].tolist(), strict=True))
            for c, camera in enumerate(points.cameras)
        }
        for p, participant in enumerate(points.participants)
    }


def _noise_at_limit(points: Points3D, confident: BoolArray, learnt: Learnt) -> list[Reason]:
    """A warning for each camera of which not the keypoints' noise but the limit on it makes the covariances."""
    found: BoolArray = np.asarray(points.measured.any(axis=(0, 2)))
    shown = confident.any(axis=0) & found[:, None, None]
    share = (shown & (learnt.noise_px >= learnt.largest_noise_px)).sum(axis=(0, 1)) / np.maximum(
        shown.sum(axis=(0, 1)), 1
    )
    return [
        Reason(
            "warn",
            f"{part:.0%} of the keypoints of {camera} are as noisy as can be learnt, or more "
            f"({learnt.largest_noise_px:.0f} px; wanted: under {WARN_AT_LIMIT:.0%}): the covariances of their points come from "
            "that limit, not from the data",
            f"camera {camera}",
            "check its calibration and synchronization; where they are as good as can be, raise triangulation.max_error_px",
        )
        for camera, part in zip(points.cameras, share, strict=True)
        if part > WARN_AT_LIMIT
    ]


def _often_swapped(points: Points3D, learnt: Learnt) -> list[Reason]:
    """A warning for each camera in which left and right were exchanged in many frames."""
    reasons = []
    share = learnt.swapped.mean(axis=0)
    for p, g, c in np.argwhere(share > WARN_SWAPPED):
        first, last = np.flatnonzero(learnt.swapped[:, p, g, c])[[0, -1]]
        reasons.append(
            Reason(
                "warn",
                f"left and right {learnt.limbs[g]} and what hangs on it of {points.participants[p]} are swapped by "
                f"{points.cameras[c]} in {share[p, g, c]:.0%} of the frames, {first} to {last}; they were exchanged",
                f"camera {points.cameras[c]}",
                "look at it on the trial's page: is it the person's back, or a mirror?",
            )
        )
    return reasons
