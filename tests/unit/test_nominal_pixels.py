"""Cameras, keypoints and observations in pixels of an image whose longer side is 1920, and back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kineograph.geometry.nominal_pixels import (
    as_filmed,
    nominal_camera,
    nominal_keypoints,
    nominal_rig,
    nominal_scale,
    picture_scale,
)
from kineograph.geometry.projection import largest_distortion_px, project
from kineograph.model.camera import Rig
from synthetic.scene import film, ring, walker

SIZES = [(3840, 2160), (1080, 1440), (640, 480), (1920, 1080), (1936, 1216)]


def cameras(size_px):
    return ring(3, size_px=size_px, focal_px=0.6 * max(size_px))


@pytest.mark.parametrize("size_px", SIZES)
def test_keypoints_stay_where_their_camera_projects(size_px, skeletons):
    """Points, boxes and cameras move together, also where the size of the video is not known."""
    rig, person = cameras(size_px), walker(skeletons("halpe26"))
    for camera, item in zip(rig.cameras, film(rig, skeletons("halpe26"), [person], seconds=0.1), strict=True):
        unknown = dataclasses.replace(item, size_px=(0, 0))
        nominal, moved = nominal_camera(camera), nominal_keypoints(unknown, camera)
        assert max(nominal.size_px) == 1920
        assert moved.size_px == (0, 0)
        seen = np.isfinite(moved.position_px[:, 0, :, 0])
        expected = project(nominal, person(item.time_s))
        assert np.abs(moved.position_px[:, 0] - expected)[seen].max() < 1e-9
        assert np.allclose(moved.bbox_px[..., 2] + 0.5, (item.bbox_px[..., 2] + 0.5) * 1920 / max(size_px))


@pytest.mark.parametrize("size_px", SIZES)
def test_a_rig_comes_back_with_what_was_changed_in_it(size_px):
    filmed = cameras(size_px)
    nominal = nominal_rig(filmed)
    assert nominal_rig(nominal).cameras[0] is nominal.cameras[0]
    zoomed = dataclasses.replace(nominal.cameras[1].zoomed(1.1), translation_m=np.ones(3))
    back = as_filmed(Rig((nominal.cameras[0], zoomed)), filmed)
    assert back.names == ("cam01", "cam02")
    assert np.array_equal(back["cam01"].intrinsics, filmed["cam01"].intrinsics)
    assert np.allclose(back["cam02"].intrinsics, filmed["cam02"].zoomed(1.1).intrinsics, rtol=0, atol=1e-9)
    assert (back["cam02"].translation_m == 1).all()
    assert {camera.size_px for camera in back.cameras} == {size_px}


def test_full_hd_is_as_it_was(skeletons):
    rig = ring(1)
    item = film(rig, skeletons("halpe26"), [walker(skeletons("halpe26"))], seconds=0.1)[0]
    assert nominal_keypoints(item, rig.cameras[0]) is item
    assert nominal_camera(rig.cameras[0]) is rig.cameras[0]


def test_the_scales():
    assert nominal_scale((1080, 1920)) == 1
    assert (nominal_scale((480, 640)), picture_scale((480, 640))) == (3, 1)
    assert (nominal_scale((3840, 2160)), picture_scale((3840, 2160))) == (0.5, 0.5)


def test_distortion_is_in_nominal_pixels_too():
    large, full_hd = cameras((3840, 2160)).cameras[0], cameras((1920, 1080)).cameras[0]
    assert largest_distortion_px(nominal_camera(large)) == pytest.approx(largest_distortion_px(full_hd), rel=0.02)
