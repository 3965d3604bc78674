"""The parts of the benchmark against Pose2Sim that need no Pose2Sim: scenes on disk, measures, tables."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from comparison import errors, scenes, tables
from comparison.result import Result, Trajectories
from comparison.trial_files import write_scene

from kineograph.calibration_formats import toml
from kineograph.keypoint_formats import openpose
from kineograph.stages.import_keypoints import on_skeleton

NAMES = ["Hip", "RKnee", "LWrist"]


@pytest.fixture(scope="module")
def scene():
    """The first half second of a scene with a camera at fault."""
    whole = scenes.turned_camera()
    fields = ("position_px", "confidence", "bbox_px", "time_s", "track_id")
    short = [
        dataclasses.replace(item, **{name: getattr(item, name)[:30] for name in fields}) for item in whole.keypoints
    ]
    return dataclasses.replace(whole, keypoints=short)


def result(scene, frames=slice(None), moved_m=0.0, offset_s=None, **more):
    """What a tool would give that knows the truth, but for a shift."""
    time_s = (np.arange(30) / scenes.FPS_HZ)[frames]
    people = [
        Trajectories(scenes.skeleton().keypoints, time_s, motion(time_s) + [moved_m, 0, 0]) for motion in scene.people
    ]
    offsets = np.zeros(len(scene.keypoints)) if offset_s is None else offset_s
    return Result("tool", people[::-1], people[::-1], offsets, {}, 1.0, 100.0, **more)


def test_a_scene_on_disk_is_the_scene(scene, tmp_path):
    """Files are rounded to 1e-6 px."""
    files = write_scene(scene, tmp_path)
    for item in scene.keypoints:
        recorded = openpose.read(files.keypoints / f"{item.camera}_json")
        back, _ = on_skeleton(recorded, scenes.skeleton(), item.camera, scenes.FPS_HZ)
        np.testing.assert_allclose(back.position_px, item.position_px, atol=1e-6)
    assert toml.read(files.calibration).names == files.cameras
    assert not np.allclose(toml.read(files.calibration)["cam03"].rotation, scenes.ring(4)["cam03"].rotation, atol=0.01)


def test_scenes_have_names_of_their_own():
    names = [make.__name__ for make in scenes.SCENES]
    assert len(set(names)) == len(names)


def test_the_truth_has_no_error_and_a_shift_has_its_own(scene):
    two = dataclasses.replace(scene, people=[*scene.people, scenes.walker(scenes.skeleton(), start_m=(1.0, 1.0))])
    assert errors.accuracy(result(two), two, NAMES).filtered_mm == pytest.approx((0, 0), abs=1e-9)
    assert errors.accuracy(result(two, moved_m=0.01), two, NAMES).triangulated_mm == pytest.approx((10, 10))


def test_lost_and_filled_samples_are_counted(scene):
    assert errors.accuracy(result(scene, slice(0, 24)), scene, NAMES).lost == pytest.approx(0.2)
    unseen = [dataclasses.replace(item, confidence=item.confidence.copy()) for item in scene.keypoints]
    for item in unseen[1:]:
        item.confidence[:3] = 0
    measured = errors.accuracy(result(scene), dataclasses.replace(scene, keypoints=unseen), NAMES)
    assert (measured.lost, measured.filled) == pytest.approx((0, 0.1))


def test_the_clock_has_no_beginning_but_offsets_have_errors(scene):
    late = result(scene, offset_s=np.array([0.1, 0.1, 0.1, 0.1]))
    assert errors.accuracy(late, scene, NAMES).offset_frames == pytest.approx(0, abs=1e-9)
    wrong = result(scene, offset_s=np.array([0, 0, 0, 0.05]))
    assert errors.accuracy(wrong, scene, NAMES).offset_frames == pytest.approx(3)


def test_only_common_keypoints_are_measured(scene):
    fewer = result(scene)
    fewer = dataclasses.replace(fewer, filtered=[dataclasses.replace(fewer.filtered[0], names=("hip", "rknee"))])
    assert errors.common_names([result(scene), fewer]) == ["RKnee", "Hip"]


def test_who_named_the_camera_at_fault(scene):
    assert tables.noticed(result(scene, named=frozenset({"cam03"})), "cam03") == "cam03 named"
    assert tables.noticed(result(scene, named=frozenset({"cam01"})), "cam03") == "not named; also cam01"
    assert tables.noticed(result(scene), "cam03") == "not named"
    assert tables.noticed(result(scene, named=frozenset({"cam01"})), "") == "names cam01"


def test_rows_are_as_long_as_their_headers(scene):
    whole = tables.scene_row("s", result(scene), errors.accuracy(result(scene), scene, NAMES), "cam03")
    broken = tables.scene_row("s", result(scene, error="a | b"), None, "")
    assert len(whole) == len(broken) == len(tables.SCENE_HEADER)
    lines = tables.table(tables.SCENE_HEADER, [whole, broken]).splitlines()
    assert len({line.count("|") for line in lines}) == 1


def test_results_go_between_the_marks_of_their_part_and_nowhere_else(repository):
    text = (repository / "benchmarks" / "README.md").read_text()
    new = text
    for part in ("scenes", "demo", "scaling", "angles"):
        new = tables.replaced(new, part, f"results of {part}")
    assert new.count("results of") == 4
    assert new.splitlines()[:40] == text.splitlines()[:40]
    assert tables.replaced(new, "demo", "results of demo") == new
    with pytest.raises(ValueError, match="needs the lines"):
        tables.replaced("nothing", "demo", "new")
