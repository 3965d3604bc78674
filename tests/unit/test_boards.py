"""Calibrations from pictures: boards found, lenses and poses against exact truth, and what is said where they can't be right."""

from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest

from kineograph.boards.detect import find_board, looks_mirrored, sizes_that_fit
from kineograph.boards.pictures import pictures
from kineograph.calibration_formats import qualisys, toml
from kineograph.cli.__main__ import main
from kineograph.dataset.pictures import find_pictures, find_point_files
from kineograph.errors import InputError
from kineograph.geometry.board import corner_places, coverage
from kineograph.geometry.projection import project, undistort_pixels
from kineograph.geometry.rotation import vector_from_matrix
from kineograph.geometry.triangulation import reproject, triangulate_dlt
from kineograph.io.npz import read_npz, write_npz
from kineograph.io.scene_points import read_scene_points
from kineograph.keypoint_formats import openpose
from kineograph.model.board import BoardPattern, BoardViews
from kineograph.model.camera import Rig
from kineograph.model.scene import ScenePoints
from kineograph.stages.extrinsics import (
    ExtrinsicsSettings,
    board_points,
    boards_elsewhere,
    check_placements,
    place_camera,
)
from kineograph.stages.import_keypoints import on_skeleton
from kineograph.stages.intrinsics import BoardSettings, calibrate_lens
from synthetic.boards import BoardPhotographer, lens_views, rig_above, write_pictures
from synthetic.scene import ring

CHECKERBOARD = BoardPattern("checkerboard", (4, 7))
CHARUCO = BoardPattern("charuco", (5, 7))
SQUARE_M = 0.12
EXTRINSICS = ExtrinsicsSettings(corners=(4, 7), square_m=SQUARE_M)
HALF_TURN = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def photographer():
    return BoardPhotographer(rig_above(1).cameras[0], CHECKERBOARD, SQUARE_M)


@pytest.fixture(scope="module")
def charuco_photographer():
    return BoardPhotographer(rig_above(1, distance_m=1.6, height_m=1.3).cameras[0], CHARUCO, SQUARE_M)


@pytest.fixture(scope="module")
def views(photographer):
    """What is found in twelve pictures of a board held before the camera."""
    found = np.stack([find_board(image, CHECKERBOARD) for image in lens_views(photographer, 12)])
    return BoardViews("cam01", photographer.camera.size_px, (4, 7), tuple(f"{n}.png" for n in range(12)), found)


class TestDetection:
    @pytest.mark.parametrize(("kind", "bound_px"), [("photographer", 0.15), ("charuco_photographer", 0.5)])
    def test_corners_are_where_they_are(self, kind, bound_px, request):
        """Measured: 0.11 px at worst for the checkerboard, 0.38 px for ChArUco."""
        camera = request.getfixturevalue(kind)
        found = find_board(camera.picture(), camera.pattern)
        truth = project(camera.camera, corner_places(camera.pattern.corners) * SQUARE_M)
        assert np.linalg.norm(found - truth, axis=-1).max() < bound_px

    def test_the_first_corner_is_the_same_after_half_a_turn(self, photographer):
        extent = np.array([3, 6, 0]) * SQUARE_M
        turned = find_board(photographer.picture(HALF_TURN, extent), CHECKERBOARD)
        truth = project(photographer.camera, corner_places((4, 7)) * SQUARE_M @ HALF_TURN.T + extent)
        assert np.linalg.norm(turned - truth, axis=-1).max() < 0.5

    def test_a_picture_without_a_board_shows_none(self):
        assert np.isnan(find_board(np.full((200, 300, 3), 90, np.uint8), CHECKERBOARD)).all()

    def test_a_mirrored_charuco_board_is_noticed(self, charuco_photographer):
        mirrored = np.ascontiguousarray(charuco_photographer.picture()[:, ::-1])
        assert np.isnan(find_board(mirrored, CHARUCO)).all()
        assert looks_mirrored(mirrored, CHARUCO)
        assert not looks_mirrored(charuco_photographer.picture(), CHARUCO)

    def test_sizes_that_fit_are_named(self, photographer):
        assert sizes_that_fit([photographer.picture()]) == {(4, 7): 1}

    def test_views_survive_their_file(self, views, tmp_path):
        write_npz(tmp_path / "views.npz", views)
        back = read_npz(tmp_path / "views.npz", BoardViews)
        assert back.pictures == views.pictures
        assert np.array_equal(back.corner_px, views.corner_px)


