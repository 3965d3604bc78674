"""Every calibration format against one small room: two cameras whose picture of one point is known by hand."""

from __future__ import annotations

import os
import pickle
import tomllib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from kineograph.calibration_formats import easymocap, opencap, opencv, toml, vicon
from kineograph.cli.__main__ import main
from kineograph.cli._any_calibration import format_module, read_calibration, writable_formats
from kineograph.dataset.calibration_files import FOLDER, calibration_files, find_calibration_file
from kineograph.errors import InputError
from kineograph.geometry.projection import project
from kineograph.model.camera import Rig
from kineograph.planning.calibration_file import CalibrationFilePlan
from kineograph.planning.plan import Plan
from kineograph.settings.plugins import plugin_names
from synthetic.calibration_files import (
    POINT_M,
    POSITION_M,
    RODRIGUES,
    ROOMS,
    ROTATION,
    SEEN_PX,
    easymocap_room,
    opencap_values,
    opencv_room,
    toml_camera,
    toml_room,
    vicon_camera,
    vicon_file,
    words,
)
from synthetic.scene import ring


def assert_is_the_room(rig: Rig) -> None:
    assert rig.names == ("a", "b")
    for camera in rig.cameras:
        assert camera.size_px == (1920, 1080)
        assert np.allclose(camera.position_m, POSITION_M[camera.name], atol=1e-9)
        assert np.allclose(project(camera, POINT_M), SEEN_PX[camera.name], atol=1e-9)


def assert_three_parts(error: InputError, name: str) -> None:
    assert name in error.what
    assert error.expected
    assert error.found
    assert error.hint
    assert len(error.lines()) == 3


def test_every_format_has_an_example():
    assert set(ROOMS) == set(plugin_names(FOLDER))


@pytest.mark.parametrize("name", ROOMS)
class TestEveryFormat:
    def test_it_is_recognised_and_shows_the_point_where_it_is(self, name, tmp_path):
        path = ROOMS[name](tmp_path)
        for place in {tmp_path, path}:
            rig, used = read_calibration(place, "auto", {})
            assert used == name
            assert_is_the_room(rig)

    def test_a_file_that_breaks_off_is_an_error_in_three_parts(self, name, tmp_path):
        path = ROOMS[name](tmp_path)
        for file in calibration_files(path, name):
            whole = file.read_bytes()
            for part in (0.0, 0.3, 0.6, 0.8):  # within the values; a TOML file has no sign of its end
                file.write_bytes(whole[: int(part * len(whole))])
                with pytest.raises(InputError) as caught:
                    format_module(name).read(file)
                assert_three_parts(caught.value, str(tmp_path))
            file.write_bytes(whole)

    def test_files_of_all_other_formats_are_errors_in_three_parts(self, name, tmp_path):
        for other in set(ROOMS) - {name}:
            folder = tmp_path / other
            folder.mkdir()
            for file in calibration_files(ROOMS[other](folder), other):
                with pytest.raises(InputError) as caught:
                    format_module(name).read(file)
                assert_three_parts(caught.value, str(folder))

    def test_numbers_that_are_none_are_errors(self, name, tmp_path):
        path = ROOMS[name](tmp_path)
        if name == "opencap":
            for wrong in (np.nan, np.inf):
                values = {**opencap_values("a"), "translation": np.full((3, 1), wrong)}
                (tmp_path / "c.pickle").write_bytes(pickle.dumps(values))
                with pytest.raises(InputError, match="translation"):
                    opencap.read(tmp_path / "c.pickle")
            return
        for file in calibration_files(path, name):
            whole = file.read_text()
            number = next(text for text in ("1000.0", "1000", "5.0", "64000") if text in whole)
            for wrong in ("nan", "1e999", "wide"):
                file.write_text(whole.replace(number, wrong))
                with pytest.raises(InputError) as caught:
                    format_module(name).read(path)
                assert_three_parts(caught.value, str(tmp_path))
            file.write_text(whole)


