"""When did the cameras start, relative to each other? Estimated from the motion, judged by geometry.

Two views of a point agree with the cameras' epipolar geometry at the same instant only. The residual of that agreement
(Sampson distance) also has parts that say nothing about time: small errors of the calibration make it depend smoothly on
where the point is in the two images, and each keypoint has its own bias. For each pair of cameras these are taken out by
regression. What remains is proportional to the keypoints' speed, with the offset as the slope.

The trial is cut into stretches, and the offset is estimated from each. An offset is accepted where the stretches agree on
it (over three standard errors from zero), and if the offsets estimated from the other stretches make the views of each
stretch agree better. Else the cameras are left as they are: never worse than not synchronizing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np

from kineograph.errors import ConfigError
from kineograph.geometry.epipolar import fundamental_matrix, sampson_distance_px
from kineograph.geometry.projection import undistort_pixels
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray
from kineograph.model.synchronization import Synchronization
from kineograph.signal.resampling import ON_A_FRAME, sample

STAGE = "synchronization"
SEARCH_FRAMES = 400
"""The coarse search looks at no more frames than this, evenly spread."""
FEWEST_FRAMES = 20
"""Cameras that share fewer frames than this can't be compared."""
SPREAD_LIMIT_PX = 30.0
"""Residuals over this are taken as this: another person, or a failed keypoint."""
REFINEMENTS = 6
STEP_FRAMES = 0.5
"""Frames before and after over which a keypoint's speed is taken."""
STRETCHES = (4, 12)
"""Fewest and most stretches into which the trial is cut."""
STRETCH_FRAMES = 60
SIGNIFICANT = 3.0
"""Standard errors by which an offset must differ from zero."""
SMALLEST_ERROR_FRAMES = 0.02
HUBER = 1.345


@dataclass(frozen=True)
class SynchronizeSettings:
    """Settings of the section ``synchronization``."""

    method: Literal["motion", "none", "given"] = "motion"
    offsets_s: Mapping[str, float] = field(default_factory=dict)
    max_offset_s: float = 1.0
    min_confidence: float = 0.4
    min_improvement: float = 0.03


@dataclass(frozen=True)
class _View:
    """One camera's main person, undistorted: (F, K, 2) px with NaN where not confident."""

    position_px: FloatArray


def synchronize(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    fps_hz: float,
    frames: tuple[int, int] | None,
    settings: SynchronizeSettings,
) -> tuple[Synchronization, StageReport]:
    """Find each camera's offset and lay out the common clock.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera.
    rig : Rig
        The same cameras' calibration, in the same order.
    fps_hz : float
        The cameras' frame rate, Hz.
    frames : tuple of int or None
        First and last frame of the common clock to keep; None for all.
    settings : SynchronizeSettings
        The section ``synchronization``.
    """
    names = [item.camera for item in keypoints]
    came_in = {"cameras": names, "frames": {item.camera: item.n_frames for item in keypoints}, "fps_hz": fps_hz}
    facts: dict[str, Any]
    reasons: list[Reason]
    if settings.method == "given":
        offset_frames, facts, reasons = _given(names, settings.offsets_s) * fps_hz, {}, []
    elif settings.method == "none" or len(keypoints) < 2:
        offset_frames, facts, reasons = np.zeros(len(names)), {}, []
    else:
        offset_frames, facts, reasons = _from_motion(keypoints, rig, fps_hz, settings)
    result = _common_clock(keypoints, offset_frames / fps_hz, fps_hz, frames)
    if result.n_frames == 0:
        reasons.append(Reason("fail", "the cameras share no frame", "", "check the videos and the range of frames"))
    came_out = {
        "method": settings.method,
        "offset_s": dict(zip(names, result.offset_s, strict=True)),
        "frames": result.n_frames,
        **facts,
    }
    return result, StageReport(STAGE, came_in, came_out, worst_first(reasons))


def main_person(keypoints: Keypoints2D, min_confidence: float) -> FloatArray:
    """The person whom a camera shows largest and longest: positions (F, K, 2), px, NaN where not confident.

    A chain of detections, each the nearest to the one before, from the frame in which a detection is largest.
    """
    shown = (keypoints.confidence >= min_confidence) & np.isfinite(keypoints.position_px).all(axis=-1)
    position = np.where(shown[..., None], keypoints.position_px, np.nan)
    frames, detections = shown.shape[:2]
    if detections == 0:
        return np.full((frames, len(keypoints.names), 2), np.nan)
    if detections == 1:
        return position[:, 0]
    extent = np.nan_to_num(np.linalg.norm(keypoints.bbox_px[..., 2:] - keypoints.bbox_px[..., :2], axis=-1))
    start = int((extent * shown.mean(axis=-1)).max(axis=1).argmax())
    first = int((extent[start] * shown[start].mean(axis=-1)).argmax())
    chain = np.full(frames, -1)
    chain[start] = first
    for order in (range(start + 1, frames), range(start - 1, -1, -1)):
        last = position[start, first]
        for frame in order:
            distance = np.linalg.norm(position[frame] - last, axis=-1)
            common = np.isfinite(distance).sum(axis=1)
            if not common.any():
                continue
            with np.errstate(invalid="ignore"):
                mean = np.nansum(distance, axis=1) / common
            nearest = int(np.nanargmin(np.where(common > 0, mean, np.nan)))
            if mean[nearest] < max(extent[frame, nearest] / 4, 1.0):
                chain[frame] = nearest
                last = np.where(np.isfinite(position[frame, nearest]), position[frame, nearest], last)
    chosen: FloatArray = position[np.arange(frames), np.maximum(chain, 0)].copy()
    chosen[chain < 0] = np.nan
    return chosen


