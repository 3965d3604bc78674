from __future__ import annotations

import dataclasses
import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest

from kineograph.errors import InputError
from kineograph.io.atomic import atomic_path, write_text
from kineograph.io.motion import read_table, write_mot
from kineograph.io.npz import SINGLE_PRECISION, read_npz, write_npz
from kineograph.io.reports import read_report, read_synchronization, write_report, write_synchronization
from kineograph.io.room import Room, room
from kineograph.io.trc import MarkerTrajectories, read_trc, to_opensim_axes, write_trc
from kineograph.model.coordinates import Coordinates
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.marker_errors import MarkerErrors
from kineograph.model.points import Points3D
from kineograph.model.report import Reason, StageReport, worst
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import PersonTracks

RANDOM = np.random.default_rng(5)


def examples():
    frames, people, keypoints, cameras = 4, 2, 3, 2
    shape = (frames, people, keypoints)
    position = RANDOM.normal(size=(*shape, 3))
    position[1, 0, 2] = np.nan
    yield Keypoints2D(
        "cam", "sk", ("A", "B", "C"), RANDOM.normal(size=(*shape, 2)), RANDOM.random(shape), RANDOM.random((frames, people, 4)),
        60.0, np.arange(frames) / 60, (1920, 1080),
    )  # fmt: skip
    yield PersonTracks(
        ("P1", "P2"), ("a", "b"), RANDOM.integers(-1, 2, (frames, people, cameras)), RANDOM.integers(-1, 9, (frames, cameras)),
        np.arange(frames) / 60, 60.0,
    )  # fmt: skip
    yield Points3D(
        ("P1", "P2"), ("A", "B", "C"), ("a", "b"), "sk", position, RANDOM.normal(size=(*shape, 3, 3)), RANDOM.random(shape),
        RANDOM.random((*shape, cameras)) > 0.5, RANDOM.integers(0, 3, shape), np.arange(frames) / 60, 60.0,
    )  # fmt: skip
    yield Coordinates(
        ("q1", "q2"), RANDOM.normal(size=(frames, 2)), np.array([True, False]), np.arange(frames) / 60,
        RANDOM.random((frames, 2)), RANDOM.random((frames, 2)) > 0.5,
    )  # fmt: skip
    yield MarkerErrors(("A", "B"), RANDOM.random((frames, 2)), np.arange(frames) / 60)


