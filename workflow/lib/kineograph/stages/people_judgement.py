"""Can a calibration from people be trusted? What speaks against it, and which camera to blame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kineograph.geometry.body_frame import Upward
from kineograph.model.report import Reason, Verdict
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.stages.people_poses import FoundPoses
from kineograph.stages.people_world import Size

FEWEST_FRAMES = 60
FEWEST_SHARED = 20
"""A camera that saw the person together with another one in fewer frames can't be linked."""
LEAST_TRAVEL = 0.15
"""Keypoints that move about by less than this part of the person's size tell next to nothing."""
TURN_DEG = (0.3, 1.0)
"""Standard deviation of a camera's direction from which there is a warning, and a failure."""
SHIFT_PART = (0.01, 0.04)
"""The same of its place, as a part of its distance to the people."""
RESIDUAL = (2.5, 5.0)
"""Median residuals of held-out frames, in distances of an image point that is just about right."""
AGREEING = (0.05, 0.15)
"""Part of the held-out image points that may not agree. Two views of different things can be made to agree half-way."""
OUTSTANDING = 2.0
SPREAD_PART = 0.4
"""People should have been about in an area whose longer side is this part of their height."""
BONES_VARY = (0.08, 0.2)
VERTICAL_DEG = (1.0, 5.0)
SCALE_ERROR = 0.03
SCALE_APART = 0.05


@dataclass(frozen=True)
class Findings:
    """What was found of the C cameras that could be placed.

    Attributes
    ----------
    cameras : tuple of str
        Their names.
    residual_px, held_out_px : (C,) arrays
        Median distance of image points from the projected points, of those adjusted to and of held-out ones.
    agreeing : (C,) array
        Part of the held-out image points that agree.
    frames : (C,) array of int
        In how many of the frames used each saw the person.
    turn_error_deg, shift_error_part : (C,) arrays
        Standard deviations of direction and place, the latter as a part of the distance to the people.
    right_px : float
        Distance of an image point that is just about right.
    spread_part : float
        The longer side of the area where people were, as a part of their height.
    total_frames : int
        Frames used of all trials.
    unsteadiness : dict of str to float
        How much the bones of each trial's person vary in length, as a part of it.
    """

    cameras: tuple[str, ...]
    residual_px: FloatArray
    held_out_px: FloatArray
    agreeing: FloatArray
    frames: IntArray
    turn_error_deg: FloatArray
    shift_error_part: FloatArray
    right_px: float
    spread_part: float
    total_frames: int
    unsteadiness: dict[str, float]

    def record(self) -> dict[str, Any]:
        """For the report."""
        by_camera = {
            "residual_median_px": self.residual_px,
            "held_out_median_px": self.held_out_px,
            "held_out_agreeing_part": self.agreeing,
            "frames": self.frames,
            "turn_error_deg": self.turn_error_deg,
            "shift_error_part": self.shift_error_part,
        }
        found: dict[str, Any] = {
            key: dict(zip(self.cameras, values.tolist(), strict=True)) for key, values in by_camera.items()
        }
        return found | {"people_spread_part": self.spread_part, "bones_vary_part": self.unsteadiness}


def judge(
    found: Findings,
    poses: FoundPoses,
    names: Sequence[str],
    size: Size,
    people: Upward | None,
    up_is_stated: bool,
    floor: float | None,
) -> list[Reason]:
    """All that speaks against the calibration."""
    reasons = list(_left_out(poses, names))
    reasons += _residuals(found)
    reasons += _conditions(found)
    reasons += _world(size, people, up_is_stated, floor)
    return reasons


def why_not_placed(poses: FoundPoses, camera: int) -> tuple[str, str]:
    """Why a camera has no pose, and what to do."""
    seen = [int(np.isfinite(trial.person[camera][..., 0]).any(axis=1).sum()) for trial in poses.trials]
    trials = ", ".join(trial.name for trial in poses.trials)
    if not sum(seen):
        return f"it saw nobody in {trials}", "does its video show the people, and are its keypoints confident?"
    shared = poses.sightings.seen[:, camera]
    frames = len(np.unique(poses.sightings.frame[shared] + 1_000_000 * poses.sightings.trial[shared]))
    if frames < FEWEST_SHARED:
        return (
            f"it saw the person together with another camera in {frames} of the frames looked at (wanted: {FEWEST_SHARED})",
            "let the participant walk about where the cameras' views overlap",
        )
    if max(trial.travel(camera) for trial in poses.trials) < LEAST_TRAVEL:
        return (
            f"the person in {trials} stood still in its view",
            "let the participant walk about in all of the space that the cameras see",
        )
    return (
        f"what it saw of the person in {trials} agrees with no placed camera's view",
        "is its video of another trial, its lens another camera's, or its offset over synchronization.max_offset_s?",
    )


