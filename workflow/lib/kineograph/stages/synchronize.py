"""When did the cameras start, relative to each other, and where are their frames on one clock?

Methods: from the movement that the cameras saw (`kineograph.stages.motion_clocks`), from the times of their frames, as given, or
not at all. Whatever the method, each camera's frames are placed by its own rate on a common clock that has the highest rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from kineograph.errors import ConfigError, InputError
from kineograph.geometry.lag_steps import LagStep, LagSteps
from kineograph.geometry.view_pairs import FEWEST_FRAMES
from kineograph.model.camera import Rig
from kineograph.model.inputs import SAME_RATE
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray
from kineograph.model.synchronization import Synchronization
from kineograph.signal.common_clock import lay_out, settled_rates
from kineograph.signal.even_frames import even_frames, runs_evenly
from kineograph.stages.clock_doubts import doubts, not_compared
from kineograph.stages.lost_frames import lost_frames, with_lost_frames
from kineograph.stages.motion_clocks import STRETCHES
from kineograph.stages.offset_search import NEAR_S, Filmed, Searched, search
from kineograph.stages.seen_people import windows

STAGE = "synchronization"
Clocks = tuple[FloatArray, FloatArray]
"""Offsets, s, and drifts, ppm, of the cameras, (C,) each."""


@dataclass(frozen=True)
class SynchronizeSettings:
    """Settings of the section ``synchronization``."""

    method: Literal["motion", "none", "given", "timestamps"] = "motion"
    fps_hz: float | None = None
    offsets_s: Mapping[str, float] = field(default_factory=dict)
    approx_offsets_s: Mapping[str, float] = field(default_factory=dict)
    max_offset_s: float | None = None
    drift: bool = True
    min_confidence: float = 0.4
    min_improvement: float = 0.03


def synchronize(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    fps_hz: float,
    frames: tuple[int, int] | None,
    settings: SynchronizeSettings,
    timestamps_s: Mapping[str, FloatArray] | None = None,
) -> tuple[Synchronization, StageReport]:
    """Find each camera's clock and lay out the common clock.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera, each at its own frame rate.
    rig : Rig
        The same cameras' calibration, in the same order.
    fps_hz : float
        Rate of the common clock, Hz, unless the settings state one: the cameras' highest.
    frames : tuple of int or None
        First and last frame of the common clock to keep; None for all.
    settings : SynchronizeSettings
        The section ``synchronization``.
    timestamps_s : dict of str to array, optional
        With the method ``timestamps``, the time of each frame of each camera, s on a clock that they share.
    """
    names = [item.camera for item in keypoints]
    rates_hz = settled_rates(np.array([item.fps_hz for item in keypoints]))
    fps_hz = _common_rate(settings.fps_hz or fps_hz, dict(zip(names, rates_hz.tolist(), strict=True)))
    came_in = {
        "cameras": names,
        "frames": {item.camera: item.n_frames for item in keypoints},
        "fps_hz": dict(zip(names, rates_hz, strict=True)),
    }
    facts: dict[str, Any]
    reasons: list[Reason]
    offset_s, drift_ppm, facts, reasons = np.zeros(len(names)), np.zeros(len(names)), {}, []
    frame_time_s: dict[str, FloatArray] = {}
    if settings.method == "given":
        offset_s = given_offsets_s(names, settings.offsets_s)
    elif settings.method == "timestamps":
        frame_time_s = _stamped(keypoints, timestamps_s or {})
        offset_s = np.array([frame_time_s[name][0] for name in names])
    elif settings.method == "motion" and len(keypoints) > 1:
        (offset_s, drift_ppm), facts, reasons, steps = _from_motion(keypoints, rig, rates_hz, fps_hz, settings)
        if steps:
            lost = [lost_frames(keypoints[c], step, fps_hz) for c, step in steps.items()]
            keypoints = with_lost_frames(keypoints, steps, rates_hz, fps_hz)
            (offset_s, drift_ppm), facts, reasons, _ = _from_motion(keypoints, rig, rates_hz, fps_hz, settings)
            reasons += lost
    for c, item in enumerate(keypoints):
        if item.camera not in frame_time_s and not runs_evenly(item):
            own_s = item.time_s - item.time_s[0]
            frame_time_s[item.camera] = offset_s[c] + own_s / (1 + drift_ppm[c] * 1e-6)
    counts = [item.n_frames for item in keypoints]
    result = lay_out(names, counts, (offset_s, drift_ppm, rates_hz), fps_hz, frames, frame_time_s)
    if result.n_frames == 0:
        reasons.append(Reason("fail", "the cameras share no frame", "", "check the videos and the range of frames"))
    came_out = {
        "method": settings.method,
        "offset_s": dict(zip(names, result.offset_s, strict=True)),
        "drift_ppm": dict(zip(names, result.drift_ppm, strict=True)),
        "frames": result.n_frames,
        "fps_hz": fps_hz,
        **facts,
    }
    return result, StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _common_rate(fps_hz: float, rates_hz: Mapping[str, float]) -> float:
    """The rate of the common clock, Hz, which is no lower than any camera's."""
    for name, rate in rates_hz.items():
        if abs(rate - fps_hz) <= SAME_RATE * fps_hz:
            return rate
        if rate > fps_hz:
            raise ConfigError(
                f"synchronization.fps_hz is lower than the frame rate of camera '{name}'",
                expected=f"{max(rates_hz.values()):g} Hz or more, or null for the highest rate",
                found=f"{fps_hz:g} Hz",
                hint="every frame of every camera has its place on the common clock; thin out the results instead",
            )
    return fps_hz


