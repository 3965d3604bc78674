"""Placing frames on the common clock: rates, drifts and times of frames."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.errors import InputError
from kineograph.io.reports import read_synchronization, write_synchronization
from kineograph.io.timestamps import read_timestamps
from kineograph.model.report import StageReport
from kineograph.model.synchronization import Synchronization
from kineograph.signal.common_clock import camera_frames, lay_out, nearest_frames, settled_rates
from kineograph.stages.associate import AssociateSettings, associate
from kineograph.stages.observe import observe
from kineograph.stages.synchronize import SynchronizeSettings, synchronize
from kineograph.stages.triangulate import TriangulateSettings, triangulate
from synthetic.scene import film, ring, walker

ZERO = np.zeros(2)


@pytest.fixture(scope="module")
def halpe(skeletons):
    return skeletons("halpe26")


def clock(rates, counts, offset=(0.0, 0.0), drift=(0.0, 0.0), fps=60.0, times=None):
    return lay_out(("a", "b"), counts, (np.array(offset), np.array(drift), np.array(rates, float)), fps, None, times)


def test_a_slower_camera_has_a_frame_at_every_other_one():
    made = clock((60, 30), (60, 30))
    assert made.n_frames == 60
    assert camera_frames(made, 1)[:4].tolist() == [0.0, 0.5, 1.0, 1.5]


def test_drift_and_offset_are_as_the_data_class_says():
    made = clock((60, 60), (36000, 36000), offset=(0.0, 0.25), drift=(0.0, 100.0))
    own_s = camera_frames(made, 1) / 60
    assert own_s[30000] == pytest.approx((made.time_s[30000] - 0.25) * 1.0001, abs=1e-6)


def test_the_clock_spans_all_frames_of_cameras_that_drift_or_are_slower():
    for made in (clock((60, 30), (60, 31)), clock((60, 60), (6000, 6000), drift=(0.0, -1000.0))):
        own = camera_frames(made, 1)
        assert own[-1] >= (30 if made.camera_fps_hz[1] == 30 else 5999) - 1e-3


def test_rates_that_differ_by_rounding_are_one_rate():
    assert settled_rates(np.array([60.0, 59.9999, 59.94, 60.001])).tolist() == [60.001, 60.001, 59.94, 60.001]


def test_times_of_frames_go_before_rates_and_gaps_stay_empty(halpe):
    rig = ring(2)
    keypoints = film(rig, halpe, [walker(halpe)], seconds=1)
    times = np.arange(60) / 60
    stamps = {"cam01": 1000 + times, "cam02": 1000.5 + np.where(np.arange(60) < 30, times, times + 0.25)}
    made, _ = synchronize(keypoints, rig, 60.0, None, SynchronizeSettings(method="timestamps"), stamps)
    assert made.offset_s.tolist() == pytest.approx([0.0, 0.5])
    frames = nearest_frames(keypoints, made)
    assert made.n_frames == 105
    assert frames[30:60, 1].tolist() == list(range(30))
    assert (frames[61:73, 1] == -1).all()
    assert frames[75:105, 1].tolist() == list(range(30, 60))


def test_timestamps_that_do_not_fit_name_their_camera(halpe):
    rig = ring(2)
    keypoints = film(rig, halpe, [walker(halpe)], seconds=1)
    settings = SynchronizeSettings(method="timestamps")
    with pytest.raises(InputError, match="cam01"):
        synchronize(keypoints, rig, 60.0, None, settings, {})
    with pytest.raises(InputError, match="cam02"):
        synchronize(keypoints, rig, 60.0, None, settings, {"cam01": np.arange(60.0), "cam02": np.arange(59.0)})


def test_a_file_of_timestamps(tmp_path):
    path = tmp_path / "cam01.timestamps.csv"
    path.write_text("time_s\n0.0\n0.0166\n\n0.0333,x\n")
    assert read_timestamps(path).tolist() == [0.0, 0.0166, 0.0333]
    for text, found in (("0\n1\n1\n", "after"), ("0\nx\n", "'x'"), ("", "no time"), ("0\nnan\n", "number")):
        path.write_text(text)
        with pytest.raises(InputError) as error:
            read_timestamps(path)
        assert found in error.value.found
    with pytest.raises(InputError):
        read_timestamps(tmp_path / "none")


def test_rates_and_times_come_back(tmp_path):
    made = Synchronization(
        ("a", "b"), ZERO, ZERO, 60.0, 0.0, 3, np.array([60.0, 30.0]), {"b": np.array([0.0, 0.0331, 0.07])}
    )
    write_synchronization(tmp_path / "s.json", made, StageReport("synchronization"))
    back = read_synchronization(tmp_path / "s.json")
    assert back.camera_fps_hz.tolist() == [60.0, 30.0]
    assert back.frame_time_s["b"].tolist() == [0.0, 0.0331, 0.07]


def test_points_from_cameras_of_different_rates(halpe):
    """60, 50 and 30 Hz together: floors 1 and 10 mm; median 0.1 mm, largest 0.9 mm."""
    rig, motion = ring(3), walker(halpe, velocity_m_s=(0.5, 0.2))
    keypoints = film(rig, halpe, [motion], fps_hz=(60, 50, 30))
    made, _ = synchronize(keypoints, rig, 60.0, None, SynchronizeSettings(method="none"))
    tracks, _ = associate(keypoints, rig, made, halpe, ["P1"], AssociateSettings())
    points, _ = triangulate(observe(keypoints, rig, made, tracks), rig, halpe, TriangulateSettings(undistort="always"))
    error_m = np.linalg.norm(points.position_m[:, 0] - motion(made.time_s), axis=-1)
    known = np.isfinite(motion(made.time_s)).all(axis=-1)
    assert np.isfinite(error_m[:116][known[:116]]).mean() > 0.99
    assert np.nanmedian(error_m) < 0.001
    assert np.nanmax(error_m[:116]) < 0.01