def _given(names: list[str], offsets_s: Mapping[str, float]) -> FloatArray:
    missing = [name for name in names if name not in offsets_s]
    if missing:
        raise ConfigError(
            f"synchronization.offsets_s has no offset for camera '{missing[0]}'",
            expected=f"seconds for each of {', '.join(names)}",
            found=", ".join(f"{name}: {value}" for name, value in offsets_s.items()) or "none",
            hint="add the camera (0 for the one that the others are measured against)",
        )
    return np.array([offsets_s[name] for name in names], dtype=float)


def _common_clock(
    keypoints: Sequence[Keypoints2D], offset_s: FloatArray, fps_hz: float, frames: tuple[int, int] | None
) -> Synchronization:
    """The clock that spans every frame of every camera, on the grid of a camera whose offset is zero."""
    counts = np.array([item.n_frames for item in keypoints])
    seen = counts > 0
    start, number = 0.0, 0
    if seen.any() and not math.isnan(fps_hz):
        first_frame = offset_s[seen] * fps_hz
        last_frame = first_frame + counts[seen] - 1
        begin = math.floor(first_frame.min() + ON_A_FRAME)
        number = math.ceil(last_frame.max() - ON_A_FRAME) - begin + 1
        start = begin / fps_hz
    if frames and number:
        first, last = frames[0], min(frames[1], number - 1)
        start, number = start + first / fps_hz, max(last - first + 1, 0)
    return Synchronization(
        tuple(item.camera for item in keypoints), offset_s, np.zeros(len(keypoints)), fps_hz, start, number
    )