@pytest.mark.parametrize("record", list(examples()), ids=lambda record: type(record).__name__)
class TestEveryDataClass:
    def test_it_comes_back_as_it_was(self, record, tmp_path):
        write_npz(tmp_path / "x.npz", record)
        back = read_npz(tmp_path / "x.npz", type(record))
        for field in dataclasses.fields(record):
            old, new = getattr(record, field.name), getattr(back, field.name)
            if isinstance(old, np.ndarray):
                tolerance = 1e-6 if field.name in SINGLE_PRECISION else 0
                assert np.allclose(
                    old.astype(float), new.astype(float), rtol=tolerance, atol=tolerance, equal_nan=True
                ), field.name
            else:
                assert old == new, field.name
                assert type(old) is type(new), field.name

    def test_the_same_data_gives_the_same_bytes(self, record, tmp_path):
        write_npz(tmp_path / "x.npz", record)
        time.sleep(0.01)
        write_npz(tmp_path / "y.npz", record)
        assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()

    def test_a_damaged_file_is_an_error_that_names_it(self, record, tmp_path):
        write_npz(tmp_path / "x.npz", record)
        content = (tmp_path / "x.npz").read_bytes()
        for broken in (b"", content[: len(content) // 2], b"not a zip file"):
            (tmp_path / "x.npz").write_bytes(broken)
            with pytest.raises(InputError, match=r"x\.npz"):
                read_npz(tmp_path / "x.npz", type(record))

    def test_a_wrong_shape_is_refused(self, record):
        name = next(
            f.name
            for f in dataclasses.fields(record)
            if isinstance(getattr(record, f.name), np.ndarray) and f.name != "time_s"
        )
        with pytest.raises(ValueError, match="shape"):
            dataclasses.replace(record, **{name: np.zeros((9, 9, 9, 9, 9, 9))})


def test_another_class_is_refused(tmp_path):
    write_npz(tmp_path / "x.npz", next(examples()))
    with pytest.raises(InputError, match="Points3D"):
        read_npz(tmp_path / "x.npz", Points3D)


class TestAtomic:
    def test_an_error_leaves_the_old_file_and_no_other(self, tmp_path):
        write_text(tmp_path / "x.txt", "old")
        with pytest.raises(RuntimeError), atomic_path(tmp_path / "x.txt") as temporary:
            temporary.write_text("half")
            raise RuntimeError
        assert (tmp_path / "x.txt").read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]

    def test_new_files_have_the_usual_permissions(self, tmp_path):
        write_text(tmp_path / "x.txt", "new")
        mask = os.umask(0)
        os.umask(mask)
        assert (tmp_path / "x.txt").stat().st_mode & 0o777 == 0o666 & ~mask

    def test_where_there_is_no_room_the_error_names_the_file(self, tmp_path, file_size_limit):
        with file_size_limit(1000), pytest.raises(OSError, match="large") as caught:
            write_text(tmp_path / "x.txt", "long" * 1000)
        assert caught.value.filename == str(tmp_path / "x.txt")
        assert list(tmp_path.iterdir()) == []

    def test_errors_of_other_files_keep_their_names(self, tmp_path):
        other = OSError(errno.ENOSPC, "full", "/elsewhere/y")
        with pytest.raises(OSError, match="full") as caught, atomic_path(tmp_path / "x.txt"):
            raise other
        assert caught.value is other


def test_the_room_on_a_disk(tmp_path):
    disk = room(tmp_path / "not" / "there" / "yet")
    assert disk.mount == room(tmp_path).mount
    assert disk.mount.is_mount()
    assert 0 < disk.free_bytes <= disk.total_bytes
    assert disk.files_left
    assert not disk.full
    assert str(Room(Path("/d"), 500_000, 3_200_000_000)) == "0.5 MB of 3.2 GB left on the disk at /d"
    assert Room(Path("/d"), 500_000, 3_200_000_000).full
    assert Room(Path("/d"), 10**9, 10**10, files_left=False).full
    assert "no file more" in str(Room(Path("/d"), 10**9, 10**10, files_left=False))


class TestTrc:
    markers = MarkerTrajectories(("RHip", "LHip"), RANDOM.normal(size=(5, 2, 3)).round(9), np.arange(5) / 60, 60.0)

    def test_round_trip_with_gaps(self, tmp_path):
        self.markers.position_m[2, 1] = np.nan
        write_trc(tmp_path / "x.trc", self.markers)
        back = read_trc(tmp_path / "x.trc")
        assert back.names == self.markers.names
        assert np.allclose(back.position_m, self.markers.position_m, atol=1e-9, equal_nan=True)
        assert back.fps_hz == 60.0

    def test_opensim_reads_it(self, tmp_path):
        opensim = pytest.importorskip("opensim")
        opensim.Logger.removeFileSink()
        write_trc(tmp_path / "x.trc", self.markers)
        table = opensim.TimeSeriesTableVec3(str(tmp_path / "x.trc"))
        assert table.getNumRows() == 5
        assert list(table.getColumnLabels()) == ["RHip", "LHip"]

    def test_millimetres_are_understood(self, tmp_path):
        write_trc(tmp_path / "x.trc", self.markers)
        text = (tmp_path / "x.trc").read_text().replace("\tm\t", "\tmm\t")
        (tmp_path / "x.trc").write_text(text)
        assert np.allclose(read_trc(tmp_path / "x.trc").position_m, self.markers.position_m / 1000, equal_nan=True)

    @pytest.mark.parametrize("text", ["", "hello", "PathFileType\t4\n" * 6, "PathFileType\na\nb\nc\nd\n1\tx"])
    def test_other_files_are_refused(self, tmp_path, text):
        (tmp_path / "x.trc").write_text(text)
        with pytest.raises(InputError, match="TRC"):
            read_trc(tmp_path / "x.trc")

    def test_a_trial_without_frames_has_no_rows(self, tmp_path):
        write_trc(tmp_path / "x.trc", MarkerTrajectories((), np.zeros((0, 0, 3)), np.zeros(0), float("nan")))
        assert read_trc(tmp_path / "x.trc").position_m.shape == (0, 0, 3)

    def test_the_worlds_up_is_opensims_y(self):
        assert to_opensim_axes(np.array([[1.0, 2.0, 3.0]])).tolist() == [[2.0, 3.0, 1.0]]


def test_mot_leaves_out_frames_without_a_solution(tmp_path):
    values = np.radians([[10.0, 20.0], [np.nan, np.nan], [30.0, 40.0]])
    coordinates = Coordinates(("knee", "pelvis_tx"), values, np.array([True, False]), np.array([0.0, 0.5, 1.0]))
    write_mot(tmp_path / "x.mot", coordinates)
    names, rows, header = read_table(tmp_path / "x.mot")
    assert names == ("time", "knee", "pelvis_tx")
    assert header["nRows"] == "2"
    assert header["inDegrees"] == "yes"
    assert np.allclose(rows, [[0, 10, np.radians(20)], [1, 30, np.radians(40)]])


def test_a_table_without_header_is_refused(tmp_path):
    (tmp_path / "x.mot").write_text("time\tx\n0\t1\n")
    with pytest.raises(InputError, match="OpenSim table"):
        read_table(tmp_path / "x.mot")


def test_reports_come_back_and_the_worst_reason_counts(tmp_path):
    report = StageReport(
        "pose", {"n": np.int64(3)}, {"x": float("nan")}, (Reason("warn", "a"), Reason("fail", "b", "cam", "do"))
    )
    write_report(tmp_path / "r.json", report)
    back = read_report(tmp_path / "r.json")
    assert back.verdict == "fail"
    assert back.reasons == report.reasons
    assert back.came_in == {"n": 3}
    assert back.came_out == {"x": None}
    assert worst([]) == "pass"
    assert StageReport("pose", error={"what": "x"}).verdict == "error"


def test_synchronization_comes_back(tmp_path):
    clock = Synchronization(("a", "b"), np.array([0.0, 0.25]), np.array([0.0, 10.0]), 60.0, -0.1, 12)
    write_synchronization(tmp_path / "s.json", clock, StageReport("synchronization"))
    back = read_synchronization(tmp_path / "s.json")
    assert (back.cameras, back.fps_hz, back.start_s, back.n_frames) == (("a", "b"), 60.0, -0.1, 12)
    assert np.allclose(back.offset_s, clock.offset_s)
    assert np.allclose(back.time_s, -0.1 + np.arange(12) / 60)
