"""When did the cameras start, relative to each other? Estimated from the motion, judged by geometry.

How offsets follow from the views is told in `kineograph.geometry.timing`. Keypoints are smoothed first: else, sampling between
frames would lower their noise and look like agreement.

Offsets are accepted where they differ from zero by more than three standard errors (jackknife over the stretches), and if
those estimated from one half of the stretches make the views agree better in the other half. Else the cameras are left as
they are: never worse than not synchronizing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np

from kineograph.errors import ConfigError
from kineograph.geometry.epipolar import fundamental_matrix
from kineograph.geometry.projection import undistort_pixels
from kineograph.geometry.timing import FEWEST_FRAMES, OffsetEstimate, ViewPairs, agreement_curve, estimate_offsets
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.model.synchronization import Synchronization
from kineograph.signal.chains import chains
from kineograph.signal.filters._apply import filter_series
from kineograph.signal.resampling import ON_A_FRAME

STAGE = "synchronization"
MOST_PEOPLE = 3
"""So many people of each camera are candidates for the one whose movement is compared."""
SMOOTHING = {"cutoff_hz": 5.0, "order": 4}
STRETCHES = (6, 20)
"""Fewest and most stretches into which the trial is cut."""
STRETCH_FRAMES = 60


@dataclass(frozen=True)
class SynchronizeSettings:
    """Settings of the section ``synchronization``."""

    method: Literal["motion", "none", "given"] = "motion"
    offsets_s: Mapping[str, float] = field(default_factory=dict)
    max_offset_s: float = 1.0
    min_confidence: float = 0.4
    min_improvement: float = 0.03


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
    matrices = {
        (i, j): fundamental_matrix(rig.cameras[i], rig.cameras[j]) for i, j in combinations(range(len(names)), 2)
    }
    limit = round(settings.max_offset_s * fps_hz)
    people = [
        [undistort_pixels(camera, _smoothed(person, fps_hz)) for person in _people(item, settings.min_confidence)]
        for item, camera in zip(keypoints, rig.cameras, strict=True)
    ]
    pairs = ViewPairs(_moving_person(people, matrices, limit), matrices)
    longest = max(len(view) for view in pairs.views)
    number = int(np.clip(longest // STRETCH_FRAMES, *STRETCHES))
    stretches = np.array_split(np.arange(longest, dtype=float), number)
    best = estimate_offsets(pairs, stretches, limit)
    trials = _trials(pairs, stretches, limit)
    without_px = trials.disagreement_px(np.zeros(len(names), bool)) if trials else math.nan
    if best is None or trials is None or math.isnan(without_px):
        reason = Reason(
            "warn",
            "the cameras could not be compared in time: "
            + (
                f"{longest} frames are too few (wanted: {STRETCHES[0] * FEWEST_FRAMES})"
                if longest < STRETCHES[0] * FEWEST_FRAMES
                else "no two of them show the same person for long enough"
            ),
            "",
            "the offsets are taken as zero; give them (synchronization.method: given) if they are not",
        )
        return np.zeros(len(names)), {"judged": False}, [reason]
    kept = trials.worth_keeping(best.offset != 0, settings.min_improvement)
    with_px = trials.disagreement_px(kept)
    improvement = 1 - with_px / without_px if without_px > 0 else 0.0
    accepted = bool(kept.any())
    offset = np.where(kept, best.mean, 0.0)
    facts = {
        "judged": True,
        "accepted": accepted,
        "estimated_offset_frames": dict(zip(names, best.mean, strict=True)),
        "standard_error_frames": dict(zip(names, best.error, strict=True)),
        "disagreement_px": {"with_offsets": with_px, "without": without_px},
        "improvement": improvement,
        "why": _why(accepted, bool(best.offset.any()), improvement, settings.min_improvement),
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
    return offset, facts, reasons


def _people(keypoints: Keypoints2D, min_confidence: float) -> list[FloatArray]:
    """The people whom a camera shows largest and longest, (F, K, 2) each, px, NaN where not confident; at least one."""
    shown = keypoints.confidence >= min_confidence
    found = chains(np.where(shown[..., None], keypoints.position_px, np.nan), MOST_PEOPLE)
    return found or [np.full((keypoints.n_frames, len(keypoints.names), 2), np.nan)]


def _moving_person(
    people: list[list[FloatArray]], matrices: dict[tuple[int, int], FloatArray], limit: int
) -> list[FloatArray]:
    """One person of each camera, (F, K, 2): the choice under which disagreement depends most on the offsets.

    Views of somebody who moves agree much better at the right offset than at others. Views of different people, or of somebody
    who stands still, agree about as well, or badly, at any.
    """
    if all(len(found) == 1 for found in people):
        return [found[0] for found in people]
    contrast = {}
    for (i, j), matrix in matrices.items():
        for a, first in enumerate(people[i]):
            for b, second in enumerate(people[j]):
                curve = agreement_curve(first, second, matrix, np.arange(len(first)), limit)
                contrast[i, a, j, b] = 0.0 if curve is None else float(np.median(curve) - curve.min())
    chosen = [0] * len(people)
    for _ in range(len(people) * 2):
        before = list(chosen)
        for camera, found in enumerate(people):
            sums = [
                sum(
                    value
                    for (i, a, j, b), value in contrast.items()
                    if (i == camera and a == which and b == chosen[j])
                    or (j == camera and b == which and a == chosen[i])
                )
                for which in range(len(found))
            ]
            chosen[camera] = int(np.argmax(sums))
        if chosen == before:
            break
    return [found[which] for found, which in zip(people, chosen, strict=True)]


def _smoothed(position_px: FloatArray, fps_hz: float) -> FloatArray:
    """Positions (F, K, 2) without what is too fast to be sampled between frames."""
    series = position_px.reshape(len(position_px), -1)
    if not len(series) or fps_hz <= 2 * SMOOTHING["cutoff_hz"]:
        return position_px
    return filter_series(series, fps_hz, "butterworth", SMOOTHING).reshape(position_px.shape)


@dataclass(frozen=True)
class _Trials:
    """Offsets estimated from one half of a trial's stretches, and the other half to try them on; both ways."""

    pairs: ViewPairs
    halves: list[tuple[OffsetEstimate, list[FloatArray]]]

    def disagreement_px(self, kept: BoolArray) -> float:
        """Mean disagreement in the halves not estimated from, with the offsets of the cameras `kept` (C,) only, px."""
        found = [self.pairs.disagreement_px(np.where(kept, half.mean, 0.0), rest) for half, rest in self.halves]
        return float(np.mean(found))

    def worth_keeping(self, candidates: BoolArray, min_improvement: float) -> BoolArray:
        """The cameras (C,) without whose offset the views would agree less, by that part of the disagreement at least."""
        kept = candidates.copy()
        while kept.any():
            now = self.disagreement_px(kept)
            worse = {}
            for camera in np.flatnonzero(kept):
                fewer = kept.copy()
                fewer[camera] = False
                worse[int(camera)] = self.disagreement_px(fewer) - now
            least = min(worse, key=lambda camera: worse[camera])
            if worse[least] >= min_improvement * now:
                break
            kept[least] = False
        return kept


def _trials(pairs: ViewPairs, stretches: list[FloatArray], limit: int) -> _Trials | None:
    """The two halves of a trial, every other stretch each; None where one of them can't be compared."""
    halves = stretches[::2], stretches[1::2]
    estimates = [estimate_offsets(pairs, half, limit) for half in halves]
    found = [(item, rest) for item, rest in zip(estimates, halves[::-1], strict=True) if item is not None]
    return _Trials(pairs, found) if len(found) == 2 else None


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