def _from_motion(
    keypoints: Sequence[Keypoints2D], rig: Rig, fps_hz: float, settings: SynchronizeSettings
) -> tuple[FloatArray, dict[str, Any], list[Reason]]:
    """Offsets in frames (C,), what to report of them, and reasons for doubt."""
    names = [item.camera for item in keypoints]
    views = [
        _View(undistort_pixels(camera, main_person(item, settings.min_confidence)))
        for item, camera in zip(keypoints, rig.cameras, strict=True)
    ]
    pairs = {(i, j): fundamental_matrix(rig.cameras[i], rig.cameras[j]) for i, j in combinations(range(len(views)), 2)}
    limit = round(settings.max_offset_s * fps_hz)
    longest = max(len(view.position_px) for view in views)
    coarse = _search(views, pairs, limit)
    if coarse is None:
        reason = Reason(
            "warn",
            "the cameras could not be compared in time: no two of them show a person in the same frames",
            "",
            "the offsets are taken as zero; give them (synchronization.method: given) if they are not",
        )
        return np.zeros(len(views)), {"judged": False}, [reason]
    number = int(np.clip(longest // STRETCH_FRAMES, *STRETCHES))
    stretches = np.array_split(np.arange(longest, dtype=float), number)
    tried = [_estimate(views, pairs, stretches, start) for start in _distinct(np.zeros(len(views)), coarse)]
    best = max(tried, key=lambda item: item.improvement)
    offset, improvement = best.offset, best.improvement
    accepted = bool(offset.any()) and improvement >= settings.min_improvement
    facts = {
        "judged": True,
        "accepted": accepted,
        "estimated_offset_frames": dict(zip(names, best.mean, strict=True)),
        "standard_error_frames": dict(zip(names, best.error, strict=True)),
        "disagreement_px": {"with_offsets": best.with_px, "without": best.without_px},
        "improvement": improvement,
        "why": _why(accepted, bool(offset.any()), improvement, settings.min_improvement),
    }
    reasons = []
    at_limit = [names[c] for c in np.flatnonzero(np.abs(offset) >= limit - 1)]
    if accepted and at_limit:
        reasons.append(
            Reason(
                "warn",
                f"the best offset of {at_limit[0]} is at the end of the range searched ({settings.max_offset_s:g} s)",
                f"camera {at_limit[0]}",
                "raise synchronization.max_offset_s",
            )
        )
    return (offset if accepted else np.zeros(len(views))), facts, reasons


def _residual_px(
    views: list[_View], pair: tuple[int, int], fundamental: FloatArray, offset: FloatArray, frame: FloatArray
) -> FloatArray:
    """Sampson distance of a pair's keypoints at common frames, (frames, K), px."""
    i, j = pair
    first = sample(views[i].position_px, frame - offset[i])
    second = sample(views[j].position_px, frame - offset[j])
    return sampson_distance_px(fundamental, first, second)


def _centred(residual: FloatArray) -> FloatArray:
    """The residual (F, K) without each keypoint's median: the part that a calibration leaves is nearly constant."""
    few = np.isfinite(residual).sum(axis=0) < FEWEST_FRAMES
    result = residual.copy()
    result[:, few] = np.nan
    some = ~few
    if some.any():
        result[:, some] -= np.nanmedian(result[:, some], axis=0)
    return result


def _spread_px(residual: FloatArray) -> float:
    """How much a pair's residual varies over time, px; NaN where there is too little of it."""
    size = np.minimum(np.abs(_centred(residual)), SPREAD_LIMIT_PX)
    return float(np.nanmean(size)) if np.isfinite(size).any() else math.nan


def _without_geometry(
    residual: FloatArray, views: list[_View], pair: tuple[int, int], offset: FloatArray, frame: FloatArray
) -> FloatArray:
    """The residual (F, K) without what depends linearly on the place of the points in both images, centred."""
    result = _centred(residual)
    places = np.concatenate([sample(views[camera].position_px, frame - offset[camera]) for camera in pair], axis=-1)
    there = np.isfinite(result)
    if there.sum() < FEWEST_FRAMES:
        return result
    counts = np.maximum(there.sum(axis=0), 1)[:, None]
    means = np.where(there[..., None], places, 0.0).sum(axis=0) / counts
    columns = (places - means)[there] / 1000
    values = result[there]
    weight = np.ones(len(values))
    for _ in range(2):
        slopes = np.linalg.lstsq(columns * weight[:, None], values * weight, rcond=None)[0]
        rest = values - columns @ slopes
        scale = max(1.4826 * float(np.median(np.abs(rest))), 1e-9)
        weight = np.sqrt(np.minimum(1.0, HUBER * scale / np.maximum(np.abs(rest), 1e-12)))
    result[there] = rest
    return result


def _disagreement(
    views: list[_View], pairs: dict[tuple[int, int], FloatArray], offset: FloatArray, frame: FloatArray
) -> float:
    """Mean spread over all pairs at common frames, px."""
    spreads = [_spread_px(_residual_px(views, pair, matrix, offset, frame)) for pair, matrix in pairs.items()]
    return float(np.nanmean(spreads)) if np.isfinite(spreads).any() else math.nan


@dataclass(frozen=True)
class _Estimate:
    """Offsets estimated from the stretches of a trial, frames (C,), and what they are worth.

    `offset` is `mean` with 0 where it is not significant. `with_px` and `without_px` are the mean disagreement in each
    stretch with the offsets that the other stretches give, and without offsets.
    """

    mean: FloatArray
    error: FloatArray
    offset: FloatArray
    with_px: float
    without_px: float

    @property
    def improvement(self) -> float:
        return 1 - self.with_px / self.without_px if self.without_px > 0 else 0.0


def _estimate(
    views: list[_View], pairs: dict[tuple[int, int], FloatArray], stretches: list[FloatArray], start: FloatArray
) -> _Estimate:
    estimates = np.array([_refine(views, pairs, start, frame) for frame in stretches])
    mean, error = _mean_and_error(estimates)
    results = []
    for index, frame in enumerate(stretches):
        others = _significant(*_mean_and_error(np.delete(estimates, index, axis=0)))
        results.append((_disagreement(views, pairs, others, frame), _disagreement(views, pairs, 0 * others, frame)))
    with_px, without_px = np.nanmean(results, axis=0)
    return _Estimate(mean, error, _significant(mean, error), float(with_px), float(without_px))


def _mean_and_error(estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
    error = estimates.std(axis=0, ddof=1) / math.sqrt(len(estimates))
    return estimates.mean(axis=0), np.maximum(error, SMALLEST_ERROR_FRAMES)


def _significant(mean: FloatArray, error: FloatArray) -> FloatArray:
    return np.where(np.abs(mean) > SIGNIFICANT * error, mean, 0.0)


def _distinct(first: FloatArray, second: FloatArray) -> list[FloatArray]:
    return [first] if (first == second).all() else [first, second]


def _why(accepted: bool, significant: bool, improvement: float, wanted: float) -> str:
    if accepted:
        return (
            f"the offsets make the views agree {improvement:.0%} better in stretches that they were not estimated from"
        )
    if not significant:
        return "no camera's offset differs from zero by more than the stretches of the trial differ among themselves"
    return f"the best offsets make the views agree only {improvement:.1%} better (accepted from {wanted:.0%})"


def _search(views: list[_View], pairs: dict[tuple[int, int], FloatArray], limit: int) -> FloatArray | None:
    """Whole-frame offsets with the least disagreement; None where no pair can be compared.

    The spread of each pair is tabulated over the difference of its offsets; cameras are then moved one at a time to where
    the sum over pairs is least, from zero and from the best offsets against each camera in turn.
    """
    lags = np.arange(-limit, limit + 1)
    table = {}
    for (i, j), matrix in pairs.items():
        frames_i, frames_j = len(views[i].position_px), len(views[j].position_px)
        step = max(1, frames_i // SEARCH_FRAMES)
        base = np.arange(0, frames_i, step)
        curve = np.full(len(lags), np.nan)
        for index, lag in enumerate(lags):  # camera j is at frame f + lag when camera i is at frame f
            there = base[(base + lag >= 0) & (base + lag < frames_j)]
            if len(there) >= max(FEWEST_FRAMES, len(base) // 2):
                second = views[j].position_px[there + lag]
                curve[index] = _spread_px(sampson_distance_px(matrix, views[i].position_px[there], second))
        if np.isfinite(curve).any():
            table[i, j] = np.where(np.isfinite(curve), curve, np.nanmax(curve))
    if not table:
        return None

    def total(offset: FloatArray) -> float:
        difference = {pair: int(offset[pair[0]] - offset[pair[1]]) for pair in table}
        if any(abs(value) > limit for value in difference.values()):
            return math.inf
        return float(sum(curve[difference[pair] + limit] for pair, curve in table.items()))

    starts = [np.zeros(len(views))]
    for reference in range(len(views)):
        start = np.zeros(len(views))
        for other in range(len(views)):
            if (other, reference) in table:
                start[other] = lags[table[other, reference].argmin()]
            elif (reference, other) in table:
                start[other] = -lags[table[reference, other].argmin()]
        starts.append(start)
    settled = [_descend(start, total, lags) for start in starts]
    return min(settled, key=total)


def _descend(offset: FloatArray, total: Any, lags: Any) -> FloatArray:
    """Move one camera at a time to its best whole-frame offset, the first camera staying at zero, until nothing changes."""
    offset = offset - offset[0]
    for _ in range(len(offset) * 4):
        before = offset.copy()
        for camera in range(1, len(offset)):
            trials = np.repeat(offset[None], len(lags), axis=0)
            trials[:, camera] = lags
            values = [total(trial) for trial in trials]
            best = int(np.argmin(values))
            if values[best] < total(offset):
                offset = trials[best]
        if (offset == before).all():
            break
    return offset


def _refine(
    views: list[_View], pairs: dict[tuple[int, int], FloatArray], offset: FloatArray, frame: FloatArray
) -> FloatArray:
    """Fractions of a frame by robust least squares on the residuals of all pairs together at common frames.

    The residual of a pair is linear in small changes of its two offsets, with the keypoints' image speed as slope. Weights
    follow Huber's function. The first camera is the reference.
    """
    offset = offset.astype(float).copy()
    cameras = len(views)
    for _ in range(REFINEMENTS):
        normal, right = np.zeros((cameras, cameras)), np.zeros(cameras)
        for pair, matrix in pairs.items():
            residual = _without_geometry(_residual_px(views, pair, matrix, offset, frame), views, pair, offset, frame)
            slopes = []
            for camera in pair:
                shift = np.zeros(cameras)
                shift[camera] = STEP_FRAMES
                later = _residual_px(views, pair, matrix, offset + shift, frame)
                earlier = _residual_px(views, pair, matrix, offset - shift, frame)
                speed = (later - earlier) / (2 * STEP_FRAMES)
                slopes.append(_without_geometry(speed, views, pair, offset, frame))
            good = np.isfinite(residual) & np.isfinite(slopes[0]) & np.isfinite(slopes[1])
            if good.sum() < FEWEST_FRAMES:
                continue
            r, slope = residual[good], np.stack([item[good] for item in slopes])
            scale = max(1.4826 * float(np.median(np.abs(r))), 1e-6)
            weight = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(r), 1e-12)) / scale**2
            index = np.ix_(pair, pair)
            normal[index] += (slope * weight) @ slope.T
            right[list(pair)] -= (slope * weight) @ r
        inner = normal[1:, 1:] + np.eye(cameras - 1) * 1e-9 * max(np.trace(normal), 1e-12)
        step = np.clip(np.linalg.solve(inner, right[1:]), -1.0, 1.0)
        offset[1:] += step
        if np.abs(step).max() < 1e-4:
            break
    return offset
