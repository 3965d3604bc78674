"""What users get wrong most: each gets an error or a failing verdict that names the camera (issue: bad input).

Every fault goes through the stages that a trial goes through, from the calibration's check to its health.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kineograph.geometry.world_up import UP
from kineograph.model.camera import Rig
from kineograph.stages.associate import AssociateSettings, associate
from kineograph.stages.calibration_check import check_rig
from kineograph.stages.calibration_health import FRAMES_A_TRIAL, MIN_CONFIDENCE, assess_health
from kineograph.stages.detect import judge as judge_pose
from kineograph.stages.observe import observe
from kineograph.stages.sightings import sightings_of_trial
from kineograph.stages.synchronize import SynchronizeSettings, synchronize
from kineograph.stages.triangulate import TriangulateSettings, triangulate
from synthetic.scene import Faults, film, look_at, ring, walker

FPS_HZ = 30.0
FAULTS = Faults(noise_px=1.5, occlusion=0.05, outliers=0.02)
HEIGHT_M = 1.75
NOBODY = Faults(lost_detections=1.0)


@pytest.fixture(scope="module")
def halpe(skeletons):
    return skeletons("halpe26")


def person(skeleton, **changes):
    how = {"start_m": (-0.6, -0.5), "velocity_m_s": (0.3, 0.25), "height_m": HEIGHT_M} | changes
    return walker(skeleton, **how)


def filmed(rig, skeleton, faults=FAULTS, **changes):
    return film(rig, skeleton, [person(skeleton, **changes)], seconds=4, fps_hz=FPS_HZ, faults=faults)


def scaled(rig, factor, names=None):
    """Camera positions multiplied, as by a wrong unit or a wrong size of the board's squares."""
    return replace(
        rig,
        cameras=tuple(
            replace(
                camera, translation_m=camera.translation_m * (factor if names is None or camera.name in names else 1)
            )
            for camera in rig.cameras
        ),
    )


def exchanged(rig, first, second):
    names = {first: second, second: first}
    return Rig(tuple(replace(rig[names.get(name, name)], name=name) for name in rig.names))


def standing(places):
    """Cameras that look at the middle of a person at the origin."""
    cameras = []
    for camera, place in zip(ring(len(places)).cameras, places, strict=True):
        rotation = look_at(place, (0, 0, 0.9))
        cameras.append(replace(camera, rotation=rotation, translation_m=-rotation @ np.array(place, float)))
    return Rig(tuple(cameras))


def reports(rig, keypoints, skeleton):
    """The reports of all stages of a trial, in the order of the work."""
    found = [check_rig(rig, "toml")]
    found += [judge_pose(item, item.n_frames, "video", "") for item in keypoints]
    clock, synchronization = synchronize(keypoints, rig, FPS_HZ, None, SynchronizeSettings())
    tracks, association = associate(keypoints, rig, clock, skeleton, ["P1"], AssociateSettings(), {"P1": HEIGHT_M})
    _, triangulation = triangulate(observe(keypoints, rig, clock, tracks), rig, skeleton, TriangulateSettings())
    sightings = sightings_of_trial(
        "T1", keypoints, rig, rig.names, clock, tracks, min_confidence=MIN_CONFIDENCE, max_frames=FRAMES_A_TRIAL
    )
    return [*found, synchronization, association, triangulation, assess_health(rig, [sightings])]


def right(skeleton):
    return ring(4), filmed(ring(4), skeleton)


def larger_board(skeleton):
    return scaled(ring(4), 1.4), filmed(ring(4), skeleton)


def larger_board_of_one_camera(skeleton):
    return scaled(ring(4), 1.4, ["cam02"]), filmed(ring(4), skeleton)


def swapped_names(skeleton):
    return exchanged(ring(4), "cam01", "cam02"), filmed(ring(4), skeleton)


def millimetres(skeleton):
    return scaled(ring(4), 1000), filmed(ring(4), skeleton)


def another_trial(skeleton):
    keypoints = filmed(ring(4), skeleton)
    other = {"velocity_m_s": (-0.3, 0.1), "start_m": (0.7, 0.2), "phase": 2.0, "step_hz": 0.7}
    keypoints[2] = filmed(ring(4), skeleton, **other)[2]
    return ring(4), keypoints


def nobody(skeleton):
    keypoints = filmed(ring(4), skeleton)
    keypoints[3] = filmed(ring(4), skeleton, faults=NOBODY)[3]
    return ring(4), keypoints


def face_to_face(skeleton):
    rig = standing([(0, -4, 1.5), (0.3, 4, 1.6)])
    return rig, filmed(rig, skeleton)


def side_by_side(skeleton):
    rig = standing([(-0.3, -5, 1.5), (0.3, -5, 1.5)])
    return rig, filmed(rig, skeleton)


def in_line(skeleton):
    rig = standing([(-0.6, -5, 1.5), (-0.2, -5, 1.5), (0.2, -5, 1.5), (0.6, -5, 1.5)])
    return rig, filmed(rig, skeleton)


