from __future__ import annotations

import numpy as np
import pytest

from kineograph.errors import ConfigError
from kineograph.model.coordinates import Coordinates
from kineograph.settings.configuration import Configuration
from kineograph.settings.plugins import plugin_names
from kineograph.stages.filter_coordinates import filter_coordinates

RATE = 60.0


def coordinates(values):
    return Coordinates(("turn", "tx"), values, np.array([True, False]), np.arange(len(values)) / RATE)


def test_a_turn_goes_on_beyond_half_a_circle_and_unsolved_frames_stay():
    time = np.arange(300) / RATE
    turning = 2 * np.pi * 0.5 * time
    values = np.stack([(turning + np.pi) % (2 * np.pi) - np.pi, 0.9 + 0.01 * np.sin(2 * np.pi * 20 * time)], axis=1)
    values[100:104] = np.nan
    result = filter_coordinates(coordinates(values), RATE, "butterworth", {"cutoff_hz": 6.0}).values
    assert (np.isnan(result) == np.isnan(values)).all()
    assert np.abs(np.diff(result[:100, 0]) - np.diff(turning)[:99]).max() < 1e-6
    assert np.abs(result[:90, 1] - 0.9).max() < 0.002


def test_none_gives_the_same_coordinates():
    given = coordinates(np.zeros((5, 2)))
    assert filter_coordinates(given, RATE, "none", {}) is given
    assert filter_coordinates(coordinates(np.zeros((0, 2))), RATE, "kalman", {}).values.shape == (0, 2)


def test_every_filter_that_needs_no_covariance_is_offered_with_its_keys(repository):
    schema = repository / "workflow" / "schemas" / "config.schema.yaml"

    def section(**kinematics):
        config = Configuration({"dataset": "d", "results": "r", "kinematics": kinematics}, schema)
        names = {"session": "S", "trial": "T", "participant": "P1"}
        return config.section("kinematics", **names), config.plugin("kinematics", **names)

    assert section()[1] is None
    for name in set(plugin_names("signal.filters")) - {"smoother"}:
        assert section(filter=name)[1] == f"kineograph.signal.filters.{name}"
    assert section(filter="butterworth")[0]["cutoff_hz"] == 6.0
    assert section(filter="butterworth_on_speed", cutoff_hz=8)[0]["cutoff_hz"] == 8.0
    with pytest.raises(ConfigError, match=r"kinematics\.filter"):
        section(filter="smoother")
