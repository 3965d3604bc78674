from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from kineograph.geometry.epipolar import fundamental_matrix, sampson_distance_px
from kineograph.geometry.projection import distort, largest_distortion_px, project, undistort, undistort_pixels
from kineograph.geometry.rays import nearest_point_m, ray_ray_distance_m
from kineograph.geometry.rotation import matrix_from_vector, vector_from_matrix
from kineograph.geometry.spread_points import spread_points
from kineograph.geometry.triangulation import position_covariance, triangulate_dlt, triangulate_excluding
from synthetic.scene import ring

RANDOM = np.random.default_rng(1)


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.floats(-1, 1)] * 3), st.floats(0, np.pi))
def test_rotation_vector_and_matrix_are_inverse_at_every_angle(axis, angle):
    axis = np.array(axis)
    if np.linalg.norm(axis) < 1e-3:
        axis = np.array([0.0, 0.0, 1.0])
    vector = axis / np.linalg.norm(axis) * angle
    matrix = matrix_from_vector(vector)
    assert np.allclose(matrix, cv2.Rodrigues(vector)[0], atol=1e-12)
    assert np.allclose(matrix_from_vector(vector_from_matrix(matrix)), matrix, atol=1e-9)


def test_projection_equals_opencv():
    points = RANDOM.normal(0, 0.5, (50, 3)) + [0, 0, 0.9]
    for camera in ring(3).cameras:
        expected = cv2.projectPoints(
            points, cv2.Rodrigues(camera.rotation)[0], camera.translation_m, camera.intrinsics, camera.distortion
        )[0][:, 0]
        assert np.abs(project(camera, points) - expected).max() < 1e-9


def test_fisheye_projection_equals_opencv():
    import dataclasses

    camera = dataclasses.replace(ring(1).cameras[0], fisheye=True, distortion=np.array([0.05, -0.01, 0.003, 0.001]))
    points = RANDOM.normal(0, 0.5, (50, 3)) + [0, 0, 0.9]
    expected = cv2.fisheye.projectPoints(
        points[:, None], cv2.Rodrigues(camera.rotation)[0], camera.translation_m, camera.intrinsics, camera.distortion
    )[0][:, 0]
    assert np.abs(project(camera, points) - expected).max() < 1e-8


@pytest.mark.parametrize("distortion", [(-0.05, 0.02, 0.0005, -0.0003), (-0.28, 0.1, 0.001, 0.0, -0.02)])
def test_undistort_inverts_distort(distortion):
    camera = ring(1, distortion=distortion).cameras[0]
    flat = RANDOM.uniform(-0.6, 0.6, (200, 2)) * [1, 0.6]
    assert np.abs(undistort(camera, distort(camera, flat)) - flat).max() < 1e-9


def test_points_behind_a_camera_have_no_projection():
    camera = ring(1).cameras[0]
    behind = camera.position_m * 2
    assert np.isnan(project(camera, behind[None])).all()


def test_noise_free_triangulation_is_exact():
    rig = ring(5)
    points = RANDOM.normal(0, 0.6, (400, 3)) + [0, 0, 0.9]
    image = np.stack([undistort_pixels(camera, project(camera, points)) for camera in rig.cameras], axis=1)
    projection = np.array([camera.projection for camera in rig.cameras])
    result = triangulate_excluding(image, np.ones(image.shape[:2]), projection, max_error_px=15, min_cameras=2)
    assert np.linalg.norm(result.position_m - points, axis=1).max() < 1e-6
    assert result.used.all()
    assert result.error_px.max() < 1e-6


def test_exclusion_finds_the_camera_that_is_wrong():
    rig = ring(5)
    points = RANDOM.normal(0, 0.4, (60, 3)) + [0, 0, 0.9]
    image = np.stack([undistort_pixels(camera, project(camera, points)) for camera in rig.cameras], axis=1)
    wrong = RANDOM.integers(0, 5, len(points))
    image[np.arange(len(points)), wrong] += 120
    projection = np.array([camera.projection for camera in rig.cameras])
    result = triangulate_excluding(image, np.ones(image.shape[:2]), projection, max_error_px=5, min_cameras=2)
    expected = np.ones(result.used.shape, bool)
    expected[np.arange(len(points)), wrong] = False
    assert (result.used == expected).all()
    assert np.linalg.norm(result.position_m - points, axis=1).max() < 1e-6