ALL = "cameras cam01, cam02, cam03, cam04"
FAULTY = [
    (larger_board, "association", ALL, "as large as stated"),
    (larger_board_of_one_camera, "calibration_health", "camera cam02", "cam02"),
    (swapped_names, "calibration_health", "camera cam01", "exchanged"),
    (millimetres, "calibration", "camera cam03", "m from the origin"),
    (another_trial, "synchronization", "camera cam03", "does not fit"),
    (another_trial, "calibration_health", "camera cam03", "cam03"),
    (nobody, "pose", "camera cam04", "0%"),
    (face_to_face, "triangulation", "cameras cam01, cam02", "20 degrees"),
    (side_by_side, "triangulation", "cameras cam01, cam02", "7 degrees"),
    (in_line, "triangulation", ALL, "13 degrees"),
]
"""The fault, the stage that fails, whom it blames, and a part of what it says."""


@pytest.fixture(scope="module")
def outcome(halpe):
    """The reports of each fault, computed once."""
    known = {}

    def find(fault):
        if fault not in known:
            known[fault] = reports(*fault(halpe), halpe)
        return known[fault]

    return find


@pytest.mark.parametrize(("fault", "stage", "blame", "text"), FAULTY)
def test_each_fault_fails_and_names_the_camera(outcome, fault, stage, blame, text):
    failing = [
        reason
        for report in outcome(fault)
        if report.stage == stage
        for reason in report.reasons
        if reason.verdict == "fail" and reason.blame == blame
    ]
    assert failing
    assert text in failing[0].text
    assert failing[0].hint


def test_nothing_wrong_gets_no_verdict(outcome):
    assert [reason.text for report in outcome(right) for reason in report.reasons] == []


def test_a_line_that_is_wide_enough_is_a_warning_with_its_figures(halpe):
    """Measured: 42 degrees, 14 mm, 3.8 times; in a ring of three cameras 5 mm, 1.5 times."""
    rig = standing([(-2, -5, 1.5), (-0.7, -5, 1.5), (0.7, -5, 1.5), (2, -5, 1.5)])
    checked, *_, triangulation, _ = reports(rig, filmed(rig, halpe), halpe)
    assert [(item.verdict, item.blame) for item in checked.reasons] == [("warn", ALL)]
    assert ("warn", ALL) in [(item.verdict, item.blame) for item in triangulation.reasons]
    figures = triangulation.came_out["weakest_direction"]
    assert 35 < figures["angle_deg"] < 50
    assert 5 < figures["sd_mm"] < 20


@pytest.mark.parametrize("axis", ["y", "-z"])
def test_people_who_never_stand_fail_the_calibrations_health(halpe, axis):
    """Nobody's head is above the feet where the world's z is not up."""
    rig = ring(4)
    sideways = replace(rig, cameras=tuple(replace(c, rotation=c.rotation @ UP[axis]) for c in rig.cameras))
    found = {}
    for name, given in (("good", rig), ("sideways", sideways)):
        keypoints = filmed(rig, halpe)
        clock, _ = synchronize(keypoints, given, FPS_HZ, None, SynchronizeSettings(method="none"))
        tracks, _ = associate(keypoints, given, clock, halpe, ["P1"], AssociateSettings())
        seen = sightings_of_trial(
            "T1", keypoints, given, given.names, clock, tracks, min_confidence=MIN_CONFIDENCE, max_frames=FRAMES_A_TRIAL
        )
        found[name] = [reason for reason in assess_health(given, [seen]).reasons if "head" in reason.text]
    assert found["good"] == []
    (reason,) = found["sideways"]
    assert reason.verdict == "fail"
    assert "in 0% of the frames of all trials" in reason.text
    assert f"world_up to {axis}" in reason.hint


def test_cameras_that_stand_well_are_not_blamed_where_some_are_not_used(halpe):
    """Two cameras face to face, as the others show nobody: it is not where the four stand."""
    seen, empty = filmed(ring(4), halpe), filmed(ring(4), halpe, faults=NOBODY)
    *_, triangulation, _ = reports(ring(4), [seen[0], empty[1], seen[2], empty[3]], halpe)
    assert [reason.blame for reason in triangulation.reasons] == [""]
    assert "2.0 of 4 are on average, and cam02, cam04 in less than 50%" in triangulation.reasons[0].text


def test_of_two_pairs_of_cameras_that_each_agree_none_is_blamed_but_by_the_calibrations_health(halpe):
    """Two cameras face to face are exchanged: they agree with each other as well as the two that are right."""
    rig = exchanged(ring(4), "cam01", "cam03")
    found = reports(rig, filmed(ring(4), halpe, height_m=HEIGHT_M), halpe)
    blamed = {report.stage: {reason.blame for reason in report.reasons} for report in found if report.reasons}
    assert blamed.pop("calibration_health") == {"camera cam01"}
    assert not {camera for blame in blamed.values() for camera in blame if "cam02" in camera or "cam04" in camera}
