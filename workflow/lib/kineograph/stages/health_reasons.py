"""What speaks against a calibration, from what each of its trials says: the camera to blame, the trials, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from kineograph.geometry.rig_alignment import correction
from kineograph.geometry.world_up import nearest_axis
from kineograph.model.camera import Rig
from kineograph.model.report import Reason
from kineograph.model.shapes import BoolArray, IntArray
from kineograph.stages.calibration_check import NOT_UP
from kineograph.stages.refine_calibration import GROSS_PX, outstanding
from kineograph.stages.trial_health import WARN_SHIFT_PX, TrialHealth, shift_px

NEVER_FITS_PX = 12.0
"""What stays of a view's residuals, wherever its camera is put, when it shows something else than the other views."""
WARN_RESIDUAL_PX = 8.0
STANDING = 0.3
"""Part of the distance from feet to head that goes up, at least, where the head is above the feet."""
NEVER = 0.05
"""Part of the frames that is none."""


def reasons_against(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """All that speaks against the calibration; that all cameras are off a little only where nothing else does."""
    reasons = [*_exchanges(found), *_mirrored(rig, found), *_lenses(rig, found), *_misfits(rig, found)]
    reasons += [*_moved(rig, found), *_moved_between(rig, found)]
    return [*_lying(rig, found), *(reasons or _poor_fit(found))]


def _lying(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict where nobody's head is ever above the feet; a warning where the cameras stand upright in that world."""
    rise = np.concatenate([item.rise_m for item in found])
    if not len(rise):
        return []
    share = float((rise[:, 2] > STANDING * np.linalg.norm(rise, axis=1)).mean())
    if share > NEVER:
        return []
    axis, _ = nearest_axis(np.median(rise / np.linalg.norm(rise, axis=1, keepdims=True), axis=0))
    upright = np.mean([-camera.rotation[1, 2] for camera in rig.cameras]) > NOT_UP
    return [
        Reason(
            "warn" if upright else "fail",
            f"the head is above the feet in {share:.0%} of the frames of all trials: bodies rise along {axis}, and z is up",
            f"cameras {', '.join(rig.names)}",
            f"unless everybody lies, or stands on their hands, set calibration.world_up to {axis}",
        )
    ]


def unseen(rig: Rig, views: IntArray, filmed: BoolArray) -> list[Reason]:
    """A warning for each camera (C,) that took part and shows nothing that another one shows as well."""
    return [
        Reason(
            "warn",
            f"{name} shows no keypoint that another camera shows as well, in any trial",
            f"camera {name}",
            "does its picture show the participants, and is it the right video?",
        )
        for name, seen, took_part in zip(rig.names, views, filmed, strict=True)
        if took_part and not seen
    ]


def _exchanges(found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict for each set of cameras whose calibrations are exchanged."""
    trials: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for item in found:
        if item.exchanged:
            trials.setdefault(tuple(item.exchanged.items()), []).append(item.trial)
    return [
        Reason(
            "fail",
            f"the calibrations of {_and([name for name, _ in exchange])} are exchanged in {_and(names)}: "
            + ", ".join(f"the views of {name} fit the calibration of {other}" for name, other in exchange),
            "camera " + exchange[0][0],
            "rename the videos, or the cameras in the calibration",
        )
        for exchange, names in trials.items()
    ]


def _mirrored(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict for each camera whose pictures are mirrored."""
    return [
        Reason(
            "fail",
            f"the pictures of {name} are mirrored, left and right exchanged, in {_and(trials)}: mirrored back, they "
            f"agree with the other cameras' within {left_px:.0f} px",
            f"camera {name}",
            "flip the videos of this camera back before keypoints are looked for, and switch its mirror option off",
        )
        for name, trials, left_px in _found_in(rig, {item.trial: item.mirrored for item in found})
    ]


def _lenses(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict for each camera that has another focal length than the calibration says."""
    return [
        Reason(
            "fail",
            f"the focal length of {name} is {ratio:.2f} times what the calibration says, by what it saw in "
            f"{_and(trials)}",
            f"camera {name}",
            "was it zoomed, its resolution changed, or another camera's lens file taken? Calibrate its lens again",
        )
        for name, trials, ratio in _found_in(rig, {item.trial: item.focal_ratio for item in found})
    ]


def _found_in(rig: Rig, by_trial: Mapping[str, Mapping[str, float]]) -> list[tuple[str, list[str], float]]:
    """The cameras of which something was found: the camera, the trials, and the median of what was measured."""
    every = [(name, {trial: found[name] for trial, found in by_trial.items() if name in found}) for name in rig.names]
    return [(name, list(values), float(np.median(list(values.values())))) for name, values in every if values]


def _misfits(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A failing verdict for each camera that does not agree with the others."""
    reasons = []
    for name in rig.names:
        unexplained = [item for item in found if name in item.misfits and name not in item.focal_ratio]
        hopeless = [item.trial for item in unexplained if item.misfits[name][1] > NEVER_FITS_PX]
        if hopeless:
            reasons.append(
                Reason(
                    "fail",
                    f"what {name} shows in {_and(hopeless)} fits the other cameras nowhere it could stand",
                    f"camera {name}",
                    "is its video from another trial or another camera, or out of step with the others?",
                )
            )
        moved = [item for item in unexplained if item.misfits[name][1] <= NEVER_FITS_PX]
        if moved:
            best = correction(rig[name], moved[0].misfits[name][0])
            reasons.append(
                Reason(
                    "fail",
                    f"{name} stands {best.angle_deg:.1f} degrees and {best.distance_mm:.0f} mm from where the calibration has it "
                    f"in {_and([item.trial for item in moved])}",
                    f"camera {name}",
                    "it was moved after the calibration, or is another camera's: calibrate again",
                )
            )
    if any(not item.fit and not item.exchanged for item in found):
        trials = [item.trial for item in found if not item.fit and not item.exchanged]
        reasons.append(
            Reason(
                "fail",
                f"no two cameras agree within {GROSS_PX:.0f} px on what they saw in {_and(trials)}",
                "",
                "does the calibration belong to these videos?",
            )
        )
    return reasons


def _moved(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A warning for each camera that would have to be moved much more than the others."""
    trials: dict[str, list[TrialHealth]] = {}
    for item in found:
        for name in outstanding(item.shift_px, WARN_SHIFT_PX):
            if name not in item.focal_ratio and name not in item.mirrored:
                trials.setdefault(name, []).append(item)
    reasons = []
    for name, items in trials.items():
        moves = [correction(rig[name], item.fit[name]) for item in items]
        reasons.append(
            Reason(
                "warn",
                f"{name} stands {np.median([move.angle_deg for move in moves]):.1f} degrees and "
                f"{np.median([move.distance_mm for move in moves]):.0f} mm from where the calibration has it, in "
                f"{_and([item.trial for item in items])} ({np.median([item.shift_px[name] for item in items]):.0f} px in its "
                "picture)",
                f"camera {name}",
                "it was probably moved after the calibration: calibrate again, or set calibration: {refine: true}",
            )
        )
    return reasons


def _moved_between(rig: Rig, found: Sequence[TrialHealth]) -> list[Reason]:
    """A warning for each camera that stands elsewhere in a trial than in the one before, and the other cameras do not."""
    reasons = []
    for before, after in pairwise(found):
        places = np.concatenate([before.points_m, after.points_m])
        explained = {name for item in (before, after) for name in (*item.mirrored, *item.focal_ratio)}
        both = [name for name in rig.names if name in before.fit and name in after.fit and name not in explained]
        shift = {name: shift_px(before.fit[name], after.fit[name], places) for name in both}
        for name in outstanding(shift, WARN_SHIFT_PX):
            move = correction(before.fit[name], after.fit[name])
            reasons.append(
                Reason(
                    "warn",
                    f"{name} was moved between {before.trial} and {after.trial}: by {move.angle_deg:.1f} degrees and "
                    f"{move.distance_mm:.0f} mm ({shift[name]:.0f} px in its picture)",
                    f"camera {name}",
                    "give the trials after it a calibration of their own (the column calibration of the trial sheet)",
                )
            )
    return reasons


def _poor_fit(found: Sequence[TrialHealth]) -> list[Reason]:
    """A warning where no camera stands out but all are off."""
    typical = {item.trial: item.typical_px for item in found if np.isfinite(item.typical_px)}
    worst = max(typical, key=lambda trial: typical[trial], default="")
    if not worst or typical[worst] <= WARN_RESIDUAL_PX:
        return []
    return [
        Reason(
            "warn",
            f"the calibration leaves {typical[worst]:.1f} px (median) in {worst} (wanted: under {WARN_RESIDUAL_PX:.0f} px), "
            "and no camera stands out",
            f"trial {worst}",
            "set calibration: {refine: true}; it is kept only where it is better",
        )
    ]


def _and(names: Sequence[str]) -> str:
    """Names in a sentence; of many, the first and how many more."""
    shown = list(names[:4])
    if len(names) > len(shown):
        return ", ".join(shown) + f" and {len(names) - len(shown)} more"
    return " and ".join([", ".join(shown[:-1])] * (len(shown) > 1) + shown[-1:])
