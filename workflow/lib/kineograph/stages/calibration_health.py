"""Does a calibration fit what its cameras saw? The cameras that it does not fit, and those that were moved, by name.

Each trial is looked at on its own: pairs of views that can't both be right, exchanged calibrations, views that fit no pose,
and how far each camera would have to be moved to agree with the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kineograph.geometry.rig_alignment import correction
from kineograph.model.camera import Camera, Rig
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray, finite
from kineograph.model.sightings import Sightings
from kineograph.stages.health_reasons import reasons_against, unseen
from kineograph.stages.session_sizes import Heights, size_reasons
from kineograph.stages.trial_health import TrialHealth, examine_trial, explain_as_well

STAGE = "calibration_health"
FRAMES_A_TRIAL = 40
MIN_CONFIDENCE = 0.5
FEWEST_POINTS = 100
GRID = (8, 6)
"""Cells of a camera's image for which it is asked whether keypoints were seen there."""


def assess_health(
    rig: Rig, trials: Sequence[Sightings], height_m: Heights | None = None, stated_m: Mapping[str, float] | None = None
) -> StageReport:
    """The report on a calibration from what its cameras saw in each trial.

    Parameters
    ----------
    rig : Rig
        The calibration.
    trials : sequence of Sightings
        One a trial.
    height_m : dict of str to dict of str to float, optional
        Heights of the participants as measured in each trial, m.
    stated_m : dict of str to float, optional
        Their heights as stated, m.
    """
    judged = [sightings for sightings in trials if len(sightings) >= FEWEST_POINTS]
    found = [examine_trial(rig, sightings) for sightings in judged]
    zoomed = {name for item in found for name in item.focal_ratio}
    for item, sightings in zip(found, judged, strict=True) if zoomed else ():
        explain_as_well(item, rig, sightings, zoomed)
    views = sum((sightings.seen.sum(axis=0) for sightings in trials), np.zeros(len(rig), int))
    filmed = np.any([sightings.filmed[0] for sightings in trials], axis=0) if trials else np.zeros(len(rig), bool)
    coverage = {camera.name: _coverage(camera, trials, index) for index, camera in enumerate(rig.cameras)}
    reasons = unseen(rig, views, filmed)
    if found:
        reasons += reasons_against(rig, found)
        reasons += size_reasons(height_m or {}, stated_m or {}, rig.names)
    else:
        reasons.append(
            Reason(
                "warn", "no trial shows enough of anybody in two cameras at once to judge the calibration by", "", ""
            )
        )
    came_in = {
        "trials": [item.trial for item in found],
        "views": dict(zip(rig.names, views.tolist(), strict=True)),
    }
    came_out = {
        "median_residual_px": {item.trial: _by_camera(rig, item.residual_px) for item in found},
        "typical_residual_px": {item.trial: item.typical_px for item in found},
        "bias_px": {item.trial: _by_camera(rig, item.bias_px) for item in found},
        "pair_disagreement_px": {item.trial: _by_pair(rig, item.disagreement_px) for item in found},
        "would_move": {item.trial: _would_move(rig, item) for item in found},
        "mirrored": {item.trial: item.mirrored for item in found if item.mirrored},
        "focal_ratio": {item.trial: item.focal_ratio for item in found if item.focal_ratio},
        "image_covered": coverage,
    }
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))


def _coverage(camera: Camera, trials: Sequence[Sightings], index: int) -> float:
    """Part of the cells of a camera's image in which keypoints were seen."""
    filled = np.zeros(GRID, bool)
    for sightings in trials:
        place = sightings.image_px[:, index]
        cell = np.floor(place[finite(place)] / np.array(camera.size_px) * GRID).astype(int)
        inside = ((cell >= 0) & (cell < GRID)).all(axis=-1)
        filled[tuple(cell[inside].T)] = True
    return float(filled.mean())


# ---- records


def _by_camera(rig: Rig, values: FloatArray) -> dict[str, object]:
    return {name: value.tolist() for name, value in zip(rig.names, values, strict=True)}


def _by_pair(rig: Rig, disagreement: FloatArray) -> dict[str, float]:
    pairs = zip(*np.triu_indices(len(rig), 1), strict=True)
    return {f"{rig.names[a]} - {rig.names[b]}": float(disagreement[a, b]) for a, b in pairs}


def _would_move(rig: Rig, item: TrialHealth) -> dict[str, dict[str, float]]:
    """By how much each camera would have to be moved to fit best."""
    moves = {}
    for name, camera in item.fit.items():
        best = correction(rig[name], camera)
        moves[name] = {
            "angle_deg": best.angle_deg,
            "distance_mm": best.distance_mm,
            "shift_px": item.shift_px[name],
        }
    return moves
