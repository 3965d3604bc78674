"""What every filter keeps to, held against all files of the registry, and each filter against another way to its result."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kineograph.errors import ConfigError
from kineograph.settings.plugins import plugin_literal, plugin_names, plugin_parameters
from kineograph.signal.filters._apply import FOLDER, filter_points, filter_series

RATE = 60.0
FILTERS = plugin_names(FOLDER)
ON_SERIES = [name for name in FILTERS if not plugin_literal(FOLDER, name, "NEEDS_COVARIANCE", False)]
SD_M = 0.01


def promising(what):
    """The filters that promise something."""
    return [name for name in FILTERS if what in plugin_literal(FOLDER, name, "PROMISES", ())]


def defaults(name):
    return {key: rule["default"] for key, rule in plugin_parameters(FOLDER, name).items()}


def filtered(name, track, rate=RATE, **parameters):
    """Tracks (F, K, 3) of 10 mm noise, filtered; series (F, N) for filters that need no covariance."""
    if track.ndim == 2:
        return filter_series(track, rate, name, defaults(name) | parameters)
    covariance = np.where(np.isfinite(track)[..., None], SD_M**2 * np.eye(3), np.nan)
    return filter_points(track, covariance, rate, name, defaults(name) | parameters)[0]


def wandering(frames, points=2, seed=0):
    """Tracks that wander about, m."""
    return 0.01 * np.cumsum(np.random.default_rng(seed).normal(size=(frames, points, 3)), axis=0)


def test_the_filters_of_the_reference_tool_are_there_and_one_that_uses_covariances():
    assert set(FILTERS) == {
        "butterworth", "butterworth_on_speed", "gaussian", "gcv_spline", "kalman", "loess", "median", "one_euro", "smoother",
        "whittaker",
    }  # fmt: skip


def test_every_filter_says_what_it_promises():
    known = {"linear", "straight_lines", "half_power_at_cutoff", "scale"}
    for name in FILTERS:
        promises = plugin_literal(FOLDER, name, "PROMISES", None)
        assert promises is not None and set(promises) <= known, name


@pytest.mark.parametrize("name", FILTERS)
class TestEveryFilter:
    def test_a_constant_stays(self, name):
        values = np.full((90, 1, 3), [1.0, -2.0, 1000.0])
        assert np.allclose(filtered(name, values), values, rtol=1e-9)

    def test_gaps_stay_and_nothing_else_is_lost(self, name):
        track = wandering(120, 4)
        track[10:20, 0] = np.nan
        track[::7, 1] = np.nan
        track[:, 2] = np.nan
        track[:3, 3] = np.nan
        assert (np.isnan(filtered(name, track)) == np.isnan(track)).all()

    @pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 11])
    def test_short_runs_keep_all_their_frames(self, name, frames):
        track = wandering(60)
        track[frames:] = np.nan
        track[40 : 40 + frames] = wandering(frames, seed=1)
        for some in (track, track[:frames]):
            assert (np.isfinite(filtered(name, some)) == np.isfinite(some)).all()

    def test_it_is_the_same_backwards_in_time(self, name):
        track = wandering(200)
        forward, backward = filtered(name, track), filtered(name, track[::-1])[::-1]
        assert np.allclose(forward[30:-30], backward[30:-30], atol=1e-6 * np.ptp(track))

    def test_tracks_do_not_touch_each_other(self, name):
        track = wandering(150, 3)
        track[40:50, 1] = np.nan
        whole = filtered(name, track)
        alone = np.concatenate([filtered(name, track[:, [k]]) for k in range(3)], axis=1)
        assert np.allclose(whole, alone, equal_nan=True)

    def test_a_constant_may_be_added(self, name):
        track = wandering(150)
        assert np.allclose(filtered(name, track + 3.0), filtered(name, track) + 3.0, atol=1e-7)

    @pytest.mark.parametrize("rate", [25.0, 60.0, 240.0])
    def test_noise_becomes_less_and_a_slow_movement_stays(self, name, rate):
        """Largest remaining part of 10 mm of noise, over all filters and rates: see the figure below each floor."""
        time = np.arange(int(6 * rate)) / rate
        slow = np.stack([0.2 * np.sin(2 * np.pi * 0.4 * time + k) for k in range(6)], axis=1).reshape(-1, 2, 3)
        noisy = slow + np.random.default_rng(3).normal(0, SD_M, slow.shape)
        inside = slice(int(rate), -int(rate))
        left = (filtered(name, noisy, rate) - slow)[inside].std() / SD_M
        assert left < 0.85
        assert np.abs(filtered(name, slow, rate) - slow)[inside].max() < 0.02


@pytest.mark.parametrize("name", ON_SERIES)
def test_each_run_is_filtered_by_itself(name):
    values = wandering(150).reshape(150, 6)
    values[60:64] = np.nan
    whole = filtered(name, values)
    assert (whole[:60] == filtered(name, values[:60])).all()
    assert (whole[64:] == filtered(name, values[64:])).all()


@pytest.mark.parametrize("name", promising("straight_lines"))
@pytest.mark.parametrize("frames", [3, 8, 100])
def test_straight_lines_stay(name, frames):
    line = np.linspace(0, 1, frames)[:, None, None] * [1.0, -2.0, 0.3] + [0.0, 3.0, 0.0]
    assert np.allclose(filtered(name, line), line, atol=1e-6)


@pytest.mark.parametrize("name", promising("linear"))
@settings(max_examples=15, deadline=None)
@given(frames=st.integers(1, 90), factor=st.floats(-3, 3), seed=st.integers(0, 99))
def test_a_sum_is_filtered_to_the_sum(name, frames, factor, seed):
    one, other = wandering(frames, seed=seed), wandering(frames, seed=seed + 100)
    together = filtered(name, one + factor * other)
    assert np.allclose(together, filtered(name, one) + factor * filtered(name, other), atol=1e-9)


@pytest.mark.parametrize("name", promising("scale"))
def test_other_units_give_the_same_movement(name):
    track = wandering(130)
    assert np.allclose(filtered(name, track * 1000.0), filtered(name, track) * 1000.0, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", promising("half_power_at_cutoff"))
@pytest.mark.parametrize(("rate", "cutoff"), [(60.0, 3.0), (60.0, 6.0), (60.0, 10.0), (200.0, 6.0), (30.0, 6.0)])
def test_0707_passes_at_the_cutoff_without_lag(name, rate, cutoff):
    time = np.arange(1200) / rate
    wave = np.stack([np.sin(2 * np.pi * cutoff * time), np.cos(2 * np.pi * cutoff * time), 0 * time], axis=1)[:, None]
    result = filtered(name, wave, rate, cutoff_hz=cutoff)[300:900, 0]
    turn = result[:, 1] + 1j * result[:, 0]
    expected = wave[300:900, 0, 1] + 1j * wave[300:900, 0, 0]
    gain = (turn / expected).mean()
    assert abs(gain) == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert abs(np.angle(gain)) < 0.01


@pytest.mark.parametrize("name", promising("half_power_at_cutoff"))
def test_a_cutoff_above_half_the_rate_is_refused(name):
    with pytest.raises(ConfigError, match="cut-off"):
        filtered(name, np.zeros((50, 1, 3)), 10.0, cutoff_hz=6.0)


class TestAgainstAnotherWay:
    @pytest.mark.parametrize("order", [2, 4, 6, 8])
    def test_butterworth_is_scipys(self, order):
        from scipy.signal import butter, sosfiltfilt

        values = wandering(300).reshape(300, 6)
        corner = np.arctan(np.tan(np.pi * 6 / RATE) * (np.sqrt(2) - 1) ** (-1 / order)) * 2 / np.pi
        expected = sosfiltfilt(butter(order // 2, corner, output="sos"), values, axis=0, padtype="odd", padlen=30)
        assert (
            np.abs(filtered("butterworth", values, order=order) - expected)[60:-60].max() < 1e-11
        )  # 3e-12 for order 8
        assert np.abs(filtered("butterworth", values, order=order) - expected).max() < 1e-5 * np.ptp(values)

    def test_gcv_spline_is_scipys_spline_and_its_score_is_lowest(self):
        from scipy.interpolate import make_smoothing_spline

        gcv = importlib.import_module("kineograph.signal.filters.gcv_spline")
        values = wandering(200).reshape(200, 6)
        stiffness = gcv._stiffness(np.array([5.0]), RATE)
        expected = make_smoothing_spline(np.arange(200.0), values, lam=stiffness[0])(np.arange(200))
        assert np.abs(filtered("gcv_spline", values, cutoff_hz=5.0) - expected).max() < 1e-10
        trace = np.trace(gcv._rough_part(np.eye(40), stiffness[0])[0])
        assert gcv._residual_freedom(40, stiffness)[0] == pytest.approx(trace, rel=1e-9)

    def test_gcv_spline_finds_more_or_less_the_best_smoothing(self):
        time = np.arange(600) / RATE
        truth = 0.1 * np.sin(2 * np.pi * np.array([0.3, 1.0, 2.5]) * time[:, None])
        noisy = truth + np.random.default_rng(5).normal(0, 0.01, truth.shape)
        best = np.min(
            [np.square(filtered("gcv_spline", noisy, cutoff_hz=float(f)) - truth).mean(axis=0) for f in range(1, 12)],
            axis=0,
        )
        found = np.square(filtered("gcv_spline", noisy) - truth).mean(axis=0)
        assert (np.sqrt(found) < 1.2 * np.sqrt(best)).all()  # 1.00 to 1.11 times

    def test_whittaker_is_the_dense_solution(self):
        values = wandering(50).reshape(50, 6)
        second = np.diff(np.eye(50), 2, axis=0)
        weight = (np.sqrt(2) - 1) / (2 - 2 * np.cos(2 * np.pi * 4 / RATE)) ** 2
        expected = np.linalg.solve(np.eye(50) + weight * second.T @ second, values)
        assert np.allclose(filtered("whittaker", values, cutoff_hz=4.0), expected, atol=1e-12)

    def test_kalman_is_the_likeliest_path_of_its_model(self):
        """Positions of piecewise constant acceleration, whose changes are penalised by the trust ratio."""
        frames, ratio, step = 40, 500.0, 1 / RATE
        values = wandering(frames).reshape(frames, 6)
        positions = np.zeros((frames, 3 + frames - 1))  # of start, velocity, first acceleration, and its changes
        time = np.arange(frames) * step
        positions[:, :3] = np.stack([np.ones(frames), time, time**2 / 2], axis=1)
        for change in range(frames - 1):
            positions[:, 3 + change] = np.clip(time - time[change], 0, None) ** 2 / 2
        penalty = np.diag([0, 0, 0] + [ratio**-2.0] * (frames - 1))
        expected = positions @ np.linalg.solve(positions.T @ positions + penalty, positions.T @ values)
        assert np.allclose(filtered("kalman", values), expected, atol=2e-5 * np.ptp(values))

    def test_loess_fits_a_weighted_line_around_each_frame(self):
        values = wandering(30).reshape(30, 6)
        expected = np.empty_like(values)
        for frame in range(30):
            nearest = np.argsort(np.abs(np.arange(30) - frame), kind="stable")[:7]
            reach = np.abs(nearest - frame).max()
            weight = np.sqrt(np.clip(1 - (np.abs(nearest - frame) / reach) ** 3, 0, None) ** 3)
            line = np.stack([np.ones(7), nearest - frame], axis=1)
            expected[frame] = np.linalg.lstsq(weight[:, None] * line, weight[:, None] * values[nearest], rcond=None)[0][
                0
            ]
        assert np.allclose(filtered("loess", values, window_frames=7), expected, atol=1e-12)

    def test_one_euro_is_the_mean_of_both_orders_of_its_passes(self):
        def one_pass(series):
            out, speed, here = [series[0]], 0.0, series[0]
            part = lambda cutoff: (2 * np.pi * cutoff / RATE) / (2 * np.pi * cutoff / RATE + 1)  # noqa: E731
            for value in series[1:]:
                speed = part(1.0) * (value - here) * RATE + (1 - part(1.0)) * speed
                alpha = part(4.0 + 1.5 * abs(speed))
                here = alpha * value + (1 - alpha) * here
                out.append(here)
            return np.array(out)

        series = wandering(80)[:, 0, 0]
        ahead = one_pass(one_pass(series)[::-1])[::-1]
        behind = one_pass(one_pass(series[::-1])[::-1])
        assert np.allclose(filtered("one_euro", series[:, None])[:, 0], (ahead + behind) / 2, atol=1e-12)

    def test_median_and_gaussian_are_scipys_away_from_the_ends(self):
        from scipy.ndimage import gaussian_filter1d, median_filter

        values = wandering(60).reshape(60, 6)
        inner = slice(8, -8)
        assert np.allclose(filtered("median", values, window_frames=5)[inner], median_filter(values, (5, 1))[inner])
        expected = gaussian_filter1d(values, 1.5, axis=0, truncate=4)
        assert np.allclose(filtered("gaussian", values, sigma_frames=1.5)[inner], expected[inner], atol=1e-12)