class TestToml:
    def test_aniposelib(self, tmp_path):
        """`CameraGroup.dump`: cam_0, cam_1, and an empty table of metadata; here in mm, as its board was measured."""
        cameras = [toml_camera(f"cam_{i}", name, 0.001, f'name = "{name}"') for i, name in enumerate("ab")]
        (tmp_path / "calibration.toml").write_text("".join(cameras) + "[metadata]\n")
        assert_is_the_room(toml.read(tmp_path / "calibration.toml", unit="mm"))
        assert np.allclose(toml.read(tmp_path / "calibration.toml").cameras[0].position_m, (0, -5000, 1000))

    def test_freemocap_is_in_millimetres(self, tmp_path):
        """anipose_camera_calibrator.py adds charuco_square_size (mm) and other keys to the metadata."""
        cameras = [toml_camera(f"cam_{i}", name, 0.001, f'name = "{name}"') for i, name in enumerate("ab")]
        metadata = '[metadata]\ncharuco_square_size = 39\ndate_time_calibrated = "2024-01-01T00:00:00"\n'
        (tmp_path / "recording_camera_calibration.toml").write_text("".join(cameras) + metadata)
        assert_is_the_room(read_calibration(tmp_path, "auto", {})[0])

    def test_caliscope(self, tmp_path):
        """`CameraArray.to_toml`: nested tables without names, other keys, a camera that was not placed; boards beside them."""
        more = "cam_id = 0\nrotation_count = 0\nerror = 0.4\ngrid_count = 20\n"
        (tmp_path / "camera_array.toml").write_text(
            toml_camera("cameras.0", "a", more=more)
            + toml_camera("cameras.1", "b", more=more)
            + "[cameras.2]\ncam_id = 2\nsize = [1920, 1080]\nmatrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]\n"
            + toml_camera("cameras.3", "b", more="ignore = true")
            + "[charuco]\ncolumns = 4\nrows = 5\nboard_height = 11\nsquare_size_overide_cm = 5.4\n[capture_volume]\nstage = 1\n"
        )
        rig, _ = read_calibration(tmp_path, "auto", {})
        assert rig.names == ("cam_0", "cam_1")
        assert_is_the_room(
            Rig(tuple(replace(camera, name=name) for camera, name in zip(rig.cameras, "ab", strict=True)))
        )

    def test_rotation_as_a_matrix(self, tmp_path):
        text = (
            toml_room(tmp_path).read_text().replace(str([float(value) for value in RODRIGUES["a"]]), str(ROTATION["a"]))
        )
        (tmp_path / "Calib.toml").write_text(text)
        assert_is_the_room(toml.read(tmp_path / "Calib.toml"))

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (("size = [ 1920, 1080,]\n", ""), "without 'size'"),
            (("1920", "0"), "0x1080"),
            (("0.0, 0.0, 0.0, 0.0, 0.0,", "0.0, 0.0, 0.0, 0.0, 0.0, 1.0"), "6 distortion coefficients"),
            (("fisheye = false", "fisheye = true"), "5 distortion coefficients"),
            (('name = "b"', 'name = "a"'), "two cameras of one name"),
            (("translation", "place"), "without 'translation'"),
        ],
    )
    def test_what_is_wrong_is_named(self, change, found, tmp_path):
        path = toml_room(tmp_path)
        path.write_text(path.read_text().replace(*change))
        with pytest.raises(InputError) as caught:
            toml.read(path)
        assert found in caught.value.found

    def test_other_tools_can_read_it(self, tmp_path):
        """What aniposelib (its version on PyTorch unpacks five coefficients) and Pose2Sim 0.10 ask for."""
        toml.write(tmp_path / "c.toml", ring(3))
        tables = tomllib.loads((tmp_path / "c.toml").read_text())
        assert tables.pop("metadata")["adjusted"] is False
        for name, table in tables.items():
            assert table["name"] == name
            assert all(isinstance(value, int) for value in table["size"])
            assert np.shape(table["matrix"]) == (3, 3)
            assert [len(table[key]) for key in ("distortions", "rotation", "translation")] == [5, 3, 3]