class TestLens:
    def test_against_the_truth(self, views, photographer):
        """Measured with twelve pictures of 480x360 px: focal length 0.07 %, principal point 0.5 px, 0.05 px rms."""
        lens, report = calibrate_lens(views, BoardSettings())
        truth = photographer.camera
        assert report.verdict == "pass", report.reasons
        assert report.came_out["rms_px"] < 0.1
        assert np.abs(np.diag(lens.intrinsics) / np.diag(truth.intrinsics) - 1).max() < 0.002
        assert np.abs(lens.intrinsics[:2, 2] - truth.intrinsics[:2, 2]).max() < 1.5
        assert report.came_out["focal_sd"] < 0.003

    def test_a_view_that_does_not_fit_is_left_out_and_named(self, views):
        bent = views.corner_px.copy()
        bent[3] += np.random.default_rng(1).normal(0, 3.0, bent[3].shape)
        lens, report = calibrate_lens(dataclasses.replace(views, corner_px=bent), BoardSettings())
        assert list(report.came_out["left_out_px"]) == ["3.png"]
        assert any("3.png" in reason.text and reason.blame == "camera cam01" for reason in report.reasons)
        without = np.delete(np.arange(12), 3).tolist()
        expected, _ = calibrate_lens(
            dataclasses.replace(
                views, corner_px=views.corner_px[without], pictures=tuple(views.pictures[n] for n in without)
            ),
            BoardSettings(),
        )
        assert np.allclose(lens.intrinsics, expected.intrinsics)

    def test_views_that_all_disagree_fail(self, views):
        noise = np.random.default_rng(2).normal(0, 6.0, views.corner_px.shape)
        _, report = calibrate_lens(dataclasses.replace(views, corner_px=views.corner_px + noise), BoardSettings())
        assert report.verdict == "fail"
        assert any("no lens explains" in reason.text for reason in report.reasons)
        assert report.came_out["views"] >= 6, "half of the views stay"

    def test_larger_pictures_of_the_same_are_judged_alike(self, views):
        """Noise of 0.3 px in pictures of 1920 px and of 0.6 px in those of 3840, and a view that is bent in both."""
        random = np.random.default_rng(4)
        noise = random.normal(0, 0.3, views.corner_px.shape)
        noise[3] *= 10
        found = []
        for k in (1, 2):
            corners = k * (4 * (views.corner_px + 0.5) + noise) - 0.5
            large = dataclasses.replace(views, corner_px=corners, size_px=(1920 * k, 1440 * k))
            lens, report = calibrate_lens(large, BoardSettings())
            assert list(report.came_out["left_out_px"]) == ["3.png"]
            found.append((lens.intrinsics[0, 0] / k, report.came_out["rms_px"], report.reasons))
        assert found[0][:2] == pytest.approx(found[1][:2], rel=1e-3)
        assert found[0][2] == found[1][2]

    def test_few_views_get_a_warning(self, views):
        few = dataclasses.replace(views, corner_px=views.corner_px[:5], pictures=views.pictures[:5])
        _, report = calibrate_lens(few, BoardSettings())
        assert any("5 views" in reason.text for reason in report.reasons)

    def test_a_board_in_one_corner_only_gets_a_warning(self, views):
        small = views.corner_px * 0.25  # the same lens, seen in a quarter of the image
        _, report = calibrate_lens(dataclasses.replace(views, corner_px=small), BoardSettings())
        assert any("of the image" in reason.text for reason in report.reasons)

    def test_two_views_are_an_error(self, views):
        two = views.corner_px.copy()
        two[2:] = np.nan
        with pytest.raises(InputError, match=r"2 of 12"):
            calibrate_lens(dataclasses.replace(views, corner_px=two), BoardSettings())

    def test_coverage_counts_cells(self):
        assert coverage(np.array([[0.0, 0.0], [799, 799], [5, 5], [np.nan, 3]]), (800, 800)) == 2 / 64


