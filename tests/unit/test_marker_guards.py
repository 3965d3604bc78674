"""Markers that can't be a person's, or not as they are written."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.errors import InputError
from kineograph.io.trc import MarkerTrajectories
from kineograph.stages.followed_markers import followed_markers
from kineograph.stages.marker_guards import check_markers

PLACES = {
    "Nose": (0.1, 1.6, 0), "RShoulder": (0, 1.4, 0.2), "LShoulder": (0, 1.4, -0.2), "RHip": (0, 0.9, 0.1), "LHip": (0, 0.9, -0.1),
    "RKnee": (0.02, 0.5, 0.1), "LKnee": (0.02, 0.5, -0.1), "RAnkle": (0, 0.1, 0.1), "LAnkle": (0, 0.1, -0.1),
    "RHeel": (-0.05, 0.03, 0.1), "LHeel": (-0.05, 0.03, -0.1), "RBigToe": (0.2, 0.03, 0.1), "LBigToe": (0.2, 0.03, -0.1),
}  # fmt: skip


def person(frames=4, names=tuple(PLACES)):
    return MarkerTrajectories(
        names, np.tile(np.array(list(PLACES.values())) + [2, 0, 1], (frames, 1, 1)), np.arange(frames) / 60, 60.0
    )


def changed(position_m):
    return MarkerTrajectories(tuple(PLACES), position_m, np.arange(len(position_m)) / 60, 60.0)


def test_a_person_passes():
    markers, doubts = check_markers(person())
    assert doubts == []
    assert np.array_equal(markers.position_m, person().position_m)


@pytest.mark.parametrize("factor", [1000, 100, 0.001])
def test_another_unit_is_an_error_that_says_so(factor):
    with pytest.raises(InputError, match="unit"):
        check_markers(changed(person().position_m * factor))


def test_doubles_are_an_error_that_names_them():
    names = ("RHip", *tuple(PLACES)[1:])
    with pytest.raises(InputError, match="RHip"):
        check_markers(person(names=names))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda p: p[..., [0, 2, 1]], "lies along Z", id="y and z swapped"),
        pytest.param(lambda p: p * [1, -1, 1], "lies along Y", id="upside down"),
        pytest.param(lambda p: p * [1, 1, -1], "feet point backwards", id="mirrored room"),
    ],
)
def test_swapped_axes_and_mirrored_people_are_doubted(change, words):
    _, doubts = check_markers(changed(change(person().position_m)))
    assert any(words in doubt.text for doubt in doubts)
    assert all(doubt.verdict == "warn" for doubt in doubts)


def test_turned_people_are_not_doubted():
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    assert check_markers(changed(person().position_m @ turn))[1] == []


def test_zeros_are_taken_for_missing_and_said():
    position = person().position_m.copy()
    position[2, 3] = 0
    markers, doubts = check_markers(changed(position))
    assert np.isnan(markers.position_m[2, 3]).all()
    assert "taken for missing" in doubts[0].text


def test_gaps_and_empty_frames_are_no_errors():
    position = person().position_m.copy()
    position[0] = np.nan
    position[:, 4] = np.nan
    assert check_markers(changed(position))[1] == []


class TestFollowed:
    def test_frames_with_too_few_markers_are_not_usable(self):
        position = person().position_m.copy()
        position[1, 2:] = np.nan
        found = followed_markers(changed(position), tuple(PLACES), dict.fromkeys(PLACES, 2.0))
        assert found.usable.tolist() == [True, False, True, True]
        assert (found.weight[1] > 0).sum() == 2
        assert found.weight[found.weight > 0].mean() == pytest.approx(1)

    def test_no_marker_of_the_model_is_an_error(self):
        with pytest.raises(InputError, match="too few markers"):
            followed_markers(person(), ("x", "y", "z"), dict.fromkeys(("x", "y", "z"), 1.0))

    def test_variances_make_weights_and_unknown_ones_get_the_usual(self):
        variance = np.full((4, len(PLACES)), 1e-4)
        variance[:, 0], variance[:, 1] = 4e-4, np.nan
        found = followed_markers(person(), tuple(PLACES), dict.fromkeys(PLACES, 1.0), variance)
        assert np.allclose(found.weight[0, 1] / found.weight[0, 0], 4)
