"""Where cameras stand to each other, from what pairs of them saw: placed one after another, then adjusted together.

The best-conditioned pair comes first; each further camera is placed by its relative pose to one that is placed, at the
distance that the points seen so far give (incremental structure from motion; Hartley & Zisserman, Multiple View Geometry, 2nd
ed., section 18.6). Cameras are ideal here, without distortion; the distance between the first two is the unit of length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from kineograph.geometry.bundle_adjustment import Priors, adjust, residuals_px, triangulate
from kineograph.geometry.projection import to_normalized
from kineograph.geometry.relative_pose import best_relative_pose, depths, essential_matrix, parallax_sine, sampson
from kineograph.model.camera import Camera
from kineograph.model.shapes import FloatArray

Pair = tuple[int, int]
FEWEST_AGREEING = 60
"""Fewest image points in different places that link two cameras."""
CELLS = 0.1
"""Image points nearer to each other than this part of the person's size, in both images, count as one."""
WORST_COST = 0.55
"""Views that disagree more are not linked: unrelated ones come to 0.5-0.7 at the lag that happens to suit them best."""
LEAST_SHARE = 0.4
"""A camera is placed where this part of its image points agrees; sides may be exchanged in others."""
AGREES = 2.5
"""A point agrees where it is nearer than so many times the scale of the loss."""
FREE = Priors(turn_rad=1e3, shift_m=1e3, focal=0.05, k1=0.02)
BEST_SINE = 0.7
"""A wider angle between lines of sight than this (45 degrees) makes a pair no better."""


@dataclass(frozen=True)
class Link:
    """Two cameras that saw the same.

    Attributes
    ----------
    rotation, direction : (3, 3) and (3,) arrays
        From the first to the second camera; the direction of its shift.
    cost : float
        Disagreement, 0 to 1.
    agreeing : int
        Image points, in different places, that agree.
    sine : float
        Typical sine of the angle between the lines of sight.
    """

    rotation: FloatArray
    direction: FloatArray
    cost: float
    agreeing: int
    sine: float

    @property
    def strength(self) -> float:
        """How well two cameras start a reconstruction."""
        return self.agreeing * (1 - self.cost) * min(self.sine, BEST_SINE)


def find_links(normalized: FloatArray, size: FloatArray, scale: float) -> dict[Pair, Link]:
    """The relative poses of all pairs of cameras that agree.

    Parameters
    ----------
    normalized : (N, C, 2) array
        Undistorted image points in normalized coordinates, NaN where missing.
    size : (C,) array
        The person's typical size in each, in the same unit.
    scale : float
        Distance from agreement of a point that is just about right.
    """
    links = {}
    for i, j in combinations(range(normalized.shape[1]), 2):
        both = np.isfinite(normalized[:, [i, j], 0]).all(axis=1)
        first, second = normalized[both, i], normalized[both, j]
        cells = np.floor(np.concatenate([first / size[i], second / size[j]], axis=1) / CELLS) if both.any() else first
        kept = np.unique(cells, axis=0, return_index=True)[1]
        found = best_relative_pose(first[np.sort(kept)], second[np.sort(kept)], scale)
        if not found.cost[0] <= WORST_COST:
            continue
        a, b = first[None, kept], second[None, kept]
        near, far = depths(found.rotation, found.direction, a, b)
        distance = sampson(essential_matrix(found.rotation, found.direction), a, b)
        agrees = (np.abs(distance) < AGREES * scale) & (near > 0) & (far > 0)
        if agrees.sum() < FEWEST_AGREEING:
            continue
        sine = float(np.median(parallax_sine(found.rotation, a, b)[agrees]))
        links[i, j] = Link(found.rotation[0], found.direction[0], float(found.cost[0]), int(agrees.sum()), sine)
    return links


def place_cameras(
    lenses: Sequence[Camera], image_px: FloatArray, links: dict[Pair, Link], scale_px: float
) -> list[Camera | None]:
    """The cameras with poses, in the frame of one of them; None for those that nothing links to the rest.

    Parameters
    ----------
    lenses : sequence of Camera
        C cameras without distortion.
    image_px : (N, C, 2) array
        Ideal image points, NaN where missing.
    links : dict of (int, int) to Link
        From :func:`find_links`.
    scale_px : float
        Distance of a point that is just about right, px.
    """
    placed: list[Camera | None] = [None] * len(lenses)
    if not links:
        return placed
    i, j = max(links, key=lambda pair: links[pair].strength)
    placed[i] = replace(lenses[i], rotation=np.eye(3), translation_m=np.zeros(3))
    placed[j] = replace(lenses[j], rotation=links[i, j].rotation, translation_m=links[i, j].direction)
    placed = adjusted(placed, image_px)
    while (best := _next(lenses, placed, image_px, links, scale_px)) is not None:
        placed[best[0]] = best[1]
        placed = adjusted(placed, image_px)
    return placed