def scene_points(camera, *, names=None):
    """Ten exact points of a room, in space, as a camera sees them."""
    places = np.array(
        [[x, y, 0.0] for x in (-0.5, 0.9) for y in (-0.5, 0.2, 0.9)]
        + [[-0.4, 0.1, 0.6], [0.7, 0.1, 0.5], [0.2, 0.8, 0.4], [0.1, -0.4, 0.3]]
    )
    names = names or tuple(f"p{n}" for n in range(len(places)))
    return ScenePoints(camera.name, names, places, project(camera, places), camera.size_px)


def some(points, chosen):
    """A part of the points."""
    return ScenePoints(
        points.camera,
        tuple(points.names[n] for n in chosen),
        points.position_m[chosen],
        points.image_px[chosen],
        points.size_px,
    )


class TestPoses:
    @pytest.mark.parametrize("chosen", [list(range(10)), list(range(6)), [0, 2, 3, 5]])
    def test_exact_points_give_the_exact_pose(self, chosen):
        for camera in rig_above(3).cameras:
            placed = place_camera(camera, some(scene_points(camera), chosen), 5.0)
            assert np.abs(placed.camera.position_m - camera.position_m).max() < 1e-4
            assert placed.rms_px < 1e-3
            assert not placed.left_out

    def test_points_that_do_not_fit_are_named(self):
        camera = rig_above(1).cameras[0]
        points = scene_points(camera)
        points.image_px[4] += [25, -10]
        points.image_px[7] += [-40, 0]
        placed = place_camera(camera, points, 5.0)
        assert placed.left_out == ("p4", "p7")
        assert np.abs(placed.camera.position_m - camera.position_m).max() < 1e-4
        assert "p4 (27 px)" in placed.reasons[0].text
        assert placed.reasons[0].blame == "camera cam01"

    @pytest.mark.parametrize(("k", "off_px"), [(1, 10.0), (2, 20.0), (0.25, 10.0)])
    def test_distances_are_of_pictures_of_1920_px_and_of_small_ones_their_own(self, k, off_px):
        """10 px in pictures of 1920 px are 20 px in those of 3840, but people click no better in those of 480."""
        camera = ring(1, size_px=(round(1920 * k), round(1080 * k)), focal_px=1100 * k).cameras[0]
        points = scene_points(camera)
        points.image_px[4, 0] += off_px
        placed = place_camera(camera, points, 5.0)
        assert placed.left_out == ("p4",)
        assert placed.error_px["p4"] == pytest.approx(10.0, rel=1e-3)
        points.image_px[4, 0] -= 0.6 * off_px
        assert not place_camera(camera, points, 5.0).left_out

    def test_swapped_names_are_named(self):
        camera = rig_above(1).cameras[0]
        points = scene_points(camera)
        points.image_px[[1, 6]] = points.image_px[[6, 1]]
        assert place_camera(camera, points, 5.0).left_out == ("p1", "p6")

    def test_mirrored_points_fail(self):
        """A mirrored plane looks right from below the floor; mirrored points in space fit no pose."""
        camera = rig_above(1).cameras[0]
        mirror = np.array([-1.0, 1.0, 1.0])
        for chosen, text in ((list(range(6)), "below the points"), (list(range(10)), "no pose of cam01")):
            points = some(scene_points(camera), chosen)
            mirrored = dataclasses.replace(points, position_m=points.position_m * mirror)
            reasons = place_camera(camera, mirrored, 5.0).reasons
            assert any(reason.verdict == "fail" and text in reason.text for reason in reasons), (text, reasons)

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [([0, 1, 2], "found 3"), ([0, 2, 3, 6], "found 4"), ([0, 2, 3, 6, 7], "found 5"), ([], "found 0")],
    )
    def test_too_few_points(self, chosen, expected):
        camera = rig_above(1).cameras[0]
        with pytest.raises(InputError) as caught:
            place_camera(camera, some(scene_points(camera), chosen), 5.0)
        assert expected in str(caught.value)
        assert "'cam01'" in str(caught.value)

    def test_points_on_a_line(self):
        camera = rig_above(1).cameras[0]
        places = np.linspace([0, 0, 0], [0.4, 0.4, 0], 7)
        points = ScenePoints("cam01", tuple("abcdefg"), places, project(camera, places))
        with pytest.raises(InputError, match="line"):
            place_camera(camera, points, 5.0)

    def test_a_picture_of_another_size(self):
        camera = rig_above(1).cameras[0]
        with pytest.raises(InputError, match="different sizes"):
            place_camera(camera, dataclasses.replace(scene_points(camera), size_px=(360, 480)), 5.0)

    def test_a_board_that_looks_the_same_turned_or_has_no_size(self, views):
        with pytest.raises(InputError, match="first corner"):
            board_points(views, dataclasses.replace(EXTRINSICS, corners=(5, 7)))
        with pytest.raises(InputError, match="size of the board"):
            board_points(views, dataclasses.replace(EXTRINSICS, square_m=None))

    def test_a_board_on_a_wall_has_z_up(self):
        places = corner_places((4, 7), "wall")
        assert places[0].tolist() == [0, 0, 6]
        assert places[-1].tolist() == [3, 0, 0]