def _left_out(poses: FoundPoses, names: Sequence[str]) -> Iterator[Reason]:
    for index, name in enumerate(names):
        if poses.cameras[index] is None:
            why, hint = why_not_placed(poses, index)
            yield Reason("fail", f"{name} is not calibrated: {why}", f"camera {name}", hint)
            continue
        wrong = [trial.name for trial, row in zip(poses.trials, poses.misfit, strict=True) if row[index]]
        if wrong:
            yield Reason(
                "warn",
                f"{name} was left out of {', '.join(wrong)}: what it saw there does not fit the other cameras",
                f"camera {name}",
                "was it moved between the trials, or is its video of another one?",
            )


def _residuals(found: Findings) -> Iterator[Reason]:
    relative = found.held_out_px / found.right_px
    for index, name in enumerate(found.cameras):
        others = np.delete(relative, index)
        typical = float(np.nanmedian(others)) if np.isfinite(others).any() else np.nan
        verdict = _worse(_over(float(relative[index]), RESIDUAL), _over(1 - float(found.agreeing[index]), AGREEING))
        if verdict is None and relative[index] > 1 and relative[index] > OUTSTANDING * typical:
            verdict = "warn"
        if verdict is not None:
            yield Reason(
                verdict,
                f"held-out keypoints of {name} are {found.held_out_px[index]:.1f} px off on median (keypoints that are right: "
                f"about {found.right_px:.1f} px), and {found.agreeing[index]:.0%} of them agree",
                f"camera {name}",
                "is its video of the same trial, and are its intrinsics those of its videos? Look at it on the trials' pages",
            )


def _conditions(found: Findings) -> Iterator[Reason]:
    if found.total_frames < FEWEST_FRAMES:
        yield Reason(
            "warn",
            f"only {found.total_frames} frames show the person to two cameras (wanted: {FEWEST_FRAMES})",
            "trials",
            "record a longer walk",
        )
    poor = {
        name: verdict
        for name, turn, shift in zip(found.cameras, found.turn_error_deg, found.shift_error_part, strict=True)
        if (verdict := _worse(_over(float(turn), TURN_DEG), _over(float(shift), SHIFT_PART)))
    }
    for limit in ("fail", "warn"):
        names = [name for name, verdict in poor.items() if verdict == limit]
        if names:
            which = [found.cameras.index(name) for name in names]
            yield Reason(
                "fail" if limit == "fail" else "warn",
                f"poses of {', '.join(names)} are poorly determined: standard deviation up to "
                f"{found.turn_error_deg[which].max():.1f} degrees, and {found.shift_error_part[which].max():.1%} of the distance "
                "to the people",
                f"cameras {', '.join(names)}",
                "let the participant walk about in all of the space that the cameras see",
            )
    for trial, part in found.unsteadiness.items():
        if verdict := _over(part, BONES_VARY):
            yield Reason(
                verdict,
                f"thighs and shanks of the person of {trial} vary in length by {part:.0%}, as bones do not",
                f"trial {trial}",
                "the cameras did not see the same: are the videos of one trial, or the offsets over max_offset_s?",
            )
    if found.spread_part < SPREAD_PART:
        yield Reason(
            "warn",
            f"people stayed in one place: {found.spread_part:.0%} of a body height to and fro (wanted: {SPREAD_PART:.0%})",
            "trials",
            "poses hold near there only: let the participant walk about in all of the space that the cameras see",
        )


def _world(size: Size, people: Upward | None, up_is_stated: bool, floor: float | None) -> Iterator[Reason]:
    if people is not None and not up_is_stated and (verdict := _over(people.error_deg, VERTICAL_DEG)):
        yield Reason(
            verdict,
            f"the vertical is known to {people.error_deg:.1f} degrees only: feet rested in too few places, or bodies leant",
            "trials",
            "let the participant walk to and fro and across, or state calibration.up for a camera that is level",
        )
    if floor is None:
        yield Reason(
            "warn", "nobody's feet were seen: z = 0 is not the floor", "trials", "let the cameras see the feet"
        )
    if size.error > SCALE_ERROR:
        yield Reason(
            "warn",
            f"the scale is known to {size.error:.0%} only ({size.source})",
            "calibration.known_distance",
            "state a known distance, between two cameras' lenses for example",
        )
    for trial, value in size.by_trial.items():
        if abs(value / size.metres - 1) > SCALE_APART:
            yield Reason(
                "warn",
                f"the person of {trial} is {size.metres / value - 1:+.0%} taller than stated, by the size of the other trials",
                f"trial {trial}",
                "is the participant of that trial the one that the sheet names, with the right height?",
            )


def _over(value: float, limits: tuple[float, float]) -> Verdict | None:
    if value > limits[1]:
        return "fail"
    return "warn" if value > limits[0] else None


def _worse(first: Verdict | None, second: Verdict | None) -> Verdict | None:
    return "fail" if "fail" in (first, second) else first or second
