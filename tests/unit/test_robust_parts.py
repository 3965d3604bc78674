"""The parts of robust triangulation, each against another way to the same result."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kineograph.geometry import symmetric_systems
from kineograph.geometry.pixel_refinement import CUTOFF_SQUARED, project, robust_cost
from kineograph.geometry.robust_triangulation import triangulate_robust
from kineograph.geometry.side_swaps import exchange, reference_track
from kineograph.geometry.temporal_prior import learn_prior
from kineograph.geometry.view_offsets import learn_offsets
from kineograph.signal.smooth_series import covariances, factorize, smooth_alike, solve
from kineograph.signal.two_states import decide
from synthetic.scene import ring


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


@pytest.mark.parametrize(("white", "rough_m"), [(1.0, 1e-4), (0.2, 1e-4), (1.0, 2e-3)])
def test_the_roughness_of_a_movement_is_found(white, rough_m):
    """Measured: roughness within 20 %, the share of new noise within 3 %."""
    random = np.random.default_rng(4)
    path = np.cumsum(np.cumsum(np.cumsum(random.normal(0, rough_m, (600, 20, 3)), axis=0), axis=0), axis=0)
    stays = random.normal(0, 0.01, (1, 20, 3)) * np.sqrt(1 - white**2)
    measured = path + stays + random.normal(0, 0.01 * white, path.shape)
    measured[random.random((600, 20)) < 0.1] = np.nan
    covariance = np.tile(1e-4 * np.eye(3), (600, 20, 1, 1))
    prior = learn_prior(measured, covariance, np.isfinite(measured[..., 0]), 60.0)
    print(np.median(prior.roughness_m) / rough_m, np.median(prior.white) / white)
    assert 1 / 1.4 <= np.median(prior.roughness_m) / rough_m <= 1.4
    assert np.median(prior.white) == pytest.approx(white, rel=0.1)


def test_a_movement_is_rough_where_it_is_quick_only():
    random = np.random.default_rng(6)
    jerk = random.normal(0, 1e-5, (300, 10, 3))
    jerk[140:150] = random.normal(0, 1e-2, (10, 10, 3))
    jerk[140:150] -= jerk[140:150].mean(axis=0)
    path = np.cumsum(np.cumsum(np.cumsum(jerk, axis=0), axis=0), axis=0)
    measured = path + random.normal(0, 0.005, path.shape)
    prior = learn_prior(measured, np.tile(2.5e-5 * np.eye(3), (300, 10, 1, 1)), np.ones((300, 10), bool), 60.0)
    quiet, quick = np.median(prior.roughness_m[:100]), np.median(prior.roughness_m[142:148])
    print(quiet, quick)
    assert quiet < 1e-4
    assert 2e-3 < quick < 2e-2


def test_a_point_that_two_cameras_made_and_no_movement_leads_to_is_not_believed():
    """Nor one of three cameras to which nothing on a body can get; what three cameras show of a hard landing is."""
    when = np.arange(100) / 60.0
    fall = 2.5 * np.maximum(0.8 - when, 0.0)  # stops dead
    path = np.stack([np.zeros(100), np.zeros(100), fall], axis=-1)[:, None] + np.zeros((1, 4, 1))
    path[30, 1] += [0.1, 0.0, 0.0]
    path[30, 2] += [0.3, 0.0, 0.0]
    agreed = np.ones((100, 4), bool)
    agreed[:, 1] = False
    noisy = path + np.random.default_rng(7).normal(0, 0.004, path.shape)
    prior = learn_prior(noisy, np.tile(1.6e-5 * np.eye(3), (100, 4, 1, 1)), agreed, 60.0)
    assert prior.firm[:, [0, 3]].all()
    assert not prior.firm[30, 2]
    assert prior.firm[np.r_[0:30, 31:100], 2].all()
    assert np.linalg.norm(prior.smooth_m[30, [1, 2]] - path[30, 0], axis=-1).max() < 0.01


def _chain(random, frames, keypoints):
    """Information (6, F, K) with a gap, roughness (F, K), and the whole system of each keypoint."""
    root = random.normal(size=(frames, keypoints, 3, 3))
    information = root @ root.swapaxes(2, 3) * 1e4
    information[8:11] = 0.0
    roughness = 2e-3 * np.exp(0.5 * random.normal(size=(frames, keypoints)))
    third = np.diff(np.eye(frames), n=3, axis=0)
    whole = []
    for keypoint in range(keypoints):
        precision = 1 / (roughness[1 : frames - 2, keypoint] * roughness[2 : frames - 1, keypoint])
        system = np.kron(third.T * precision @ third, np.eye(3))
        for frame in range(frames):
            place = slice(3 * frame, 3 * frame + 3)
            system[place, place] += information[frame, keypoint]
        whole.append(system)
    return np.stack([information[..., i, j] for i, j in symmetric_systems.ENTRIES]), roughness, whole


@pytest.mark.parametrize("frames", [10, 25, 330])
def test_smoothed_points_and_covariances_are_those_of_the_whole_system(frames):
    random = np.random.default_rng(5)
    information, roughness, whole = _chain(random, frames, 2)
    right = random.normal(size=(frames, 2, 3))
    factor = factorize(information, roughness)
    found, spread = solve(factor, right), covariances(factor)
    for keypoint, system in enumerate(whole):
        np.testing.assert_allclose(
            found[:, keypoint].ravel(), np.linalg.solve(system, right[:, keypoint].ravel()), rtol=1e-6
        )
        exact = np.linalg.inv(system)
        for frame in range(frames):
            block = exact[3 * frame : 3 * frame + 3, 3 * frame : 3 * frame + 3]
            np.testing.assert_allclose(spread[frame, keypoint], block, rtol=1e-6, atol=1e-6 * np.abs(block).max())


def test_coordinates_that_are_known_alike_give_the_same_by_the_smaller_system():
    random = np.random.default_rng(8)
    position, weight = random.normal(size=(40, 2, 3)), random.uniform(1e3, 1e4, (40, 2))
    roughness = np.full((40, 2), 0.01)
    information = np.zeros((6, 40, 2))
    information[[0, 3, 5]] = weight
    whole = solve(factorize(information, roughness), weight[..., None] * position)
    np.testing.assert_allclose(smooth_alike(position, weight, roughness), whole, rtol=1e-6)


@pytest.mark.parametrize("offset_px", [0.0, 6.0])
def test_what_cameras_are_off_by_all_the_time_is_found(offset_px):
    """Measured: at most 0.1 px of none, 5.3 px on average of 6."""
    random = np.random.default_rng(9)
    projection = np.array([camera.projection for camera in ring(5).cameras])
    places = np.array([0.0, 0.0, 1.0]) + 0.3 * np.cumsum(random.normal(size=(150, 20, 3)), axis=0) / np.sqrt(150)
    image = np.moveaxis(project(projection, places.reshape(-1, 3).T)[0], -1, 0).reshape(150, 20, 5, 2)
    image = image + random.normal(0, 2.0, image.shape) + offset_px * random.normal(size=(20, 5, 2))
    used = random.random((150, 20, 5)) < 0.8
    points = triangulate_robust(
        image.reshape(-1, 5, 2), used.reshape(-1, 5).astype(float), projection, np.full((3000, 5), 500.0)
    )
    found = learn_offsets(
        image, used, points.position_m.reshape(150, 20, 3), projection, np.full((20, 5), np.hypot(2.0, 0.0))
    )
    print(found.max(), np.sqrt(np.mean(found**2)))
    if offset_px:
        assert np.sqrt(np.mean(found**2)) == pytest.approx(offset_px, rel=0.2)
    else:
        assert found.max() < 0.4