class TestFurtherBoards:
    """Boards in the second and further pictures lie where all cameras agree."""

    def seen(self, camera, *, mirrored=False):
        board = corner_places((4, 7)) * SQUARE_M
        turn, shift = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1.0]]), np.array([0.3, -0.2, 0])
        pictures = [project(camera, board), project(camera, board @ turn.T + shift)]
        if mirrored:  # as in a picture that the camera has mirrored, in the order that detection gives
            flipped = np.array([camera.size_px[0] - 1, 0]) + np.array([-1, 1]) * np.array(pictures)
            pictures = [corners.reshape(7, 4, 2)[:, ::-1].reshape(-1, 2) for corners in flipped]
        return BoardViews(camera.name, camera.size_px, (4, 7), ("1", "2"), np.stack(pictures))

    def placements(self, mirrored=()):
        rig, places = rig_above(3), {}
        placed = []
        for camera in rig.cameras:
            points = board_points(self.seen(camera, mirrored=camera.name in mirrored), EXTRINSICS)
            placed.append(place_camera(camera, points[0], 5.0).camera)
            places[camera.name] = boards_elsewhere(placed[-1], points, EXTRINSICS)
        return Rig(tuple(placed)), places

    def test_cameras_that_agree(self):
        assert check_placements(*self.placements()) == []

    def test_a_mirrored_picture_is_named(self):
        reasons = check_placements(*self.placements(mirrored=("cam02",)))
        assert [reason.blame for reason in reasons] == ["camera cam02"]
        assert reasons[0].verdict == "fail"


class TestFiles:
    def test_pictures_are_found_by_the_cameras_name(self, tmp_path):
        for name in ("int_cam01_img", "Cam_2", "cam10"):
            (tmp_path / "intrinsics" / name).mkdir(parents=True)
        (tmp_path / "extrinsics").mkdir()
        (tmp_path / "extrinsics" / "cam01_ext.png").touch()
        assert find_pictures(tmp_path, "intrinsics", "cam01").name == "int_cam01_img"
        assert find_pictures(tmp_path, "intrinsics", "cam02").name == "Cam_2"
        assert find_pictures(tmp_path / "calibration.toml", "extrinsics", "cam01").name == "cam01_ext.png"
        with pytest.raises(InputError, match=r"no extrinsics pictures of camera 'cam02'"):
            find_pictures(tmp_path, "extrinsics", "cam02")
        (tmp_path / "intrinsics" / "cam1").mkdir()
        with pytest.raises(InputError, match="two places"):
            find_pictures(tmp_path, "intrinsics", "cam01")

    def test_pictures_of_different_sizes_are_named(self, tmp_path):
        write_pictures(tmp_path, [np.zeros((30, 40, 3), np.uint8), np.zeros((40, 30, 3), np.uint8)])
        with pytest.raises(InputError) as caught:
            list(pictures(tmp_path, 1.0))
        assert "40x30 px as in 01.png; found 30x40 px in 02.png" in str(caught.value)

    def test_a_frame_now_and_then_is_taken_from_a_video(self, tmp_path):
        writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (64, 48))
        for _ in range(25):
            writer.write(np.zeros((48, 64, 3), np.uint8))
        writer.release()
        assert [name for name, _ in pictures(tmp_path, 1.0)] == ["a.mp4#0", "a.mp4#10", "a.mp4#20"]

    def tables(self, folder, objects="p\t0\t0\t0\nq\t1\t0\t0\n", images="cam_1\tp\t10\t20.5\ncam9\tq\t1\t1\n"):
        (folder / "extrinsics").mkdir(exist_ok=True)
        (folder / "extrinsics" / "object_points.tsv").write_text("# m\npoint\tx_m\ty_m\tz_m\n" + objects)
        (folder / "extrinsics" / "image_points.tsv").write_text("camera\tpoint\tx_px\ty_px\n" + images)
        return find_point_files(folder)

    def test_scene_points(self, tmp_path):
        points = read_scene_points(*self.tables(tmp_path), ("cam01", "cam02"))
        assert points["cam01"].names == ("p",)
        assert points["cam01"].image_px.tolist() == [[10, 20.5]]
        assert points["cam02"].names == ()

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"images": "cam01\tr\t1\t2\n"}, "'r'"),
            ({"images": "cam01\tp\t1\t2\ncam_1\tp\t1\t2\n"}, "line 3"),
            ({"images": "cam01\tp\t1,5\t2\n"}, "decimal point"),
            ({"images": "cam01\tp\t1\n"}, "4 columns"),
            ({"objects": "p\t0\t0\t0\np\t1\t0\t0\n"}, "line 4"),
        ],
    )
    def test_mistakes_in_scene_points_name_the_line(self, change, expected, tmp_path):
        with pytest.raises(InputError) as caught:
            read_scene_points(*self.tables(tmp_path, **change), ("cam01",))
        assert expected in str(caught.value)

    def test_missing_scene_points_say_where_they_go(self, tmp_path):
        with pytest.raises(InputError, match="object points"):
            find_point_files(tmp_path)