def given_offsets_s(names: Sequence[str], offsets_s: Mapping[str, float]) -> FloatArray:
    """The stated offset of each camera (C,), s.

    Raises
    ------
    ConfigError
        Where one has none.
    """
    missing = [name for name in names if name not in offsets_s]
    if missing:
        raise ConfigError(
            f"synchronization.offsets_s has no offset for camera '{missing[0]}'",
            expected=f"seconds for each of {', '.join(names)}",
            found=", ".join(f"{name}: {value}" for name, value in offsets_s.items()) or "none",
            hint="add the camera (0 for the one that the others are measured against)",
        )
    return np.array([offsets_s[name] for name in names], dtype=float)


def require_times(camera: str, times_s: FloatArray | None, frames: int) -> FloatArray:
    """The times (frames,) of a camera's frames, s.

    Raises
    ------
    InputError
        Where there are none, or not one a frame.
    """
    if times_s is None or len(times_s) != frames:
        raise InputError(
            f"the timestamps of camera '{camera}' don't fit its frames",
            expected=f"{frames} times, one a frame",
            found="none" if times_s is None else f"{len(times_s)} times",
            hint="the file <camera>.timestamps.csv beside the video has one time in seconds a frame (config/README.md)",
            where=f"camera {camera}",
        )
    return times_s


def _stamped(keypoints: Sequence[Keypoints2D], timestamps_s: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The time of each frame of each camera, s, counted from the first frame of the camera that started first."""
    found = {
        item.camera: require_times(item.camera, timestamps_s.get(item.camera), item.n_frames) for item in keypoints
    }
    begin = min((float(times[0]) for times in found.values()), default=0.0)
    return {camera: times - begin for camera, times in found.items()}


def _from_motion(
    keypoints: Sequence[Keypoints2D], rig: Rig, rates_hz: FloatArray, fps_hz: float, settings: SynchronizeSettings
) -> tuple[Clocks, dict[str, Any], list[Reason], dict[int, LagStep]]:
    """Offsets and drifts, what to report of them, reasons for doubt, and the cameras that lost frames."""
    keypoints = [even_frames(item) for item in keypoints]
    names = [item.camera for item in keypoints]
    about_s = np.array([settings.approx_offsets_s.get(name, 0.0) for name in names])
    filmed = Filmed(
        keypoints, rig, rates_hz, fps_hz, settings.min_confidence, settings.min_improvement, drift=settings.drift
    )
    searched = search(filmed, about_s, settings.max_offset_s)
    found, about, longest = searched.found, searched.about, searched.longest
    if found is None:
        reason = not_compared(f"{longest} frames are too few (wanted: {STRETCHES[0] * FEWEST_FRAMES})", "")
        return (about_s, np.zeros(len(names))), {"judged": False}, [reason], {}
    half = max((longest - 1) / 2, 0.5)
    slope = found.kept[1] / half
    late = about - about.min()
    offset_s = ((found.kept[0] - found.kept[1] + late) / (1 - slope) + about.min()) / fps_hz
    facts = _facts(searched, names, half, fps_hz, settings.min_improvement)
    limit = searched.limit if settings.max_offset_s is not None else round(NEAR_S * fps_hz)
    steps = LagSteps(searched.seen.pieces, filmed.matrices, found.kept[0], windows(longest, fps_hz), fps_hz).find(limit)
    steps = {c: LagStep(step.frame - int(late[c]), step.frames) for c, step in steps.items()}
    return (offset_s, 0.0 - slope * 1e6), facts, doubts(searched, names, fps_hz), steps


def _facts(searched: Searched, names: list[str], half: float, fps_hz: float, min_improvement: float) -> dict[str, Any]:
    """What to report of clocks from motion."""
    found, about = searched.found, searched.about
    if found is None or not found.compared.any():
        return {"judged": False}
    (offset, drift), error = found.estimate.clocks, found.estimate.error
    offset = offset + about
    with_px, without_px = found.disagreement_px
    improvement = 1 - with_px / without_px if without_px > 0 else 0.0
    accepted = bool(found.kept.any())
    by_camera = {
        name: {
            "offset_s": offset[c] / fps_hz,
            "standard_error_ms": error[0, c] / fps_hz * 1e3,
            "drift_ppm": 0.0 - drift[c] / half * 1e6,
            "drift_standard_error_ppm": error[1, c] / half * 1e6,
            "kept": bool(found.kept[:, c].any()),
            "improvement": found.improvement[c],
            "rival": {"offset_s": (found.rivals[c][0] + about[c]) / fps_hz, "disagreement_ratio": found.rivals[c][1]}
            if c in found.rivals
            else None,
        }
        for c, name in enumerate(names)
        if found.compared[c]
    }
    return {
        "judged": True,
        "accepted": accepted,
        "searched_s": searched.reach / fps_hz,
        "estimated": by_camera,
        "disagreement_px": {"with_offsets": with_px, "without": without_px},
        "improvement": improvement,
        "why": _why(accepted, bool(found.estimate.significant.any()), improvement, min_improvement),
    }


def _why(accepted: bool, significant: bool, improvement: float, wanted: float) -> str:
    if accepted:
        return (
            f"the offsets make the views agree {improvement:.0%} better in stretches that they were not estimated from"
        )
    if not significant:
        return "synchronous: no camera's offset differs from zero by more than its uncertainty"
    return (
        f"synchronous: no offset makes the views agree {wanted:.0%} better in stretches that it was not estimated from"
    )