class TestVicon:
    @pytest.mark.parametrize(
        ("k", "moved_px"),
        [
            ((2.75e-07, 7.6e-14, 7.8e-20), 500),  # as large as those of the video cameras in opencap-core's file
            ((2e-07, 0.0, 0.0), 200),
            ((-1e-07, 1e-14, 0.0), 80),
            ((6.6e-08, -3.8e-14, 2.7e-20), 50),
        ],
    )
    def test_the_radial_correction_is_undone(self, k, moved_px, tmp_path):
        """Vicon: ideal = distorted * (1 + k1 r^2 + k2 r^4 + k3 r^6), r in px. Measured: 0.027 px of the 561 px of the first."""
        camera = vicon.read(vicon_file(tmp_path / "x.xcp", vicon_camera("a", radial=words(k)))).cameras[0]
        x, y = np.meshgrid(np.linspace(0, 1919, 25), np.linspace(0, 1079, 15))
        distorted_px = np.stack([x, y], axis=-1)
        from_centre = distorted_px - [960, 540]
        r2 = (from_centre**2).sum(axis=-1, keepdims=True)
        ideal = from_centre * (1 + r2 * (k[0] + r2 * (k[1] + r2 * k[2]))) / 1000
        in_camera = 4 * np.concatenate([ideal, np.ones((*ideal.shape[:2], 1))], axis=-1)
        world_m = (in_camera - camera.translation_m) @ camera.rotation
        assert np.abs(ideal * 1000 - from_centre).max() > moved_px  # what there is to undo
        assert np.abs(project(camera, world_m) - distorted_px).max() < 0.05

    def test_the_older_attribute(self, tmp_path):
        newer = vicon_camera("a", radial="1e-8 -1e-15 0")
        older = newer.replace('VICON_RADIAL2="Vicon3Parameter 960 540 1e-8 -1e-15 0"', 'VICON_RADIAL="1e-8 -1e-15"')
        older = older.replace("VICON_RADIAL2", "X") if "VICON_RADIAL2" in older else older
        values = [vicon.read(vicon_file(tmp_path / "x.xcp", text)).cameras[0].distortion for text in (newer, older)]
        assert values[0].any()
        assert np.array_equal(*values)

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (('FOCAL_LENGTH="1000"', 'FOCAL_LENGTH="0"'), "zero"),
            (('FOCAL_LENGTH="1000"', ""), "FOCAL_LENGTH"),
            (("Vicon3Parameter 960 540 0 0 0", ""), "VICON_RADIAL"),
            (("Vicon3Parameter 960 540 0 0 0", "Vicon3Parameter 960 540 a b c"), "radial distortion"),
            (('TYPE="Vue_VIDEO" DISPLAY_TYPE="Vue"', 'TYPE="Vantage5V"'), "no camera"),
        ],
    )
    def test_what_is_wrong_is_named(self, change, found, tmp_path):
        with pytest.raises(InputError) as caught:
            vicon.read(vicon_file(tmp_path / "x.xcp", vicon_camera("a").replace(*change)))
        assert found in caught.value.found


