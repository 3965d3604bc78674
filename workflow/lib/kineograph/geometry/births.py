"""People who come into view: detections of several cameras whose lines of sight meet in a body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.rays import nearest_point_m, ray_ray_distance_m
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

FEWEST_KEYPOINTS = 4
TWIN_KEYPOINTS = 2
"""So few in common show that two are one: where the detector parts a person, the halves share little but the hips."""
LARGEST_BODY_M = 1.5
"""No keypoint is farther from the middle of a body: a larger one is made of two people's views."""
NEAREST_M = 0.2
"""Nobody stands closer to a camera, nor behind it."""


@dataclass(frozen=True)
class Birth:
    """Somebody new.

    Attributes
    ----------
    detection : (C,) array of int
        Each camera's detection; -1 for none.
    points_m : (K, 3) array
        m; 0 where not known.
    known : (K,) array of bool
        Which points are known.
    """

    detection: IntArray
    points_m: FloatArray
    known: BoolArray


def born(
    direction: FloatArray,
    weight: FloatArray,
    free: BoolArray,
    origins_m: FloatArray,
    there_m: FloatArray,
    there_known: BoolArray,
    max_distance_m: float,
    twin_distance_m: float,
) -> list[Birth]:
    """New people among free detections; those on whom most views agree first.

    Every pair of views that meet is a guess. Guesses compete: the one that most cameras agree with takes its detections,
    so that coincidences of two people's views get what real people leave, if anything.

    Parameters
    ----------
    direction : (C, D, K, 3) array
        Lines of sight of one frame; 0 where not shown.
    weight : (C, D, K) array
        Confidence; 0 where not shown.
    free : (C, D) array of bool
        Detections that are nobody's yet.
    origins_m : (C, 3) array
        Cameras, m.
    there_m, there_known : (A, K, 3) array, (A, K) array of bool
        Those seen in this frame already: a second box around one of them is nobody new.
    max_distance_m : float
        Largest typical (median) distance of lines of sight from each other.
    twin_distance_m : float
        A person so near to one who is there is the same person.
    """
    camera, index = np.nonzero(free)
    ray, confidence = direction[camera, index], weight[camera, index]
    first, second = np.triu_indices(len(camera), 1)
    different = camera[first] != camera[second]
    first, second = first[different], second[different]
    both = (confidence[first] > 0) & (confidence[second] > 0)
    origin = origins_m[camera]
    apart = ray_ray_distance_m(origin[first][:, None], ray[first], origin[second][:, None], ray[second])
    good = _mostly(both & (apart <= max_distance_m), both)
    first, second, both = first[good], second[good], both[good]
    if not len(first):
        return []
    points = _meeting(origin, ray, confidence, np.stack([first, second], axis=1), both)
    body = _is_a_body(points, both, origin[first], ray[first], origin[second], ray[second])
    points, both = points[body], both[body]
    offset = points[:, None] - origin[:, None]  # (guesses, detections, K, 3)
    along = (offset * ray).sum(axis=-1)
    distance = np.sqrt(np.maximum((offset * offset).sum(axis=-1) - along * along, 0))
    common = both[:, None] & (confidence > 0)
    agrees = _mostly(common & (distance <= max_distance_m) & (along > NEAREST_M), common)
    typical = np.where(common, np.minimum(distance / max_distance_m, 1), 0).sum(-1) / np.maximum(common.sum(-1), 1)
    quality = np.where(agrees, 2 - typical, 0.0)
    new: list[Birth] = []
    left = np.ones(len(camera), bool)
    while len(quality):
        views = np.zeros((len(quality), len(origins_m)))
        for one in range(len(origins_m)):
            views[:, one] = (quality * (left & (camera == one))).max(axis=1, initial=0.0)
        number = (views > 0).sum(axis=1)
        best = int((number + 0.1 * views.sum(axis=1) / np.maximum(number, 1)).argmax())
        if number[best] < 2:
            break
        members = [int((quality[best] * (left & (camera == one))).argmax()) for one in np.flatnonzero(views[best])]
        left[members] = False
        quality[best] = 0
        birth = _birth(origin, ray, confidence, members, camera, index, len(origins_m))
        if birth.known.sum() >= FEWEST_KEYPOINTS and not _is_there(birth, there_m, there_known, twin_distance_m):
            new.append(birth)
            there_m = np.concatenate([there_m, birth.points_m[None]])
            there_known = np.concatenate([there_known, birth.known[None]])
    return new


def _mostly(near: BoolArray, common: BoolArray, fewest: int = FEWEST_KEYPOINTS) -> BoolArray:
    """Where enough keypoints are common and at least half of them near: the median is."""
    count = common.sum(axis=-1)
    result: BoolArray = (count >= fewest) & (2 * near.sum(axis=-1) >= count)
    return result


def _meeting(
    origin: FloatArray, ray: FloatArray, confidence: FloatArray, group: IntArray, known: BoolArray
) -> FloatArray:
    """The points (N, K, 3) where the lines of sight of groups (N, n) of detections meet; 0 where not known (N, K)."""
    points = np.zeros((*known.shape, 3))
    for number, members in enumerate(group):
        there = known[number]
        rays, weight = ray[members][:, there].swapaxes(0, 1), confidence[members][:, there].T
        points[number, there] = nearest_point_m(origin[members], rays, weight)
    return points


def _is_a_body(
    points: FloatArray,
    known: BoolArray,
    origin_a: FloatArray,
    ray_a: FloatArray,
    origin_b: FloatArray,
    ray_b: FloatArray,
) -> BoolArray:
    """Where points (N, K, 3) are in front of both cameras and no farther apart than a body's."""
    middle = (points * known[..., None]).sum(axis=1) / np.maximum(known.sum(axis=1), 1)[:, None]
    reach = np.linalg.norm(points - middle[:, None], axis=-1)
    ahead = [((points - o[:, None]) * r).sum(-1) > NEAREST_M for o, r in ((origin_a, ray_a), (origin_b, ray_b))]
    return _mostly(known & (reach < LARGEST_BODY_M) & ahead[0] & ahead[1], known)


def _birth(
    origin: FloatArray,
    ray: FloatArray,
    confidence: FloatArray,
    members: list[int],
    camera: IntArray,
    index: IntArray,
    cameras: int,
) -> Birth:
    known = (confidence[members] > 0).sum(axis=0) >= 2
    points = _meeting(origin, ray, confidence, np.array([members]), known[None])[0]
    detection = np.full(cameras, -1)
    detection[camera[members]] = index[members]
    return Birth(detection, points, known)


def _is_there(birth: Birth, there_m: FloatArray, there_known: BoolArray, distance_m: float) -> bool:
    common = there_known & birth.known
    near = common & (np.linalg.norm(there_m - birth.points_m, axis=-1) <= distance_m)
    return bool(_mostly(near, common, TWIN_KEYPOINTS).any())
