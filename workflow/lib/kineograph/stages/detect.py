"""Can a camera's keypoints be trusted? What the keypoint network saw, judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kineograph.errors import InputError
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.signal.even_frames import runs_evenly

STAGE = "pose"
WARN_SEEN = 0.9
FAIL_SEEN = 0.1
WARN_CONFIDENCE = 0.5
MOST_DIGITS = 6
EVEN_STEPS = 1.25
"""Intervals between frames that differ by no more than this factor are no reason for a remark."""
SHOWN = 0.3
"""Confidence from which a keypoint counts as shown."""


@dataclass(frozen=True)
class PoseSettings:
    """Settings of the section ``pose``."""

    model: str = "rtmpose-m_halpe26"
    detector: str | None = None
    detect_every_frames: int = 4
    min_mean_confidence: float = 0.4
    max_pose_overlap: float = 0.8
    keypoint_skeleton: str | None = None
    runner: Literal["kineograph", "rtmlib"] = "kineograph"
    precision: Literal["fp32", "fp16"] = "fp32"


@dataclass(frozen=True)
class Losses:
    """Frames that a file holds and that can't be decoded.

    Attributes
    ----------
    frames : int
        How many.
    first : int or None
        The number of the first.
    """

    frames: int = 0
    first: int | None = None


NO_LOSSES = Losses()


def judge(
    keypoints: Keypoints2D,
    stated_frames: int,
    source: str,
    device: str,
    losses: Losses = NO_LOSSES,
    known: Sequence[Reason] = (),
) -> StageReport:
    """The report on one camera's keypoints.

    Parameters
    ----------
    keypoints : Keypoints2D
        What was seen.
    stated_frames : int
        How many frames the file's header promised.
    source : str
        ``video``, ``images`` or the name of a keypoint format.
    device : str
        The device that the network ran on; empty for imported keypoints.
    losses : Losses
        The frames of the file that can't be decoded.
    known : sequence of Reason
        What reading the file found to speak against trusting it.
    """
    shown = (keypoints.confidence >= SHOWN) & np.isfinite(keypoints.position_px).all(axis=-1)
    people = shown.any(axis=-1).sum(axis=1)
    seen = float((people > 0).mean()) if keypoints.n_frames else 0.0
    confidence = float(keypoints.confidence[shown].mean()) if shown.any() else 0.0
    reasons = [*known, *_frames_lost(keypoints, stated_frames, losses), *_unevenness(keypoints)]
    if seen < WARN_SEEN:
        reasons.append(
            Reason(
                "fail" if seen < FAIL_SEEN else "warn",
                f"a person is seen in {seen:.0%} of {keypoints.n_frames} frames (wanted: {WARN_SEEN:.0%})",
                f"camera {keypoints.camera}",
                "is the person in view and large enough? Try another pose.model",
            )
        )
    elif confidence < WARN_CONFIDENCE:
        reasons.append(
            Reason(
                "warn",
                f"the mean confidence is {_below(confidence, WARN_CONFIDENCE)} (wanted: {WARN_CONFIDENCE})",
                f"camera {keypoints.camera}",
                "look at this camera on the trial's page: light, blur, distance, clothing",
                "note",
            )
        )
    return StageReport(
        STAGE,
        came_in={
            "camera": keypoints.camera,
            "source": source,
            "frames_stated": stated_frames,
            "size_px": list(keypoints.size_px),
        },
        came_out={
            "frames": keypoints.n_frames,
            "frames_lost": losses.frames,
            "frames_with_a_person": int((people > 0).sum()),
            "most_people": int(people.max()) if len(people) else 0,
            "mean_confidence": confidence,
            "skeleton": keypoints.skeleton,
            "device": device,
        },
        reasons=worst_first(reasons),
    )


def no_rate(camera: str) -> InputError:
    """The error of a camera whose frame rate nobody states."""
    return InputError(
        f"the frame rate of camera '{camera}' is not known",
        expected="a rate in the video, in the column 'fps' of the trial sheet, or in inputs.fps_hz",
        found="none (pictures and most keypoint files have no frame rate)",
        hint="set inputs.fps_hz in the configuration",
    )


def _frames_lost(keypoints: Keypoints2D, stated_frames: int, losses: Losses) -> list[Reason]:
    lost = max(stated_frames - keypoints.n_frames, 0) + losses.frames
    if not lost:
        return []
    frames = max(stated_frames, keypoints.n_frames)
    text = (
        f"the video ends after frame {keypoints.n_frames - 1}: {lost} of {frames} frames can't be decoded"
        if losses.first is None
        else f"{lost} of {frames} frames can't be decoded, the first of them frame {losses.first}"
    )
    return [
        Reason(
            "fail" if lost > frames / 2 else "warn",
            text,
            f"camera {keypoints.camera}",
            "the file was cut off or is damaged: copy it again",
        )
    ]


def _unevenness(keypoints: Keypoints2D) -> list[Reason]:
    """A remark where frames don't follow each other evenly."""
    steps_ms = np.diff(keypoints.time_s) * 1e3
    if runs_evenly(keypoints) or steps_ms.max() <= EVEN_STEPS * steps_ms.min():
        return []
    return [
        Reason(
            "warn",
            f"the frames of {keypoints.camera} don't follow each other evenly ({steps_ms.min():.1f} to {steps_ms.max():.1f} ms "
            "apart): the times that the video states are used",
            f"camera {keypoints.camera}",
            "record with a constant frame rate where the camera can",
        )
    ]


def _below(value: float, limit: float) -> str:
    """A value below a limit, with as many digits as show that it is."""
    digits = next((n for n in range(2, MOST_DIGITS) if round(value, n) < limit), MOST_DIGITS)
    return f"{value:.{digits}f}"