class Harm:
    """A pickle of this would make a folder on being opened."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


class TestPickles:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_all_protocols_and_orders_of_arrays(self, protocol, tmp_path):
        values = opencap_values("a")
        values["intrinsicMat"] = np.asfortranarray(values["intrinsicMat"])
        values["rotation"] = values["rotation"].astype(">f8")
        values["imageSize"] = np.array([1080, 1920], dtype="i4")
        values["translation"] = values["translation"].astype(np.float32)
        values["error"] = np.float64(0.3)
        (tmp_path / "a.pickle").write_bytes(pickle.dumps(values, protocol))
        camera = opencap.read(tmp_path / "a.pickle").cameras[0]
        assert np.allclose(project(camera, POINT_M), SEEN_PX["a"], atol=1e-9)

    def test_those_of_older_numpy(self, tmp_path):
        content = pickle.dumps(opencap_values("a"), 2).replace(b"numpy._core", b"numpy.core")
        (tmp_path / "a.pickle").write_bytes(content)
        assert np.allclose(project(opencap.read(tmp_path / "a.pickle").cameras[0], POINT_M), SEEN_PX["a"], atol=1e-9)

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_nothing_that_a_pickle_names_is_run(self, protocol, tmp_path):
        target = tmp_path / "harm"
        for harm in (Harm(target), np.array([Harm(target)], dtype=object)):
            content = pickle.dumps({**opencap_values("a"), "extra": harm}, protocol)
            (tmp_path / "a.pickle").write_bytes(content)
            with pytest.raises(InputError) as caught:
                opencap.read(tmp_path / "a.pickle")
            assert "mkdir, which was not run" in caught.value.found
            assert not target.exists()
        pickle.loads(content)
        assert target.exists()  # the pickle would have

    @pytest.mark.parametrize(
        "content",
        [
            b"cbuiltins\neval\n(S'1'\ntR.",
            b"cnumpy\nload\n(S'x'\ntR.",
            b"cnumpy._core.multiarray\nscalar\n(S'x'\nS'y'\ntR.",
            b"c_codecs\nencode\n(S'x'\nS'utf-8'\ntR.",
            b"cnumpy\ndtype\n(S'O8'\ntR.",
            b"cnumpy\nndarray\n.",
            b"}p0\nS'self'\ng0\ns.",
            b"\x80\x04\x8c\x05numpy\x8c\x06linalg\x93.",
        ],
    )
    def test_crafted_pickles_are_errors(self, content, tmp_path):
        (tmp_path / "a.pickle").write_bytes(content)
        with pytest.raises(InputError) as caught:
            opencap.read(tmp_path / "a.pickle")
        assert_three_parts(caught.value, "a.pickle")

    def test_an_array_that_is_shorter_than_it_says_is_an_error(self, tmp_path):
        content = pickle.dumps(opencap_values("a"), 4)
        (tmp_path / "a.pickle").write_bytes(content.replace(b"K\x03K\x01\x86", b"K\x03K\x09\x86"))
        with pytest.raises(InputError, match="without its bytes"):
            opencap.read(tmp_path / "a.pickle")


class TestEasyMocap:
    def test_older_files_need_the_size_of_the_images(self, tmp_path):
        path = easymocap_room(tmp_path, size=False)
        with pytest.raises(InputError, match="image size") as caught:
            easymocap.read(path)
        assert "calibration.image_size_px" in caught.value.hint
        assert_is_the_room(read_calibration(tmp_path, "auto", {"image_size_px": (1920, 1080)})[0])

    def test_extri_has_to_be_there(self, tmp_path):
        path = easymocap_room(tmp_path)
        (tmp_path / "extri.yml").unlink()
        with pytest.raises(InputError, match=r"no extri\.yml"):
            easymocap.read(path)

    def test_opencv_sees_the_same_in_what_is_written(self, tmp_path):
        """With the keys and shapes that EasyMocap reads, and OpenCV's own projection. Measured: 2.3e-13 px."""
        rig = ring(3)
        easymocap.write(tmp_path, rig)
        files = [cv2.FileStorage(str(tmp_path / name), cv2.FILE_STORAGE_READ) for name in ("intri.yml", "extri.yml")]
        names = files[0].getNode("names")
        assert [names.at(i).string() for i in range(names.size())] == list(rig.names)
        points_m = np.random.default_rng(0).uniform(-1, 1, (20, 3))
        for camera in rig.cameras:
            k, dist = (files[0].getNode(f"{key}_{camera.name}").mat() for key in ("K", "dist"))
            turn, place = (files[1].getNode(f"{key}_{camera.name}").mat() for key in ("R", "T"))
            assert np.allclose(cv2.Rodrigues(turn)[0], files[1].getNode(f"Rot_{camera.name}").mat(), atol=1e-12)
            seen = cv2.projectPoints(points_m, turn, place, k, dist)[0][:, 0]
            assert np.abs(seen - project(camera, points_m)).max() < 1e-9

    @pytest.mark.parametrize("change", [{"fisheye": True, "distortion": np.zeros(4)}, {"name": "cam.1"}])
    def test_what_its_files_can_not_say_is_refused(self, change, tmp_path):
        camera = replace(ring(2).cameras[0], **change)
        with pytest.raises(InputError) as caught:
            easymocap.write(tmp_path, Rig((camera,)))
        assert camera.name in caught.value.what


class TestOpenCV:
    def test_a_file_without_the_cameras_place_says_so(self, tmp_path):
        text = (opencv_room(tmp_path) / "a.yml").read_text()
        (tmp_path / "a.yml").write_text(text[: text.index("R: ")])
        with pytest.raises(InputError, match="no 'R'") as caught:
            read_calibration(tmp_path, "auto", {})
        assert "a.yml" in caught.value.what
        assert "R and T" in caught.value.hint

    def test_centimetres(self, tmp_path):
        rig = opencv.read(opencv_room(tmp_path), unit="cm")
        assert np.allclose(rig.cameras[0].position_m, np.array(POSITION_M["a"]) / 100)

    def test_a_matrix_that_claims_to_be_huge_is_an_error(self, tmp_path):
        path = opencv_room(tmp_path) / "a.yml"
        path.write_text(path.read_text().replace("rows: 3\n   cols: 3", "rows: 300000\n   cols: 300000"))
        with pytest.raises(InputError, match="no whole matrix"):
            opencv.read(path)


