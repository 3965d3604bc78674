"""The same scene filmed at other resolutions: the same points, choices and verdicts, from the files that the stages read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kineograph.calibration_formats import toml
from kineograph.cli.__main__ import main
from kineograph.geometry.rotation import matrix_from_vector
from kineograph.io.npz import read_npz, write_npz
from kineograph.io.reports import read_report, write_json
from kineograph.layout import Layout
from kineograph.model.camera import Camera, Rig
from kineograph.model.inputs import CameraInput, TrialInputs
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.points import Points3D
from kineograph.model.tracks import PersonTracks
from synthetic.scene import Faults, film, on_path, ring, walker
from synthetic.study import WALK_FPS_HZ, halpe26, person_walking_about, rig

FPS_HZ, SECONDS = 60.0, 2.0
OFFSET_S = (0.0, 0.1, 0.05, -0.05)
NAMED = {"session": "S", "trial": "T", "calibration": "C"}
REPORTS = (
    "synchronization",
    "association_report",
    "triangulation_report",
    "quality",
    "calibration_health",
    "refinement_report",
)
GRID_PX = 64
"""Image points lie on this part of a pixel, so that files of single precision hold them at all resolutions."""


def scene(skeleton) -> tuple[Rig, list[Keypoints2D]]:
    """Somebody walks in a circle before four cameras, of which one was turned after the calibration."""
    true = ring(4)
    person = on_path(walker(skeleton), lambda t: 0.6 * np.stack([np.cos(0.8 * t), np.sin(0.8 * t)], axis=-1))
    faults = Faults(noise_px=4.0, occlusion=0.1, outliers=0.05)
    seen = film(true, skeleton, [person], seconds=SECONDS, fps_hz=FPS_HZ, offset_s=OFFSET_S, faults=faults, seed=3)
    turned = matrix_from_vector(np.radians([0.0, 1.5, 0.0]))
    cameras = true.cameras
    wrong = dataclasses.replace(
        cameras[2], rotation=turned @ cameras[2].rotation, translation_m=turned @ cameras[2].translation_m
    )
    return Rig((*cameras[:2], wrong, *cameras[3:]), source="synthetic"), [on_grid(item) for item in seen]


def on_grid(item: Keypoints2D) -> Keypoints2D:
    """The keypoints at the nearest points of the grid."""
    position = np.round((item.position_px + 0.5) * GRID_PX) / GRID_PX - 0.5
    return dataclasses.replace(item, position_px=position)


def camera_at(camera: Camera, k: float) -> Camera:
    """The camera of images of k times as many pixels a side: edges scale, the centre of the first pixel is (0, 0)."""
    intrinsics = camera.intrinsics * [[k], [k], [1.0]]
    intrinsics[:2, 2] = (camera.intrinsics[:2, 2] + 0.5) * k - 0.5
    width, height = camera.size_px
    return dataclasses.replace(camera, size_px=(round(width * k), round(height * k)), intrinsics=intrinsics)


def keypoints_at(item: Keypoints2D, k: float, *, size_known: bool) -> Keypoints2D:
    """What was seen in images of k times as many pixels a side."""
    width, height = item.size_px
    return dataclasses.replace(
        item,
        position_px=(item.position_px + 0.5) * k - 0.5,
        bbox_px=(item.bbox_px + 0.5) * k - 0.5,
        size_px=(round(width * k), round(height * k)) if size_known else (0, 0),
    )


def reconstruct(folder, rig: Rig, keypoints: list[Keypoints2D]) -> Layout:
    """All stages that compare image points, as the workflow calls them."""
    layout = Layout(str(folder))

    def path(kind: str, **names: str) -> str:
        return layout.path(kind, **NAMED, **names)

    cameras = [CameraInput(item.camera, item.camera, True, FPS_HZ, item.n_frames, item.size_px) for item in keypoints]
    toml.write(folder / "S" / "calibration" / "C" / "calibration.toml", rig)
    write_json(
        folder / "S" / "T" / "inputs" / "inputs.json",
        {"inputs": dataclasses.asdict(TrialInputs(tuple(cameras), FPS_HZ))},
    )
    files = [path("keypoints", camera=item.camera) for item in keypoints]
    for file, item in zip(files, keypoints, strict=True):
        write_npz(Path(file), item)
    views = ["--inputs", path("inputs"), "--calibration", path("calibration"), "--keypoints", *files]
    seen = ["--observations", path("observations"), "--calibration", path("calibration")]
    session = ["--results", layout.root, "--session", "S", "--trials", '["T"]', "--calibration", path("calibration")]
    commands = [
        ["synchronize", *views, "--settings", '{"method": "motion"}', "--out", path("synchronization")],
        ["associate", *views, "--synchronization", path("synchronization"), "--participants", '["P1"]',
         "--observations", path("observations"), "--out", path("tracks"), "--report", path("association_report")],
        ["triangulate", *seen, "--out", path("points3d"), "--report", path("triangulation_report")],
        ["assess-quality", *seen, "--points", path("points3d"), "--report", path("quality")],
        ["calibration-health", *session, "--report", path("calibration_health")],
        ["refine-calibration", *session, "--out", path("refined_calibration"), "--report", path("refinement_report")],
    ]  # fmt: skip
    for command in commands:
        assert main(command) == 0, command
    return layout


@pytest.fixture(scope="module")
def filmed(skeletons, tmp_path_factory):
    """The scene, and its results at 1920x1080."""
    rig, keypoints = scene(skeletons("halpe26"))
    return rig, keypoints, reconstruct(tmp_path_factory.mktemp("hd"), rig, keypoints)


def report_of(layout: Layout, kind: str) -> dict[str, Any]:
    """A stage's report."""
    return dataclasses.asdict(read_report(Path(layout.path(kind, **NAMED))))