def adjusted(
    placed: Sequence[Camera | None], image_px: FloatArray, weight: FloatArray | None = None
) -> list[Camera | None]:
    """All placed cameras adjusted together, the first of them staying where it is."""
    which = [index for index, camera in enumerate(placed) if camera is not None]
    cameras = [camera for camera in placed if camera is not None]
    image = image_px[:, which]
    weights = np.isfinite(image[..., 0]).astype(float) if weight is None else weight[:, which]
    free = np.arange(len(which)) > 0
    fit = adjust(cameras, image, weights, free=free, priors=FREE)
    result: list[Camera | None] = [None] * len(placed)
    for index, camera in zip(which, fit.cameras, strict=True):
        result[index] = camera
    return result


def points_of(placed: Sequence[Camera | None], image_px: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The points (N, 3) that the placed cameras show, and the distance of each image point from them, (N, C), px."""
    which = [index for index, camera in enumerate(placed) if camera is not None]
    cameras = [camera for camera in placed if camera is not None]
    image = image_px[:, which]
    points = triangulate(cameras, image, np.isfinite(image[..., 0]).astype(float), rounds=3)
    distance = np.full(image_px.shape[:2], np.nan)
    distance[:, which] = np.linalg.norm(residuals_px(cameras, points, image), axis=-1)
    return points, distance


def _next(
    lenses: Sequence[Camera],
    placed: Sequence[Camera | None],
    image_px: FloatArray,
    links: dict[Pair, Link],
    scale_px: float,
) -> tuple[int, Camera] | None:
    """The camera that fits best to those placed, with its pose; None where nothing links any."""
    points, _ = points_of(placed, image_px)
    best: tuple[int, int, Camera] | None = None
    for pair, link in links.items():
        for known, new, rotation, direction in (
            (*pair, link.rotation, link.direction),
            (*pair[::-1], link.rotation.T, -link.rotation.T @ link.direction),
        ):
            base = placed[known]
            if base is None or placed[new] is not None:
                continue
            camera = _at_distance(lenses[new], base, rotation, direction, points, image_px[:, new])
            if camera is None:
                continue
            agreeing, share = _agreeing(camera, points, image_px[:, new], scale_px)
            if share < LEAST_SHARE:
                continue
            if best is None or agreeing > best[0]:
                best = (agreeing, new, camera)
    if best is None or best[0] < FEWEST_AGREEING:
        return None
    return best[1], best[2]


def _at_distance(
    lens: Camera, base: Camera, rotation: FloatArray, direction: FloatArray, points: FloatArray, image_px: FloatArray
) -> Camera | None:
    """The lens at a relative pose to a placed camera, at the distance that the points (N, 3) give on median."""
    seen = np.isfinite(points).all(axis=1) & np.isfinite(image_px[:, 0])
    if seen.sum() < FEWEST_AGREEING:
        return None
    turned = (points[seen] @ base.rotation.T + base.translation_m) @ rotation.T
    ray = np.column_stack([to_normalized(lens, image_px[seen]), np.ones(int(seen.sum()))])
    across, moved = np.cross(ray, turned), np.cross(ray, direction)
    distance = -np.sum(across * moved, axis=1) / np.maximum(np.square(moved).sum(axis=1), 1e-12)
    distance = distance[np.isfinite(distance)]
    scale = float(np.median(distance))
    if scale <= 0:
        return None
    turn = rotation @ base.rotation
    return replace(lens, rotation=turn, translation_m=rotation @ base.translation_m + scale * direction)


def _agreeing(camera: Camera, points: FloatArray, image_px: FloatArray, scale_px: float) -> tuple[int, float]:
    """How many of the camera's image points (N, 2) are about where the points (N, 3) project, and which part of them."""
    distance = np.linalg.norm(residuals_px([camera], points, image_px[:, None])[:, 0], axis=-1)
    count = int(np.sum(distance < 3 * AGREES * scale_px))
    return count, count / max(int(np.isfinite(points[:, 0]).astype(int) @ np.isfinite(image_px[:, 0]).astype(int)), 1)
