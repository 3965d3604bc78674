"""Eight faults of a session, and none: the verdicts name the stage, the camera and the trial, and nobody else.

A part of benchmarks/fault_matrix.py, which runs the whole workflow: here two or three trials each, on arrays, without
triangulation and what follows it. The seed is none that a threshold was chosen on (those are 1 to 20).
"""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.stages.associate import AssociateSettings, associate
from kineograph.stages.calibration_health import MIN_CONFIDENCE, assess_health
from kineograph.stages.sightings import sightings_of_trial
from kineograph.stages.synchronize import SynchronizeSettings, synchronize
from synthetic.fault_score import charge, mended, names_the_fault, wrongly_blamed
from synthetic.fault_studies import FAULTS, FPS_HZ, PARTICIPANT, SECONDS, room, study

SEED = 31
BY_COMPARISON = ("wrong person",)
"""Faults that show only where two other trials agree."""
FRAMES = 20
"""Fewer than in the workflow, for the calibration's health."""


def charges_of(made, skeleton):
    """What synchronization, association and the calibration's health say."""
    sightings, heights, offsets, charges = [], {}, {}, []
    names = list(made.trials)
    for trial, keypoints in made.trials.items():
        clock, synchronization = synchronize(keypoints, made.given, FPS_HZ, None, SynchronizeSettings())
        offsets[trial] = synchronization.came_out["offset_s"]
        known = {PARTICIPANT: made.height_m}
        parts = (keypoints, made.given, clock)
        tracks, association = associate(*parts, skeleton, [PARTICIPANT], AssociateSettings(), known)
        heights[trial] = association.came_out["height_by_thighs_m"]
        for report in (synchronization, association):
            charges += [charge(report.stage, reason, trial, names) for reason in report.reasons]
        chosen = {"min_confidence": MIN_CONFIDENCE, "max_frames": FRAMES}
        sightings.append(sightings_of_trial(trial, keypoints, made.given, made.given.names, clock, tracks, **chosen))
    health = assess_health(made.given, sightings, heights, {PARTICIPANT: made.height_m})
    return offsets, charges + [charge(health.stage, reason, None, names) for reason in health.reasons]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_verdicts_name_the_fault_and_nobody_else(fault, skeletons):
    trials = ("T1", "T2", "T3") if fault in BY_COMPARISON else ("T1", "T2")
    made = study(fault, SEED, skeletons("halpe26"), trials)
    offsets, charges = charges_of(made, skeletons("halpe26"))
    assert wrongly_blamed(made, charges) == []
    if made.blame is not None:
        assert mended(made, offsets) or [item for item in charges if names_the_fault(made, item)], made.what


def test_people_in_the_studies_move_as_people_do(skeletons):
    """So that what a verdict says of a movement is said of a fault. Measured: at most 4.0 m/s."""
    time_s = np.arange(0, SECONDS, 1 / FPS_HZ)
    for fault in FAULTS:
        for seed in range(1, 4):
            for motion in room(fault, seed, skeletons("halpe26"), ("T1", "T2", "T3")).motions.values():
                assert np.nanmax(np.linalg.norm(np.diff(motion(time_s), axis=0), axis=-1)) * FPS_HZ < 6.0
