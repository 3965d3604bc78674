"""The pure parts of association: births, joining, body sizes, and the heights that jobs are given."""

from __future__ import annotations

import numpy as np
import pytest

from kineograph.dataset.records import CalibrationSource, Dataset, Participant, Trial
from kineograph.geometry.births import born
from kineograph.geometry.body_size import BodySize
from kineograph.geometry.followed import Stretch
from kineograph.geometry.joining import join

FPS = 50.0


def stretch(start, stop, place, velocity=(0.0, 0.0)):
    """Somebody who walks along a line and is seen by three cameras."""
    frames = np.arange(start, stop)
    centre = np.zeros((len(frames), 3))
    centre[:, :2] = np.asarray(place) + (frames - start)[:, None] / FPS * np.asarray(velocity)
    return Stretch(frames, np.zeros((len(frames), 3), int), centre)


def joined(stretches, lengths=None):
    count = len(stretches)
    lengths = np.full((count, 4), np.nan) if lengths is None else np.tile(np.asarray(lengths, float)[:, None], (1, 4))
    return join(stretches, BodySize(lengths, np.where(np.isfinite(lengths), 40, 0)), FPS, 0.2, 8.0)


class TestJoin:
    def test_people_who_pass_each_other_unseen_go_on_as_they_went(self):
        """The ends are nearer to the wrong beginnings: velocity decides."""
        ends = [stretch(0, 100, (-2.3, 0), (1.0, 0)), stretch(0, 100, (2.3, 0.4), (-1.0, 0))]
        starts = [stretch(130, 230, (0.3, 0), (1.0, 0)), stretch(130, 230, (-0.3, 0.4), (-1.0, 0))]
        found = joined([*ends, *starts])
        assert found.people == ((0, 2), (1, 3))
        assert found.doubts == ()

    def test_the_best_joining_of_all_is_not_the_greedy_one(self):
        """The nearest pair of all would leave the other two with a joint that can't be."""
        stretches = [
            stretch(0, 100, (0.0, 0)),
            stretch(0, 100, (1.2, 0)),
            stretch(120, 220, (0.7, 0)),
            stretch(120, 220, (1.9, 0)),
        ]
        assert joined(stretches).people == ((0, 2), (1, 3))

    def test_nobody_is_in_two_places_at_once_nor_faster_than_people(self):
        assert joined([stretch(0, 100, (0, 0)), stretch(90, 200, (0, 0))]).people == ((0,), (1,))
        assert joined([stretch(0, 100, (0, 0)), stretch(105, 200, (4, 0))]).people == ((0,), (1,))

    def test_what_places_leave_open_is_a_doubt_and_sizes_decide_it(self):
        stretches = [stretch(0, 100, (x, 0)) for x in (-0.2, 0.2)] + [stretch(250, 350, (x, 0)) for x in (-0.2, 0.2)]
        doubt = joined(stretches).doubts[0]
        assert (doubt.people, doubt.from_frame, doubt.to_frame) == ((0, 1), 99, 250)
        sized = joined(stretches, lengths=(0.40, 0.46, 0.46, 0.40))
        assert sized.people == ((0, 3), (1, 2))
        assert sized.doubts == ()

    def test_one_who_vanishes_beside_another_who_comes_is_in_doubt(self):
        """Either of two may have come back."""
        found = joined([stretch(0, 100, (-0.2, 0)), stretch(0, 100, (0.2, 0)), stretch(250, 350, (0, 0))])
        assert len(found.people) == 2
        assert len(found.doubts) == 1


class TestBodySize:
    def test_the_ratio_of_sizes_and_what_is_not_known(self):
        size = BodySize(np.array([[0.4, 0.3, 0.5], [0.44, 0.33, 0.55], [np.nan] * 3]), np.full((3, 3), 40))
        ratio, error = size.log_ratio()
        assert ratio[1, 0] == pytest.approx(np.log(1.1))
        assert (ratio == -ratio.T).all()
        assert error[1, 0] < 0.03
        assert np.isinf(error[2]).all()


class TestBirths:
    origins = np.array([[4.0, 0, 1.5], [0, 4.0, 1.5], [-4.0, 0, 1.6]])

    def rays(self, people):
        """Every camera sees everybody: directions (C, D, K, 3) and weights."""
        toward = np.stack([[person - origin for person in people] for origin in self.origins])
        return toward / np.linalg.norm(toward, axis=-1, keepdims=True), np.ones(toward.shape[:-1])

    def person(self, x, y):
        random = np.random.default_rng(1)
        return np.array([x, y, 0.9]) + random.uniform(-1, 1, (8, 3)) * [0.25, 0.25, 0.8]

    def born(self, people, free=None, there=()):
        direction, weight = self.rays(people)
        free = np.ones(weight.shape[:2], bool) if free is None else free
        there_m = np.reshape(np.array(there), (-1, 8, 3))
        return born(direction, weight, free, self.origins, there_m, np.ones(there_m.shape[:2], bool), 0.1, 0.2)

    def test_views_that_agree_are_the_people(self):
        people = [self.person(-0.5, 0.2), self.person(0.6, 0.1)]
        found = self.born(people)
        assert sorted(birth.detection.tolist() for birth in found) == [[0, 0, 0], [1, 1, 1]]
        assert min(np.abs(found[0].points_m - person).max() for person in people) < 1e-9

    def test_a_second_box_around_somebody_who_is_there_is_nobody(self):
        assert self.born([self.person(0, 0)], there=[self.person(0.02, 0)]) == []

    def test_one_camera_makes_nobody(self):
        assert self.born([self.person(0, 0)], free=np.array([[True], [False], [False]])) == []


def test_heights_are_given_only_where_there_is_somebody_to_be_told_from(tmp_path):
    """So that a height of a participant who is always alone leaves association as it is."""
    calibration = CalibrationSource("c", tmp_path)
    one, two = (Trial("S", name, people, (), calibration) for name, people in (("a", ("A",)), ("b", ("A", "B"))))
    dataset = Dataset((one, two), {"A": Participant("A", 1.8), "B": Participant("B")})
    assert dataset.telling_heights_m(one) == {}
    assert dataset.telling_heights_m(two) == {"A": 1.8}
