"""Pairs of the smallest sum are scipy's, and where they are plain, scipy is not needed."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from kineograph.signal.assignment import cheapest_pairs


def test_the_pairs_are_scipys_in_every_shape_and_with_ties():
    rng = np.random.default_rng(3)
    for _ in range(400):
        cost = rng.integers(0, 6, rng.integers(1, 5, 2)) / 5.0  # few values: ties, and partners that two would take
        cost += rng.choice([0.0, 1.0]) * rng.random(cost.shape)  # and none
        found, expected = cheapest_pairs(cost), linear_sum_assignment(cost)
        np.testing.assert_array_equal(found, expected)


def test_pairs_that_must_not_be():
    np.testing.assert_array_equal(cheapest_pairs(np.array([[0.0, 1.0], [np.inf, 0.0]])), ([0, 1], [0, 1]))
    np.testing.assert_array_equal(cheapest_pairs(np.zeros((0, 3))), np.zeros((2, 0)))
    with pytest.raises(ValueError, match=r"infeasible|invalid"):
        cheapest_pairs(np.array([[np.nan, np.nan]]))


def test_a_person_in_a_frame_needs_no_scipy():
    text = (
        "import sys, numpy as np; from kineograph.signal.chains import chains;"
        "chains(np.random.default_rng(0).normal(0, .01, (9, 2, 5, 2)) + np.arange(2)[:, None, None] * 9, 2);"
        "sys.exit('scipy' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", text], env=environment, check=False).returncode == 0
