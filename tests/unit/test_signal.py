from __future__ import annotations

import numpy as np
import pytest

from kineograph.errors import ConfigError
from kineograph.settings.plugins import plugin_names, plugin_parameters
from kineograph.signal.chains import chains
from kineograph.signal.filters._apply import FOLDER, filter_series
from kineograph.signal.resampling import sample
from kineograph.signal.robust import median_of_known
from kineograph.signal.runs import fill_gaps, runs

RATE = 60.0
FILTERS = plugin_names(FOLDER)


def defaults(name):
    return {key: rule["default"] for key, rule in plugin_parameters(FOLDER, name).items()}


def test_there_is_a_butterworth_filter():
    assert "butterworth" in FILTERS


@pytest.mark.parametrize("name", FILTERS)
class TestEveryFilter:
    def test_a_constant_stays(self, name):
        values = np.full((90, 3), [1.0, -2.0, 1000.0])
        assert np.allclose(filter_series(values, RATE, name, defaults(name)), values, rtol=1e-9)

    def test_gaps_stay_and_nothing_else_is_lost(self, name):
        values = np.random.default_rng(0).normal(size=(120, 4))
        values[10:20, 0] = np.nan
        values[::7, 1] = np.nan
        values[:, 2] = np.nan
        filtered = filter_series(values, RATE, name, defaults(name))
        assert (np.isnan(filtered) == np.isnan(values)).all()

    @pytest.mark.parametrize("frames", [1, 2, 3, 5, 11])
    def test_short_runs_keep_all_their_frames(self, name, frames):
        values = np.random.default_rng(0).normal(size=(frames, 2))
        assert np.isfinite(filter_series(values, RATE, name, defaults(name))).all()

    def test_it_is_the_same_backwards_in_time(self, name):
        values = np.cumsum(np.random.default_rng(0).normal(size=(200, 2)), axis=0)
        forward = filter_series(values, RATE, name, defaults(name))
        backward = filter_series(values[::-1], RATE, name, defaults(name))[::-1]
        assert np.allclose(forward[30:-30], backward[30:-30], atol=1e-6 * np.ptp(values))

    def test_columns_do_not_touch_each_other(self, name):
        values = np.random.default_rng(0).normal(size=(150, 3))
        values[40:50, 1] = np.nan
        whole = filter_series(values, RATE, name, defaults(name))
        alone = np.column_stack([filter_series(values[:, [k]], RATE, name, defaults(name)) for k in range(3)])
        assert np.allclose(whole, alone, equal_nan=True)


def test_butterworth_passes_0707_at_its_cutoff_and_has_no_lag():
    t = np.arange(1200) / RATE
    for cutoff in (3.0, 6.0, 10.0):
        wave = np.sin(2 * np.pi * cutoff * t)[:, None]
        filtered = filter_series(wave, RATE, "butterworth", {"cutoff_hz": cutoff, "order": 4})[300:900]
        gain = np.sqrt(2) * filtered.std()
        assert gain == pytest.approx(np.sqrt(0.5), abs=0.01)
        assert abs(np.argmax(np.correlate(filtered[:, 0], wave[300:900, 0], "full")) - 599) == 0


def test_butterworth_refuses_a_cutoff_above_half_the_rate():
    with pytest.raises(ConfigError, match="cut-off"):
        filter_series(np.zeros((50, 1)), 10.0, "butterworth", {"cutoff_hz": 6.0, "order": 4})


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
