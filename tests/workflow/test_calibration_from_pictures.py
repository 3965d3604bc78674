"""Calibrations from pictures as the workflow runs them: exact truth, reruns, and cameras whose pictures can't be used."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from itertools import islice

import cv2
import numpy as np
import pytest
import yaml

from kineograph.calibration_formats import toml
from kineograph.geometry import projection
from kineograph.model.board import BoardPattern
from synthetic.boards import BoardPhotographer, lens_views, rig_above, write_pictures
from synthetic.study import copy_project, write_study
from workflow.conftest import Project

CAMERAS = ("cam01", "cam02")
SQUARE_M = 0.12
BOARDS = {"corners": [4, 7], "square_m": SQUARE_M, "min_views": 6}
OBJECTS = {
    "a": (0, 0, 0), "b": (0.5, 0, 0), "c": (0.5, 0.7, 0), "d": (0, 0.7, 0), "e": (0.1, 0.2, 0.3),
    "f": (0.4, 0.5, 0.4), "g": (0.2, 0.6, 0.2),
}  # fmt: skip


def lens_jobs(camera):
    return [f"detect_board[{camera}/session]", f"calibrate_intrinsics[{camera}/session]"]


LATER = ["calibrate[session]", "inspect[T1]", *(f"draw_calibration[{camera}/session]" for camera in CAMERAS)]


@pytest.fixture(scope="module")
def photographers():
    pattern = BoardPattern("checkerboard", (4, 7))
    return {camera.name: BoardPhotographer(camera, pattern, SQUARE_M) for camera in rig_above(2).cameras}


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, photographers) -> Project:
    """A study of one trial whose cameras were calibrated by a board."""
    root = tmp_path_factory.mktemp("calibrated") / "project"
    copy_project(root)
    config = write_study(root, trials=("T1",), cameras=2)
    folder = root / "data" / "S1" / "calibration"
    (folder / "calibration.toml").unlink()
    for name, photographer in photographers.items():
        write_pictures(folder / "intrinsics" / name, islice(lens_views(photographer, 7), 6))
        write_pictures(folder / "extrinsics" / name, [photographer.picture()])
    rows = ["point\tx_m\ty_m\tz_m", *("\t".join(map(str, (name, *place))) for name, place in OBJECTS.items())]
    (folder / "extrinsics" / "object_points.tsv").write_text("\n".join(rows) + "\n")
    rows = ["camera\tpoint\tx_px\ty_px"]
    for camera in rig_above(2).cameras:
        seen = projection.project(camera, np.array(list(OBJECTS.values()), float))
        rows += [f"{camera.name}\t{name}\t{x:.3f}\t{y:.3f}" for name, (x, y) in zip(OBJECTS, seen, strict=True)]
    (folder / "extrinsics" / "image_points.tsv").write_text("\n".join(rows) + "\n")
    settings = yaml.safe_load(config.read_text()) | {"calibration": {"method": "board"}, "boards": BOARDS}
    config.write_text(yaml.safe_dump(settings))
    study = Project(root)
    outcome = study.snakemake("calibration")
    assert outcome.code == 0, outcome.text
    return study


@pytest.fixture
def project(calibrated, tmp_path) -> Project:
    return calibrated.copy(tmp_path / "project")


def edit_config(project, section, **values):
    path = project.root / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config.setdefault(section, {}).update(values)
    path.write_text(yaml.safe_dump(config))


def result(project, name):
    return project.root / "results" / "S1" / "calibration" / "session" / name


def assert_true(project, cameras, bound_m):
    found = toml.read(result(project, "calibration.toml"))
    for camera in (rig_above(2)[name] for name in cameras):
        assert np.linalg.norm(found[camera.name].position_m - camera.position_m) < bound_m
        turn = cv2.Rodrigues(found[camera.name].rotation @ camera.rotation.T)[0]
        assert np.degrees(np.linalg.norm(turn)) < 0.3


def test_the_board_gives_the_true_cameras(calibrated):
    """Measured: 2.1 mm and 2.7 mm at 2.9 m, from six pictures of 480x360 px for each lens."""
    assert_true(calibrated, CAMERAS, 0.010)
    report = json.loads(result(calibrated, "calibration.json").read_text())
    assert [reason["blame"] for reason in report["reasons"]] == ["cameras cam01, cam02"]  # that there are only two
    assert set(report["came_out"]["intrinsics"]) == set(CAMERAS)
    assert cv2.imread(str(result(calibrated, "pictures/cam01.jpg"))).shape == (900, 2400, 3)
    assert calibrated.plan(targets=("calibration",)) == Counter()


def another_lens_picture(project):
    shutil.copy(
        project.root / "data/S1/calibration/intrinsics/cam02/02.png",
        project.root / "data/S1/calibration/intrinsics/cam02/01.png",
    )


EDITS = {
    "the size of the squares": (lambda project: edit_config(project, "boards", square_m=0.1), LATER),
    "another picture for a lens": (another_lens_picture, [*lens_jobs("cam02"), *LATER]),
    "scene points, which a board does not need": (
        lambda project: (project.root / "data/S1/calibration/extrinsics/image_points.tsv").write_text("other"),
        [],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_what_it_makes_stale_and_nothing_else(edit, project):
    change, expected = EDITS[edit]
    change(project)
    assert project.plan(targets=("calibration",)) == Counter(expected)


def test_scene_points_and_a_camera_without_pictures(project):
    """The lens of cam02 can't be computed: the calibration goes on with cam01 and says why. Measured for cam01: 0.5 mm."""
    edit_config(project, "calibration", method="scene_points")
    shutil.rmtree(project.root / "data/S1/calibration/intrinsics/cam02")
    outcome = project.snakemake("calibration")
    assert outcome.code == 0, outcome.text
    assert_true(project, ("cam01",), 0.015)
    report = json.loads(result(project, "calibration.json").read_text())
    assert report["verdict"] == "fail"
    why = {reason["blame"]: reason["text"] for reason in report["reasons"]}
    assert "no intrinsics pictures of camera 'cam02'" in why["camera cam02"]
    assert toml.read(result(project, "calibration.toml")).names == ("cam01",)
