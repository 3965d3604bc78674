"""From space to pixels and back to rays, with lens distortion (OpenCV's pinhole and fisheye models)."""

from __future__ import annotations

import numpy as np

from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray

UNDISTORT_ITERATIONS = 30
GRID = 9
"""Points a side of the grid on which distortion is looked at."""


def project(camera: Camera, points_m: FloatArray) -> FloatArray:
    """Project points into a camera's image, with its lens distortion.

    Parameters
    ----------
    camera : Camera
        The camera.
    points_m : (..., 3) array
        World positions, m.

    Returns
    -------
    (..., 2) array
        px; NaN for points that are NaN or not in front of the camera.
    """
    in_camera = points_m @ camera.rotation.T + camera.translation_m
    depth = in_camera[..., 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        normalized = np.where(depth > 0, in_camera[..., :2] / depth, np.nan)
    return to_pixels(camera, distort(camera, normalized))


def distort(camera: Camera, normalized: FloatArray) -> FloatArray:
    """Apply the lens distortion to normalized image coordinates, (..., 2) to (..., 2).

    Source: OpenCV, `projectPoints` and `fisheye::distortPoints` (https://docs.opencv.org/4.x/d9/d0c/group__calib3d.html).
    """
    x, y = normalized[..., 0], normalized[..., 1]
    r2 = x * x + y * y
    d = camera.distortion
    if camera.fisheye:
        r = np.sqrt(r2)
        theta = np.arctan(r)
        t2 = theta * theta
        bent = theta * (1 + t2 * (d[0] + t2 * (d[1] + t2 * (d[2] + t2 * d[3]))))
        scale = np.where(r > 1e-12, bent / np.where(r > 1e-12, r, 1.0), 1.0)
        fisheye: FloatArray = normalized * scale[..., None]
        return fisheye
    k1, k2, p1, p2, k3, k4, k5, k6 = np.concatenate([d, np.zeros(8 - len(d))])
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    bent_y = y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    return np.stack([bent_x, bent_y], axis=-1)


def undistort(camera: Camera, normalized: FloatArray) -> FloatArray:
    """Undo the lens distortion of normalized image coordinates, (..., 2) to (..., 2), by fixed-point iteration."""
    if not camera.distortion.any() and not camera.fisheye:
        return normalized
    result = normalized.copy()
    for _ in range(UNDISTORT_ITERATIONS):
        result = result + (normalized - distort(camera, result))
    return result


def to_pixels(camera: Camera, normalized: FloatArray) -> FloatArray:
    """Normalized image coordinates (..., 2) in px."""
    k = camera.intrinsics
    pixels: FloatArray = normalized @ k[:2, :2].T + k[:2, 2]
    return pixels


def to_normalized(camera: Camera, pixels: FloatArray) -> FloatArray:
    """Pixels (..., 2) as normalized image coordinates, still distorted."""
    k = camera.intrinsics
    y = (pixels[..., 1] - k[1, 2]) / k[1, 1]
    x = (pixels[..., 0] - k[0, 2] - k[0, 1] * y) / k[0, 0]
    return np.stack([x, y], axis=-1)


def undistort_pixels(camera: Camera, pixels: FloatArray) -> FloatArray:
    """The place in px, (..., 2), where an ideal lens would have shown what is seen at `pixels`."""
    return to_pixels(camera, undistort(camera, to_normalized(camera, pixels)))


def ray_directions(camera: Camera, pixels: FloatArray) -> FloatArray:
    """Unit vectors in the world, (..., 3), from the camera's centre through pixels (..., 2)."""
    flat = undistort(camera, to_normalized(camera, pixels))
    in_camera = np.concatenate([flat, np.ones((*flat.shape[:-1], 1))], axis=-1)
    world = in_camera @ camera.rotation
    directions: FloatArray = world / np.linalg.norm(world, axis=-1, keepdims=True)
    return directions


def largest_distortion_px(camera: Camera) -> float:
    """The largest shift in px that the lens distortion makes anywhere in the image, taken on a grid."""
    width, height = camera.size_px
    x, y = np.meshgrid(np.linspace(0, width - 1, GRID), np.linspace(0, height - 1, GRID))
    pixels = np.stack([x, y], axis=-1)
    ideal = to_normalized(camera, pixels)
    return float(np.linalg.norm(to_pixels(camera, distort(camera, ideal)) - pixels, axis=-1).max())


def resizing(scale: float) -> FloatArray:
    """What resizing an image does to its points, (3, 3): it takes u to ``(u + 0.5) * scale - 0.5``.

    Pixels are squares with their centres at whole numbers, and it is their edges that scale (as OpenCV's `resize` and ffmpeg do).
    """
    half = (scale - 1) / 2
    return np.array([[scale, 0.0, half], [0.0, scale, half], [0.0, 0.0, 1.0]])
