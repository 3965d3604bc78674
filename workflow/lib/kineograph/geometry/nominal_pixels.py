"""Nominal pixels: every camera's images as if their longer side were 1920 px, so that limits mean the same at any resolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kineograph.geometry.projection import resizing
from kineograph.model.camera import Camera, Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.observations import Observations
from kineograph.model.shapes import FloatArray

LONGER_SIDE_PX = 1920
"""Of an image, turned or not, whose pixels are the nominal ones: full HD, for which the limits were chosen."""


def nominal_scale(size_px: tuple[int, int]) -> float:
    """How many nominal pixels a pixel of images of this width and height is."""
    return LONGER_SIDE_PX / max(size_px)


def picture_scale(size_px: tuple[int, int]) -> float:
    """The same where somebody or something points at details of a still picture, such as the corners of a board.

    These are found to a part of the picture's own pixel, so small pictures are not asked for more: never over 1.
    """
    return min(1.0, nominal_scale(size_px))


def nominal_camera(camera: Camera) -> Camera:
    """The camera with images of nominal pixels; the size is rounded to whole ones."""
    return _resized(camera, nominal_scale(camera.size_px))


def nominal_rig(rig: Rig) -> Rig:
    """All cameras with images of nominal pixels."""
    return replace(rig, cameras=tuple(nominal_camera(camera) for camera in rig.cameras))


def nominal_keypoints(keypoints: Keypoints2D, camera: Camera) -> Keypoints2D:
    """The keypoints in nominal pixels.

    Parameters
    ----------
    keypoints : Keypoints2D
        In the video's own pixels.
    camera : Camera
        Its calibration, for the same pixels: its image size counts, as that of the video may be unknown or cut at an edge.
    """
    scale = nominal_scale(camera.size_px)
    if scale == 1:
        return keypoints
    boxes = keypoints.bbox_px.reshape(*keypoints.bbox_px.shape[:-1], 2, 2)
    return replace(
        keypoints,
        position_px=_moved(keypoints.position_px, scale),
        bbox_px=_moved(boxes, scale).reshape(keypoints.bbox_px.shape),
        size_px=_size(keypoints.size_px, scale),
    )


def nominal_observations(observations: Observations, rig: Rig) -> Observations:
    """The observations in nominal pixels; the rig is their cameras', in the same order and for the videos' own pixels."""
    scale = np.array([nominal_scale(camera.size_px) for camera in rig.cameras])
    if (scale == 1).all():
        return observations
    return replace(
        observations,
        position_px=_moved(observations.position_px, scale[:, None]),
        size_px=np.round(observations.size_px * scale[:, None]).astype(int),
    )


def as_filmed(rig: Rig, filmed: Rig) -> Rig:
    """A rig that was computed in nominal pixels, in the pixels of the videos.

    Parameters
    ----------
    rig : Rig
        In nominal pixels.
    filmed : Rig
        The same cameras, or more, in the videos' own; what was not changed is given back to the last bit.
    """
    cameras = []
    for camera in rig.cameras:
        own = filmed[camera.name]
        if np.array_equal(camera.intrinsics, nominal_camera(own).intrinsics):
            intrinsics = own.intrinsics
        else:
            intrinsics = _resized(camera, 1 / nominal_scale(own.size_px)).intrinsics
        cameras.append(replace(camera, size_px=own.size_px, intrinsics=intrinsics))
    return replace(rig, cameras=tuple(cameras))


def _resized(camera: Camera, scale: float) -> Camera:
    if scale == 1:
        return camera
    return replace(camera, size_px=_size(camera.size_px, scale), intrinsics=resizing(scale) @ camera.intrinsics)


def _moved(pixels: FloatArray, scale: float | FloatArray) -> FloatArray:
    """Image points (..., 2) as :func:`~kineograph.geometry.projection.resizing` has them."""
    moved: FloatArray = (pixels + 0.5) * scale - 0.5
    return moved


def _size(size_px: tuple[int, int], scale: float) -> tuple[int, int]:
    width, height = size_px
    return round(width * scale), round(height * scale)
