from __future__ import annotations

import numpy as np
import pytest

from kineograph.signal.chains import chains
from kineograph.signal.local_regression import left_of_noise, smooth
from kineograph.signal.resampling import sample
from kineograph.signal.robust import median_of_few, median_of_known
from kineograph.signal.runs import fill_gaps, runs


def test_runs_are_the_stretches_of_true():
    assert runs(np.array([0, 1, 1, 0, 1], bool)).tolist() == [[1, 3], [4, 5]]
    assert runs(np.zeros(3, bool)).tolist() == []
    assert runs(np.ones(3, bool)).tolist() == [[0, 3]]


def test_only_short_gaps_between_frames_are_filled_and_marked():
    line = np.arange(20, dtype=float)[:, None].repeat(2, axis=1)
    holes = line.copy()
    holes[[0, 1, 5, 6, 19], 0] = np.nan
    holes[3:9, 1] = np.nan
    filled, new = fill_gaps(holes, 2)
    assert np.flatnonzero(new[:, 0]).tolist() == [5, 6]
    assert not new[:, 1].any()
    assert np.allclose(filled[new], line[new])
    assert np.isnan(filled[[0, 1, 19], 0]).all()
    assert not fill_gaps(holes, 0)[1].any()


def test_sampling_between_frames():
    series = np.array([[0.0], [2.0], [np.nan], [6.0]])
    got = sample(series, np.array([0.0, 0.25, 1.0, 1.5, 3.0, 3.1, -0.2]))[:, 0]
    assert np.allclose(got, [0, 0.5, 2, np.nan, 6, np.nan, np.nan], equal_nan=True)
    assert sample(np.zeros((0, 2)), np.array([0.0])).shape == (1, 2)


@pytest.mark.parametrize("count", [1, 2, 3, 150, 151])
def test_the_median_of_few_values_is_numpys(count):
    values = np.random.default_rng(count).normal(size=count)
    assert median_of_few(values) == np.median(values)


def test_the_median_of_known_values_is_numpys():
    values = np.random.default_rng(0).normal(size=(7, 5))
    values[np.random.default_rng(1).random((7, 5)) < 0.3] = np.nan
    values[:, 4] = np.nan
    median, count = median_of_known(values, axis=0)
    for column in range(4):
        known = np.sort(values[:, column][np.isfinite(values[:, column])])
        assert count[column] == len(known)
        assert median[column] == known[(len(known) - 1) // 2]
    assert np.isnan(median[4])
    assert np.array_equal(median_of_known(values.T, axis=-1)[0], median, equal_nan=True)


def two_people(distance_px, order, hidden=()):
    """Detections (F, 2, 3, 2) of two people 100 px tall who walk side by side; `order` says who stands first in a frame."""
    shape = np.array([[0, 0], [0, 50], [0, 100]], float)
    walk = np.arange(len(order))[:, None, None] * np.array([3.0, 0.0]) + shape
    both = np.stack([walk, walk + [distance_px, 0]], axis=1)
    for frame, person in hidden:
        both[frame, person] = np.nan
    mixed = both[np.arange(len(order))[:, None], np.stack([order, 1 - order], axis=1)]
    return both, mixed


@pytest.mark.parametrize("distance_px", [5, 20, 60])
def test_chains_follow_people_through_any_order_of_the_detections(distance_px):
    both, mixed = two_people(distance_px, np.random.default_rng(3).integers(0, 2, 40))
    found = sorted(chains(mixed, 4), key=lambda person: person[0, 0, 0])
    assert len(found) == 2
    np.testing.assert_array_equal(found, np.moveaxis(both, 1, 0))


def test_a_chain_goes_on_after_a_short_while_and_a_new_one_begins_after_a_long_while():
    hidden = [(frame, 1) for frame in [*range(5, 10), *range(20, 60)]]
    both, mixed = two_people(60, np.zeros(70, int), hidden)
    found = chains(mixed, 4)
    assert [int(np.isfinite(person[:, 0, 0]).sum()) for person in found] == [70, 15, 10]
    np.testing.assert_array_equal(found[1][10:20], both[10:20, 1])


def test_the_people_shown_largest_and_longest_come_first():
    both, mixed = two_people(300, np.zeros(30, int))
    mixed[:, 1] += (mixed[:, 1] - mixed[:, 1, :1]) * 2
    assert chains(mixed, 1)[0][0, 0, 0] == both[0, 1, 0, 0]


class TestLocalRegression:
    time_s = np.arange(300) / 60.0
    truth = 100 * np.sin(2 * np.pi * np.array([0.5, 1.0, 2.0]) * time_s[:, None])

    def test_a_parabola_stays(self):
        curve = (self.time_s**2 - 3 * self.time_s)[:, None] * 50
        assert np.allclose(smooth(curve, 2.4)[:-1], curve[:-1], atol=1e-6)

    def test_noise_outliers_and_gaps(self):
        """Noise of 2 px with 30 % missing and 5 % outliers: found 1.1 px rms of a movement at 1 Hz, most gaps bridged."""
        random = np.random.default_rng(0)
        noisy = self.truth + random.normal(0, 2, self.truth.shape)
        wrong = random.random(noisy.shape) < 0.05
        noisy[wrong] += 80
        noisy[random.random(noisy.shape) < 0.3] = np.nan
        found = smooth(noisy, 2.4)
        known = np.isfinite(found)
        assert known.mean() > 0.9
        error = np.abs(found - self.truth)[:, :2]
        assert np.sqrt(np.nanmean(error**2)) < 1.6

    def test_a_long_gap_is_left_and_nothing_is_invented_beyond_the_ends(self):
        holes = self.truth.copy()
        holes[100:120] = np.nan
        holes[:10] = np.nan
        found = smooth(holes, 2.4)
        assert np.isnan(found[105:115]).all()
        assert np.isnan(found[:9]).all()
        assert np.isnan(smooth(np.full((30, 2), np.nan), 2.4)).all()

    def test_what_noise_leaves_is_known(self):
        noise = np.random.default_rng(1).normal(0, 1, (4000, 3))
        found = smooth(noise, 2.4)
        assert np.nanstd(found) / np.nanstd(noise - found) == pytest.approx(left_of_noise(2.4), rel=0.1)
