"""The parts of robust triangulation, each against another way to the same result."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import CUTOFF_SQUARED, robust_cost
from kineograph.geometry.side_swaps import exchange, reference_track
from kineograph.signal.motion_noise import learn_motion, smoothed_covariance
from kineograph.signal.two_states import decide


def test_symmetric_systems_equal_numpy():
    random = np.random.default_rng(0)
    root = random.normal(size=(50, 3, 3))
    matrices = root @ root.swapaxes(1, 2) + 0.1 * np.eye(3)
    vectors = random.normal(size=(50, 3))
    entries = np.stack([matrices[:, i, j] for i, j in symmetric_systems.ENTRIES])
    inverted = symmetric_systems.inverse(entries)
    assert np.allclose(symmetric_systems.full(inverted), np.linalg.inv(matrices))
    assert np.allclose(symmetric_systems.full(entries), matrices)
    solved = symmetric_systems.times(inverted, vectors.T).T
    assert np.allclose(solved, np.linalg.solve(matrices, vectors[..., None])[..., 0])


def test_the_weight_is_the_derivative_of_the_cost():
    squared = np.linspace(0.1, 30, 200)
    odds = np.array([[0.05], [1.0], [3.0]])
    low, high = robust_cost(squared - 1e-5, odds)[0], robust_cost(squared + 1e-5, odds)[0]
    assert np.allclose((high - low) / 2e-5, robust_cost(squared, odds)[1], atol=1e-6)
    assert robust_cost(np.array(CUTOFF_SQUARED), np.array(1.0))[1] == pytest.approx(0.5)


def test_the_likeliest_states_are_those_of_all_sequences():
    random = np.random.default_rng(1)
    sequences = np.array(list(itertools.product([False, True], repeat=7)))
    changes = np.abs(np.diff(np.pad(sequences, ((0, 0), (1, 1))).astype(int), axis=1)).sum(axis=1)
    gain = random.normal(0, 4, (7, 200))
    found = decide(gain, 2.5)
    value = sequences @ gain - 2.5 * changes[:, None]
    assert np.array_equal(found.T, sequences[value.argmax(axis=0)])
    assert 0.1 < found.mean() < 0.9


def test_exchanging_twice_changes_nothing():
    random = np.random.default_rng(2)
    values = random.normal(size=(20, 6, 3, 2))
    limbs = [((0, 1), (2, 3)), ((4, 5),)]
    swapped = random.random((20, 2, 3)) < 0.3
    once = exchange(values, swapped, limbs)
    assert (once != values).any()
    assert np.array_equal(exchange(once, swapped, limbs), values)
    assert np.array_equal(once[:, 4][swapped[:, 1]], values[:, 5][swapped[:, 1]])


def test_where_cameras_disagree_the_points_around_tell():
    position = np.zeros((30, 1, 3))
    position[:, 0, 0] = np.arange(30)
    used = np.ones((30, 1, 4), bool)
    used[10, 0, :2] = False
    position[10] = 500.0
    track = reference_track(position, used, np.ones((30, 1, 4), bool))
    assert 9 <= track[10, 0, 0] <= 11
    assert np.array_equal(track[[9, 11]], position[[9, 11]])


def test_limbs_are_what_bones_join_on_each_side(skeletons):
    for name in ("halpe26", "body25b", "blazepose", "coco17"):
        skeleton = skeletons(name)
        limbs = skeleton.limbs()
        names = {group: {skeleton.keypoints[left][1:] for left, _ in pairs} for group, pairs in limbs.items()}
        assert {"Hip", "Knee", "Ankle"} <= names["Hip"]
        assert {"Shoulder", "Elbow", "Wrist"} <= names["Shoulder"]
        assert all(skeleton.keypoints[a][1:] == skeleton.keypoints[b][1:] for p in limbs.values() for a, b in p)


@pytest.mark.parametrize(("white", "rough_m"), [(1.0, 0.001), (0.2, 0.001), (1.0, 0.01)])
def test_the_roughness_of_a_movement_is_found(white, rough_m):
    """Measured: within a step of the grid (a factor of 1.8) each."""
    random = np.random.default_rng(4)
    path = np.cumsum(np.cumsum(random.normal(0, rough_m, (600, 20, 3)), axis=0), axis=0)
    stays = random.normal(0, 0.01, (1, 20, 3)) * np.sqrt(1 - white**2)
    measured = path + stays + random.normal(0, 0.01 * white, path.shape)
    measured[random.random((600, 20)) < 0.1] = np.nan
    roughness, share = learn_motion(measured, np.full((600, 20), 1e-4))
    assert 1 / 1.8 <= np.median(roughness) / rough_m <= 1.8
    assert 1 / 1.9 <= np.median(share) / white <= 1.9


def test_smoothed_covariances_are_those_of_the_whole_system():
    random = np.random.default_rng(5)
    frames, roughness = 25, 0.003
    root = random.normal(size=(frames, 1, 3, 3))
    information = root @ root.swapaxes(2, 3) * 1e4
    information[8:11] = 0.0
    second = np.diff(np.eye(frames), n=2, axis=0)
    whole = np.kron(second.T @ second, np.eye(3)) / roughness**2
    for frame in range(frames):
        whole[3 * frame : 3 * frame + 3, 3 * frame : 3 * frame + 3] += information[frame, 0]
    exact = np.linalg.inv(whole)
    found = smoothed_covariance(information, np.array([roughness]))
    for frame in range(frames):
        block = exact[3 * frame : 3 * frame + 3, 3 * frame : 3 * frame + 3]
        assert np.allclose(found[frame, 0], block, rtol=1e-3, atol=1e-9)