class TestCommands:
    def detect(self, folder, capsys, **settings):
        code = main(
            ["detect-board", "--source", str(folder), "--purpose", "intrinsics", "--camera", "cam01",
             "--settings", json.dumps(settings),
             "--out", str(folder / "v.npz"), "--report", str(folder / "v.json")]
        )  # fmt: skip
        return code, capsys.readouterr().err

    def test_a_board_of_another_size_is_named(self, tmp_path, photographer, capsys):
        write_pictures(tmp_path / "intrinsics" / "cam01", [photographer.picture()])
        assert self.detect(tmp_path, capsys, corners=[4, 7])[0] == 0
        code, text = self.detect(tmp_path, capsys, corners=[5, 8])
        assert code == 2
        assert "4x7 in 1" in text
        assert "boards.corners" in text
        assert len(text.strip().splitlines()) == 3

    def test_a_mirrored_charuco_picture(self, tmp_path, charuco_photographer, capsys):
        write_pictures(tmp_path / "intrinsics" / "cam01", [charuco_photographer.picture()[:, ::-1]])
        code, text = self.detect(tmp_path, capsys, corners=[5, 7], pattern="charuco")
        assert code == 2
        assert "mirror image" in text

    def test_lenses_from_a_file_and_points_of_the_scene(self, tmp_path, capsys):
        """One camera has lost a point and another all but three: the first is named, the second left out."""
        rig = rig_above(3)
        toml.write(
            tmp_path / "calibration.toml", Rig(tuple(dataclasses.replace(c, rotation=np.eye(3)) for c in rig.cameras))
        )
        (tmp_path / "extrinsics").mkdir()
        objects, images = ["point,x_m,y_m,z_m"], ["camera,point,x_px,y_px"]
        for camera in rig.cameras:
            points = scene_points(camera)
            count = 3 if camera.name == "cam03" else 10
            points.image_px[8] += 60 if camera.name == "cam02" else 0
            rows = list(zip(points.names, points.position_m.tolist(), points.image_px.tolist(), strict=True))
            objects = objects[:1] + [",".join(map(str, [name, *place])) for name, place, _ in rows]
            images += [",".join(map(str, [camera.name, name, *seen])) for name, _, seen in rows[:count]]
        (tmp_path / "extrinsics" / "object_points.csv").write_text("\n".join(objects))
        (tmp_path / "extrinsics" / "image_points.csv").write_text("\n".join(images))
        code = main(
            ["calibrate-extrinsics", "--source", str(tmp_path), "--cameras", '["cam01", "Cam_02", "cam03"]',
             "--settings", '{"method": "scene_points", "intrinsics": "file"}',
             "--out", str(tmp_path / "c.toml"), "--report", str(tmp_path / "c.json")]
        )  # fmt: skip
        assert code == 0
        found = toml.read(tmp_path / "c.toml")
        assert found.names == ("cam01", "Cam_02")
        assert np.abs(found["Cam_02"].position_m - rig["cam02"].position_m).max() < 1e-4
        report = json.loads((tmp_path / "c.json").read_text())
        assert report["came_out"]["points_left_out"] == {"Cam_02": ["p8"]}
        blamed = [reason["blame"] for reason in report["reasons"]]
        assert blamed == ["camera cam03", "cameras cam01, Cam_02", "camera Cam_02"]  # the second: only two are left
        assert [reason["verdict"] for reason in report["reasons"]] == ["fail", "warn", "warn"]

    def test_no_pictures(self, tmp_path, capsys):
        code, text = self.detect(tmp_path, capsys)
        assert code == 2
        assert "no intrinsics pictures of camera 'cam01'" in text