def ring_of(lens: str) -> Rig:
    rig = ring(4)
    if lens == "rational":
        return ring(4, distortion=(-0.1, 0.02, 1e-3, -1e-3, 0.01, 0.02, -0.01, 0.003))
    if lens == "fisheye":
        return replace(rig, cameras=tuple(replace(camera, fisheye=True) for camera in rig.cameras))
    return rig


def longest(distortion: np.ndarray) -> np.ndarray:
    return np.concatenate([distortion, np.zeros(8 - len(distortion))])


def assert_same(first: Rig, second: Rig) -> None:
    """Measured: 6.1e-16."""
    assert first.names == second.names
    for old, new in zip(first.cameras, second.cameras, strict=True):
        assert (new.size_px, new.fisheye) == (old.size_px, old.fisheye)
        assert np.abs(longest(new.distortion) - longest(old.distortion)).max() < 1e-9
        for key in ("intrinsics", "rotation", "translation_m"):
            assert np.abs(getattr(new, key) - getattr(old, key)).max() < 1e-9


@pytest.mark.parametrize("lens", ["usual", "rational", "fisheye"])
@pytest.mark.parametrize("name", writable_formats())
class TestEveryFormatThatCanBeWritten:
    def test_what_is_written_is_read_back(self, name, lens, tmp_path):
        if (name, lens) == ("easymocap", "fisheye"):
            pytest.skip("its files have no fisheye lenses; that they are refused is tested above")
        rig = ring_of(lens)
        path = tmp_path / "c.toml" if name == "toml" else tmp_path
        format_module(name).write(path, rig)
        back, used = read_calibration(path, "auto", {})
        assert used == name
        assert_same(rig, back)

    def test_the_command_writes_it_and_the_workflow_reads_it(self, name, lens, tmp_path):
        if lens != "usual":
            pytest.skip("once is enough")
        toml.write(tmp_path / "calibration.toml", ring(3))
        out = tmp_path / "out" / ("c.toml" if name == "toml" else "")
        arguments = ["--calibration", str(tmp_path / "calibration.toml"), "--format", name, "--out", str(out)]
        assert main(["export-calibration", *arguments]) == 0
        back = ["--source", str(out), "--out", str(tmp_path / "back.toml"), "--report", str(tmp_path / "back.json")]
        assert main(["calibrate", *back]) == 0
        assert_same(ring(3), toml.read(tmp_path / "back.toml"))


def test_all_of_these_can_be_written():
    assert writable_formats() == ["easymocap", "opencv", "toml"]


class TestFindingFiles:
    def test_two_calibrations_in_one_folder_are_named(self, tmp_path):
        toml_room(tmp_path)
        easymocap_room(tmp_path)
        with pytest.raises(InputError, match="more than one") as caught:
            find_calibration_file(tmp_path, "auto")
        assert "Calib.toml (toml)" in caught.value.found
        assert "intri.yml (easymocap)" in caught.value.found
        assert find_calibration_file(tmp_path, "easymocap")[0].name == "intri.yml"

    def test_pose2sims_names_of_easymocap_files(self, tmp_path):
        easymocap_room(tmp_path)
        (tmp_path / "intri.yml").rename(tmp_path / "Intrinsic.yml")
        (tmp_path / "extri.yml").rename(tmp_path / "Extrinsic.yml")
        assert_is_the_room(read_calibration(tmp_path, "auto", {})[0])

    @pytest.mark.parametrize("name", ROOMS)
    def test_the_plan_knows_all_files_of_a_calibration_and_their_content(self, name, tmp_path, repository, monkeypatch):
        """An edit of any of the files changes what Snakemake compares; a touch does not."""
        monkeypatch.chdir(tmp_path)
        folder = tmp_path / "data" / "S1" / "calibration"
        folder.mkdir(parents=True)
        (tmp_path / "data" / "S1" / "T1" / "videos").mkdir(parents=True)
        files = calibration_files(ROOMS[name](folder), name)
        job = type("Wildcards", (), {"session": "S1", "calibration": "session"})
        plan = CalibrationFilePlan(Plan({"dataset": "data"}, repository))
        assert {Path(path).resolve() for path in plan.files(job)} == set(files)

        def content() -> str:
            from kineograph.provenance.fingerprint import fingerprint

            fingerprint.cache_clear()
            return plan.content(job)

        seen = {content()}
        for file in files:
            os.utime(file)
            assert content() in seen
        for file in files:
            file.write_bytes(file.read_bytes() + b" ")
            assert content() not in seen
            seen.add(content())
