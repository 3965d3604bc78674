"""Pieces of people: each is one person's, and pieces of one person find each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from kineograph.geometry.epipolar import fundamental_matrix
from kineograph.geometry.projection import project, undistort_pixels
from kineograph.signal.robust import median_of_known
from kineograph.stages.same_people import lay_out_people
from kineograph.stages.seen_people import seen_people, windows
from synthetic.scene import Faults, film, ring, walker

FPS = 60.0
SECONDS = 5.0


@pytest.fixture(scope="module")
def halpe(skeletons):
    return skeletons("halpe26")


@pytest.fixture(scope="module")
def crossing(halpe):
    """Two people who walk through each other's way and are not detected where they are hidden."""
    return [
        walker(halpe, start_m=(-1.4, -0.2), velocity_m_s=(0.6, 0.05)),
        walker(halpe, start_m=(1.4, 0.3), velocity_m_s=(-0.6, -0.1), phase=1.0, height_m=1.65),
    ]


@pytest.fixture(scope="module")
def seen(halpe, crossing):
    rig = ring(4)
    faults = Faults(noise_px=1.0, lost_detections=0.05, overlap=0.5)
    keypoints = film(rig, halpe, crossing, seconds=SECONDS, fps_hz=FPS, faults=faults, shuffle=True)
    return rig, seen_people(keypoints, rig, np.full(4, FPS), FPS, 0.4)


def whose(rig, camera, piece, people):
    """How far a piece is from each person, by frame: (F, P), px."""
    time_s = np.arange(piece.start, piece.stop) / FPS
    shown = [undistort_pixels(rig.cameras[camera], project(rig.cameras[camera], person(time_s))) for person in people]
    return np.stack(
        [median_of_known(np.linalg.norm(item - piece.position_px, axis=-1), axis=1)[0] for item in shown], axis=1
    )


def test_each_piece_is_one_persons(seen, crossing):
    rig, found = seen
    for camera, pieces in enumerate(found.pieces):
        assert len(pieces) >= 2
        for piece in pieces:
            far = whose(rig, camera, piece, crossing)
            nearest = far[np.isfinite(far).all(axis=1)].argmin(axis=1)
            assert (nearest == nearest[0]).all()


def test_most_of_what_is_seen_is_in_a_piece(seen):
    for pieces in seen[1].pieces:
        assert sum(len(piece.position_px) for piece in pieces) > 0.5 * 2 * SECONDS * FPS


def test_the_noise_of_smoothed_points_is_known(seen):
    """1 px a frame, smoothed over 0.04 s: 0.4-0.5 px."""
    assert (np.abs(seen[1].noise_px - 0.45) < 0.15).all()


@pytest.mark.parametrize("camera", range(4))
def test_people_have_the_same_place_in_all_views(seen, crossing, halpe, camera):
    rig, found = seen
    matrices = {(i, j): fundamental_matrix(rig.cameras[i], rig.cameras[j]) for i, j in combinations(range(4), 2)}
    views = lay_out_people(found.pieces, found.counts, matrices, np.zeros(4))
    count = len(halpe.keypoints)
    frame = np.arange(len(views[0])) / FPS
    truth = np.stack([person(frame) for person in crossing])
    for place in range(views[0].shape[1] // count):
        columns = slice(place * count, (place + 1) * count)
        by_camera = []
        for index in (0, camera):
            there = np.isfinite(views[index][:, columns, 0]).any(axis=1)
            straight = undistort_pixels(rig.cameras[index], project(rig.cameras[index], truth))
            with np.errstate(invalid="ignore"):
                far = np.nansum(np.abs(straight - views[index][:, columns]), axis=(2, 3))
            by_camera.append(np.where(there, far.argmin(axis=0), -1))
        both = (by_camera[0] >= 0) & (by_camera[1] >= 0)
        assert (by_camera[0][both] == by_camera[1][both]).all()


def test_someone_detected_twice_is_one_person(halpe):
    rig = ring(2)
    keypoints = film(rig, halpe, [walker(halpe)] * 2, seconds=3, faults=Faults(noise_px=1.0))
    for pieces in seen_people(keypoints, rig, np.full(2, FPS), FPS, 0.4).pieces:
        assert len(pieces) == 1
        assert len(pieces[0].position_px) == 180


def test_long_trials_are_looked_at_in_windows():
    assert windows(600, FPS) == [(0, 600)]
    spread = windows(36000, FPS)
    assert len(spread) == 20
    assert spread[0][0] == 0
    assert spread[-1][1] == 36000