@pytest.fixture(scope="module")
def demo_rigs(fetched, resources):
    """The demo's given calibration, and the same lenses placed by the scene's known points."""
    given = qualisys.read(fetched("demo_single") / "calibration" / "Calib.qca.txt")
    tables = resources / "demo_calibration"
    points = read_scene_points(tables / "object_points.tsv", tables / "image_points.tsv", given.names)
    placed = [place_camera(camera, points[camera.name], 5.0) for camera in given.cameras]
    return given, placed


def test_a_lens_of_the_demo(fetched, demo_rigs):
    """Measured for cam03: 7 views, 0.20 px rms, focal length 0.4 % from the given one."""
    folder = find_pictures(fetched("demo_calibration_pictures") / "calibration", "intrinsics", "cam03")
    found = [(name, find_board(image, CHECKERBOARD)) for name, image in pictures(folder, 1.0)]
    corners = np.stack([corners for _, corners in found])
    lens, report = calibrate_lens(
        BoardViews("cam03", (1088, 1920), (4, 7), tuple(name for name, _ in found), corners), BoardSettings()
    )
    assert report.came_out["views"] == 7
    assert report.came_out["rms_px"] < 0.3
    assert abs(lens.intrinsics[0, 0] / demo_rigs[0]["cam03"].intrinsics[0, 0] - 1) < 0.01


def test_poses_of_the_demo(demo_rigs):
    """Measured: points to 1.6-2.6 px rms; 53-105 mm and 0.7-1.1 degrees from the given calibration."""
    given, placed = demo_rigs
    for item, camera in zip(placed, given.cameras, strict=True):
        assert item.rms_px < 3.5
        assert not item.left_out
        assert np.linalg.norm(item.camera.position_m - camera.position_m) < 0.15
        assert np.degrees(np.linalg.norm(vector_from_matrix(item.camera.rotation @ camera.rotation.T))) < 1.5


def test_real_keypoints_agree_better_with_the_computed_poses(demo_rigs, reference, skeletons):
    """Measured: median reprojection error of real keypoints seen by all four cameras, 14.0 px given, 8.1 px computed."""
    given, placed = demo_rigs
    folders = sorted((reference / "balancing_single" / "pose").iterdir())
    seen = [
        on_skeleton(openpose.read(folder), skeletons("body25b"), camera.name, 60.0)[0]
        for folder, camera in zip(folders, given.cameras, strict=True)
    ]
    tallest = [np.nanargmax(item.bbox_px[..., 3] - item.bbox_px[..., 1], axis=1) for item in seen]
    rows = np.arange(seen[0].n_frames)
    image_px = np.stack([item.position_px[rows, who] for item, who in zip(seen, tallest, strict=True)], axis=2)
    confidence = np.stack([item.confidence[rows, who] for item, who in zip(seen, tallest, strict=True)], axis=2)
    known = (confidence > 0.4).all(axis=-1)
    error = {}
    for name, rig in (("given", given), ("computed", Rig(tuple(item.camera for item in placed)))):
        pixels = np.stack([undistort_pixels(c, image_px[known][:, n]) for n, c in enumerate(rig.cameras)], axis=1)
        matrices = np.stack([camera.projection for camera in rig.cameras])
        points = triangulate_dlt(pixels, confidence[known], matrices)
        error[name] = np.median(np.linalg.norm(reproject(matrices, points) - pixels, axis=-1))
    assert known.sum() > 1000
    assert error["computed"] < 10
    assert error["computed"] < 0.75 * error["given"]
