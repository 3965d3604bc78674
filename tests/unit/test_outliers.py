"""Points that jump away from their track: found and replaced, and quick movements left alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kineograph.model.points import Origin, Points3D
from kineograph.signal.outliers import outliers, replaced
from kineograph.stages.smooth import SmoothSettings, smooth
from synthetic.scene import walker

RATE = 60.0
WINDOW, THRESHOLD = SmoothSettings().outlier_window_frames, SmoothSettings().outlier_threshold


@pytest.fixture
def walk(skeletons):
    """A walker's keypoints with 4 mm of noise, as triangulation gives them."""
    skeleton = skeletons("body25b")
    time = np.arange(240) / RATE
    position = walker(skeleton, velocity_m_s=(1.0, 0.0))(time)[:, None]
    names = tuple(n for k, n in enumerate(skeleton.keypoints) if np.isfinite(position[0, 0, k]).all())
    position = position[:, :, [skeleton.keypoints.index(name) for name in names]]
    position = position + np.random.default_rng(0).normal(0, 0.004, position.shape)
    shape = position.shape[:3]
    return Points3D(
        ("P1",), names, ("a", "b"), "body25b", position, np.tile(np.eye(3) * 1.6e-5, (*shape, 1, 1)), np.ones(shape),
        np.ones((*shape, 2), bool), np.full(shape, int(Origin.TRIANGULATED)), time, RATE,
    )  # fmt: skip


def at(points, name):
    return points.names.index(name)


def with_jumps(points, name, frames, size_m):
    position = points.position_m.copy()
    position[frames, 0, at(points, name)] += size_m
    return dataclasses.replace(points, position_m=position)


def test_noise_is_seldom_taken_for_outliers():
    """0.7 % of normal noise, which is why it can be on by default."""
    noise = np.random.default_rng(1).normal(0, 0.01, (2000, 20, 3))
    assert outliers(noise, WINDOW, THRESHOLD)[0].mean() < 0.01


def test_a_throw_at_30_frames_a_second_has_no_outliers():
    """A hand that reaches 13 m/s and stops, in 0.25 s."""
    time = np.arange(90) / 30
    turn = 23 * np.clip((time - 1.0) / 0.25, 0, 1) ** 2 * (3 - 2 * np.clip((time - 1.0) / 0.25, 0, 1)) / 8
    hand = 0.6 * np.stack([np.sin(turn), np.cos(turn), 0 * turn], axis=1)[:, None]
    assert not outliers(hand, WINDOW, THRESHOLD)[0].any()


def test_a_still_track_has_no_outliers_but_its_jump():
    track = np.zeros((40, 1, 3))
    assert not outliers(track, WINDOW, THRESHOLD)[0].any()
    track[17, 0] = [0.0, 0.02, 0.0]
    wrong, distance_m = outliers(track, WINDOW, THRESHOLD)
    assert np.flatnonzero(wrong).tolist() == [17]
    assert distance_m[17, 0] == pytest.approx(0.02)


def test_with_too_few_frames_around_nothing_is_judged():
    track = np.full((40, 1, 3), np.nan)
    track[[0, 20, 21, 39]] = np.random.default_rng(0).normal(0, 5, (4, 1, 3))
    assert not outliers(track, WINDOW, THRESHOLD)[0].any()


def test_replaced_points_lie_between_the_good_ones_of_their_run():
    track = np.linspace(0, 1, 20)[:, None, None] * np.ones((1, 1, 3))
    line, wrong = track.copy(), np.zeros((20, 1), bool)
    wrong[[4, 5, 11]] = True
    track[wrong] += 0.5
    track[10] = line[10] = np.nan  # a gap: frame 11 begins a run and takes the place of its good neighbour
    result = replaced(track, wrong)
    assert np.allclose(result[:10], line[:10])
    assert np.isnan(result[10]).all()
    assert np.allclose(result[11], line[12])


def test_jumps_are_replaced_marked_and_reported(walk):
    clean, _ = smooth(walk, SmoothSettings())
    jumped, report = smooth(with_jumps(walk, "LWrist", [60, 61, 150], 0.3), SmoothSettings())
    origin = jumped.origin[:, 0, at(walk, "LWrist")]
    assert (origin[[60, 61, 150]] == Origin.REJECTED).all()
    assert np.isnan(jumped.covariance_m2[60, 0, at(walk, "LWrist")]).all()
    listed = {(item["keypoint"], item["frame"]) for item in report.came_out["rejected_farthest"][:3]}
    assert listed == {("LWrist", 60), ("LWrist", 61), ("LWrist", 150)}
    assert report.came_out["points_rejected"] == sum(report.came_out["rejected_by_keypoint"].values())
    away = np.linalg.norm(jumped.position_m - clean.position_m, axis=-1)
    assert away.max() < 0.01  # 3 mm; 93 mm without
    untouched, report = smooth(with_jumps(walk, "LWrist", [60, 61, 150], 0.3), SmoothSettings(reject_outliers=False))
    assert np.linalg.norm(untouched.position_m - clean.position_m, axis=-1).max() > 0.05
    assert "points_rejected" not in report.came_out


def test_what_had_been_filled_towards_an_outlier_is_filled_anew(walk):
    """Frames 62-69 were missing, and their straight line ended at a wrong point."""
    good = walk.position_m[:, 0, at(walk, "RAnkle")].copy()
    jumped = with_jumps(walk, "RAnkle", [70], 0.4)
    position, origin = jumped.position_m, jumped.origin.copy()
    part = np.linspace(0, 1, 10)[1:-1, None]
    place = at(walk, "RAnkle")
    position[62:70, 0, place] = (1 - part) * position[61, 0, place] + part * position[70, 0, place]
    origin[62:70, 0, place] = Origin.INTERPOLATED
    result, _ = smooth(dataclasses.replace(jumped, origin=origin), SmoothSettings(method="none"))
    assert result.origin[70, 0, place] == Origin.REJECTED
    assert (result.origin[62:70, 0, place] == Origin.INTERPOLATED).all()
    expected = good[61] + np.arange(1, 10)[:, None] / 10 * (good[71] - good[61])
    assert np.allclose(result.position_m[62:71, 0, place], expected)


def test_a_keypoint_that_jumps_often_is_named(walk):
    frames = np.arange(5, 235, 9)
    _, report = smooth(with_jumps(walk, "RWrist", frames, 0.3), SmoothSettings())
    assert any(reason.blame == "keypoint RWrist" and "jumps" in reason.text for reason in report.reasons)


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_trials_of_hardly_any_frames_pass(walk, frames):
    few = Points3D(
        **{
            name: value if isinstance(value, (str, tuple, float)) else value[:frames]
            for name, value in vars(walk).items()
        }
    )
    result, _ = smooth(few, SmoothSettings())
    assert result.n_frames == frames