def test_points_that_no_two_cameras_agree_on_are_missing():
    rig = ring(3)
    image = RANDOM.uniform(0, 1000, (40, 3, 2))
    projection = np.array([camera.projection for camera in rig.cameras])
    result = triangulate_excluding(image, np.ones((40, 3)), projection, max_error_px=0.5, min_cameras=2)
    missing = np.isnan(result.error_px)
    assert missing.mean() > 0.8
    assert np.isnan(result.position_m[missing]).all()
    assert not result.used[missing].any()
    alone = triangulate_excluding(
        image, np.eye(3)[RANDOM.integers(0, 3, 40)], projection, max_error_px=1e9, min_cameras=2
    )
    assert np.isnan(alone.position_m).all()


def test_many_cameras_need_bounded_memory():
    rig = ring(12)
    points = RANDOM.normal(0, 0.4, (300, 3)) + [0, 0, 0.9]
    image = np.stack([undistort_pixels(camera, project(camera, points)) for camera in rig.cameras], axis=1)
    image += RANDOM.normal(0, 60, image.shape)
    projection = np.array([camera.projection for camera in rig.cameras])
    result = triangulate_excluding(image, np.ones(image.shape[:2]), projection, max_error_px=8, min_cameras=9)
    assert result.position_m.shape == (300, 3)


def test_dlt_weights_pull_towards_the_heavier_camera():
    rig = ring(3)
    points = np.array([[0.1, 0.2, 1.0]])
    image = np.stack([undistort_pixels(camera, project(camera, points)) for camera in rig.cameras], axis=1)
    image[:, 0] += 10
    projection = np.array([camera.projection for camera in rig.cameras])
    light = triangulate_dlt(image, np.array([[0.1, 1, 1]]), projection)
    heavy = triangulate_dlt(image, np.array([[10, 1, 1.0]]), projection)
    assert np.linalg.norm(light - points) < np.linalg.norm(heavy - points)


def test_covariance_is_that_of_repeated_measurements():
    rig = ring(4)
    point = np.array([0.2, -0.1, 1.1])
    sigma = 2.0
    projection = np.array([camera.projection for camera in rig.cameras])
    clean = np.stack([undistort_pixels(camera, project(camera, point[None]))[0] for camera in rig.cameras])
    image = clean + np.random.default_rng(3).normal(0, sigma, (4000, 4, 2))
    measured = np.cov((triangulate_dlt(image, np.ones((4000, 4)), projection)).T)
    predicted = position_covariance(projection, point[None], np.ones((1, 4), bool), np.array([sigma]))[0]
    assert np.allclose(np.sqrt(np.diag(predicted)), np.sqrt(np.diag(measured)), rtol=0.06)


def test_views_of_one_point_have_no_sampson_distance_and_others_do():
    rig = ring(2)
    points = np.random.default_rng(7).normal(0, 0.5, (100, 3)) + [0, 0, 0.9]
    a, b = (undistort_pixels(camera, project(camera, points)) for camera in rig.cameras)
    matrix = fundamental_matrix(*rig.cameras)
    assert np.abs(sampson_distance_px(matrix, a, b)).max() < 1e-6
    moved = sampson_distance_px(matrix, a, b + [0, 10.0])
    assert 2 < np.median(np.abs(moved)) < 10


def test_ray_distances():
    origin = np.zeros(3)
    forward = np.array([0, 0, 1.0])
    across = np.array([1.0, 0, 0])
    assert ray_ray_distance_m(origin, forward, np.array([0, 2.0, 5.0]), across) == pytest.approx(2)
    rays = np.array([[[0, 0, 1.0], [1.0, 0, 0]]])
    origins = np.array([[0, 0, 0], [-5.0, 2.0, 4.0]])
    assert np.allclose(nearest_point_m(origins, rays, np.ones((1, 2))), [[0, 1, 4]])


def test_largest_distortion_is_that_at_the_corner():
    straight = ring(1, distortion=(0, 0, 0, 0)).cameras[0]
    assert largest_distortion_px(straight) < 1e-9
    assert largest_distortion_px(ring(1, distortion=(-0.2, 0, 0, 0)).cameras[0]) > 50


@pytest.mark.parametrize("dimensions", [1, 6, 37])
def test_spread_points_are_the_halton_sequence(dimensions):
    expected = qmc.Halton(dimensions, scramble=True, rng=np.random.default_rng(5)).random(300)
    assert np.array_equal(spread_points(300, dimensions, np.random.default_rng(5).spawn(1)[0]), expected)