def assert_same(one: Any, other: Any, where: str) -> None:
    """All figures of a record are equal but for the rounding of image points in files of single precision."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key, value in one.items():
            assert_same(value, other[key], f"{where}: {key}")
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), where
        for index, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}: {index}")
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-3, nan_ok=True), where
    else:
        assert one == other, where


@pytest.mark.parametrize(
    "factors",
    [
        pytest.param((0.5, 0.5, 0.5, 0.5), id="half"),
        pytest.param((2, 2, 2, 2), id="double"),
        pytest.param((1, 2, 0.5, 4), id="mixed"),
    ],
)
def test_other_resolutions_change_nothing(filmed, tmp_path, factors):
    """Points within a micrometre, the same detections, cameras, swaps, verdicts and their words. The mixed rig knows no size."""
    rig, keypoints, expected = filmed
    resized = Rig(tuple(camera_at(camera, k) for camera, k in zip(rig.cameras, factors, strict=True)), rig.source)
    size_known = len(set(factors)) == 1
    seen = [keypoints_at(item, k, size_known=size_known) for item, k in zip(keypoints, factors, strict=True)]
    found = reconstruct(tmp_path, resized, seen)
    for kind in REPORTS:
        assert_same(report_of(expected, kind), report_of(found, kind), kind)
    tracks = [read_npz(Path(layout.path("tracks", **NAMED)), PersonTracks) for layout in (expected, found)]
    np.testing.assert_array_equal(tracks[0].detection, tracks[1].detection)
    points = [read_npz(Path(layout.path("points3d", **NAMED)), Points3D) for layout in (expected, found)]
    np.testing.assert_array_equal(points[0].origin, points[1].origin)
    np.testing.assert_array_equal(points[0].cameras_used, points[1].cameras_used)
    np.testing.assert_allclose(points[0].position_m, points[1].position_m, rtol=0, atol=1e-6)
    refined = [toml.read(Path(layout.path("refined_calibration", **NAMED))) for layout in (expected, found)]
    for before, after, k in zip(refined[0].cameras, refined[1].cameras, factors, strict=True):
        assert after.size_px == camera_at(before, k).size_px
        np.testing.assert_allclose(after.intrinsics, camera_at(before, k).intrinsics, rtol=1e-9)
        np.testing.assert_allclose(after.projection, camera_at(before, k).projection, rtol=0, atol=1e-2)


def test_the_scene_has_what_the_limits_are_for(filmed):
    """A camera that is blamed, in words that name pixels, so that the comparison above is not one of nothing."""
    reasons = [reason for kind in REPORTS for reason in report_of(filmed[2], kind)["reasons"]]
    assert {reason["verdict"] for reason in reasons} >= {"warn"}
    assert any("cam03" in reason["text"] and " px" in reason["text"] for reason in reasons)


def test_cameras_placed_by_people_stand_where_they_do_at_other_resolutions(tmp_path):
    """To the micrometre, with the same words and figures, and each with its own lens to the last bit."""
    seen = film(
        rig(), halpe26(), [person_walking_about()], seconds=3.0, fps_hz=WALK_FPS_HZ, faults=Faults(noise_px=0.7)
    )
    names = json.dumps(list(rig().names))
    trials = {"T": {"cameras": list(rig().names), "timing": {"method": "none"}, "heights_m": {"P1": 1.75}}}
    found = []
    for k in (1, 3):
        results, lenses = tmp_path / f"results{k}", tmp_path / f"calibration{k}" / "calibration.toml"
        nowhere = {"rotation": np.eye(3), "translation_m": np.zeros(3)}
        given = Rig(tuple(dataclasses.replace(camera_at(camera, k), **nowhere) for camera in rig().cameras))
        toml.write(lenses, given)
        for item in seen:
            file = Path(Layout(str(results)).path("keypoints", **NAMED, camera=item.camera))
            write_npz(file, keypoints_at(on_grid(item), k, size_known=True))
        settings = json.dumps({"intrinsics": "file", "trials": trials})
        out, report = tmp_path / f"{k}.toml", tmp_path / f"{k}.json"
        assert main([
            "calibrate-people", "--source", str(lenses.parent), "--cameras", names, "--results", str(results),
            "--session", "S", "--settings", settings, "--out", str(out), "--report", str(report),
        ]) == 0  # fmt: skip
        placed = toml.read(out)
        assert all(np.array_equal(placed[item.name].intrinsics, item.intrinsics) for item in given.cameras)
        found.append(([camera.position_m for camera in placed.cameras], dataclasses.asdict(read_report(report))))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=0, atol=1e-6)
    assert_same({**found[0][1], "made_with": {}}, {**found[1][1], "made_with": {}}, "calibration")
