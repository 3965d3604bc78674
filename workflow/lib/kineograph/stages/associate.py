"""Which detection of each camera is which participant, in every frame?

One algorithm for one person or many. The people seen so far are predicted where they last were; each camera's detections
are matched to them by the distance of lines of sight from the predicted points (Hungarian method, Kuhn 1955,
doi:10.1002/nav.3800020109). Detections left over start a new person where views of two or more cameras agree. What comes
out are stretches of people; the ones best supported, joined over gaps, are the participants. Everybody else is a bystander.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kineograph.geometry.projection import ray_directions
from kineograph.geometry.rays import nearest_point_m, point_ray_distance_m, ray_ray_distance_m
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray, IntArray, finite
from kineograph.model.skeleton import Skeleton
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import NOT_SEEN, PersonTracks
from kineograph.signal.common_clock import nearest_frames
from kineograph.signal.robust import median_of_known

STAGE = "association"
FEWEST_KEYPOINTS = 4
"""Two sets of keypoints are compared only where they share this many."""
MIN_CAMERAS = 2
FAR = 1e6
"""Cost of a pair that must not be matched."""
WARN_PRESENCE = 0.9
"""A participant seen by two cameras in fewer frames than this gets a warning, and in fewer than half a failing verdict."""
FAIL_PRESENCE = 0.5
WARN_CAMERA = 0.5
"""A camera that shows a participant in fewer frames than this is named."""


@dataclass(frozen=True)
class AssociateSettings:
    """Settings of the section ``association``."""

    min_confidence: float = 0.3
    max_distance_m: float = 0.2
    max_birth_distance_m: float = 0.1
    max_gap_s: float = 1.0
    max_speed_m_s: float = 8.0


@dataclass(eq=False)
class _Person:
    """Somebody being followed: the first and last known points (K, 3) of each keypoint, and the detections so far."""

    points_m: FloatArray
    last_frame: int
    first_points_m: FloatArray | None = None
    frames: list[int] = field(default_factory=list)
    detections: list[IntArray] = field(default_factory=list)

    def add(self, frame: int, detection: IntArray) -> None:
        self.frames.append(frame)
        self.detections.append(detection)


def associate(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    synchronization: Synchronization,
    skeleton: Skeleton,
    participants: Sequence[str],
    settings: AssociateSettings,
) -> tuple[PersonTracks, StageReport]:
    """Follow everybody and find the participants among them.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera.
    rig : Rig
        The same cameras' calibration, in the same order.
    synchronization : Synchronization
        The common clock of the same cameras.
    skeleton : Skeleton
        The keypoints.
    participants : sequence of str
        Who is in the trial.
    settings : AssociateSettings
        The section ``association``.
    """
    frame = nearest_frames(keypoints, synchronization)
    people = _follow(keypoints, rig, skeleton, frame, synchronization.fps_hz, settings)
    chosen, others = _choose(people, len(participants), synchronization.fps_hz, settings)
    detection = np.full((len(frame), len(participants), len(keypoints)), NOT_SEEN)
    for index, parts in enumerate(chosen):
        for part in parts:
            detection[part.frames, index] = np.array(part.detections)
    tracks = PersonTracks(
        tuple(participants),
        tuple(item.camera for item in keypoints),
        detection,
        frame,
        synchronization.time_s,
        synchronization.fps_hz,
    )
    return tracks, _report(tracks, keypoints, others)


def _follow(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    skeleton: Skeleton,
    frame: IntArray,
    fps_hz: float,
    settings: AssociateSettings,
) -> list[_Person]:
    """Everybody who was seen by two cameras at once, from first to last."""
    if len(keypoints) < MIN_CAMERAS:
        return []
    origins = np.array([camera.position_m for camera in rig.cameras])
    rays, weights = [], []
    for item, camera in zip(keypoints, rig.cameras, strict=True):
        direction = ray_directions(camera, item.position_px)
        shown = (item.confidence >= settings.min_confidence) & np.isfinite(direction).all(axis=-1)
        rays.append(np.where(shown[..., None], direction, np.nan))
        weights.append(np.where(shown, item.confidence, 0.0))
    trunk = np.array([skeleton.index(name) for name in skeleton.tracking])
    patience = max(1, round(settings.max_gap_s * fps_hz)) if fps_hz > 0 else 1
    active: list[_Person] = []
    finished: list[_Person] = []
    for now in range(len(frame)):
        views = [_view(rays[c], weights[c], int(frame[now, c])) for c in range(len(keypoints))]
        reach_m = [settings.max_distance_m + settings.max_speed_m_s * (now - p.last_frame - 1) / fps_hz for p in active]
        assigned = _match(active, views, origins, trunk, np.array(reach_m))
        for person, detection in zip(active, assigned, strict=True):
            _update(person, now, detection, views, origins, settings)
        taken = np.array(assigned).reshape(len(active), len(views))
        for detection in _births(views, taken, origins, settings):
            person = _Person(np.full((len(skeleton.keypoints), 3), np.nan), now)
            _update(person, now, detection, views, origins, settings)
            if person.frames:
                active.append(person)
        finished += [person for person in active if now - person.last_frame > patience]
        active = [person for person in active if now - person.last_frame <= patience]
    return finished + active


View = tuple[FloatArray, FloatArray]
"""Lines of sight (D, K, 3) and confidences (D, K) of one camera's detections in one frame."""


def _view(rays: FloatArray, weights: FloatArray, frame: int) -> View:
    """A camera's detections in one of its frames; none where it has no such frame."""
    if frame < 0:
        return np.zeros((0, *rays.shape[2:])), np.zeros((0, *weights.shape[2:]))
    return rays[frame], weights[frame]


def _match(
    people: list[_Person], views: list[View], origins: FloatArray, trunk: IntArray, reach_m: FloatArray
) -> list[IntArray]:
    """The detection of each camera (C,) that is each person; -1 for none.

    `reach_m` (people,) is how far each of them may be from where they were last, m.
    """
    from scipy.optimize import linear_sum_assignment

    assigned = np.full((len(people), len(views)), NOT_SEEN)
    if not people:
        return []
    points = np.array([person.points_m for person in people])
    for camera, (ray, weight) in enumerate(views):
        if not len(ray):
            continue
        distance = point_ray_distance_m(points[:, None], origins[camera], ray[None])
        typical = _median(distance)
        # among detections that fit, the one that shows the trunk best: a person may be detected in two halves
        near = np.where(np.isfinite(distance), np.maximum(0, 1 - distance / reach_m[:, None, None]), 0.0)
        fit = (near * weight)[..., trunk].sum(axis=-1) + 0.1 * (near * weight).mean(axis=-1)
        cost = np.where(typical <= reach_m[:, None], -fit, FAR)
        rows, columns = linear_sum_assignment(cost)
        good = cost[rows, columns] < FAR
        assigned[rows[good], camera] = columns[good]
    return list(assigned)


def _update(
    person: _Person,
    now: int,
    detection: IntArray,
    views: list[View],
    origins: FloatArray,
    settings: AssociateSettings,
) -> None:
    """Move a person's points to where the detections meet, and drop detections that don't fit the others."""
    cameras = np.flatnonzero(detection >= 0)
    if len(cameras) < MIN_CAMERAS:
        return
    ray = np.stack([views[c][0][detection[c]] for c in cameras])
    weight = np.stack([views[c][1][detection[c]] for c in cameras])
    points = _meet(origins[cameras], ray, weight)
    distance = np.stack([point_ray_distance_m(points, origins[c], ray[i]) for i, c in enumerate(cameras)])
    typical = _median(distance)
    worst = int(np.nan_to_num(typical, nan=-1.0).argmax())
    if typical[worst] > settings.max_distance_m:
        if len(cameras) == MIN_CAMERAS:
            return
        fewer = detection.copy()
        fewer[cameras[worst]] = NOT_SEEN
        _update(person, now, fewer, views, origins, settings)
        return
    known = finite(points)
    if known.sum() < FEWEST_KEYPOINTS:
        return
    person.points_m = np.where(known[:, None], points, person.points_m)
    if person.first_points_m is None:
        person.first_points_m = person.points_m
    person.last_frame = now
    person.add(now, detection)


def _meet(origins: FloatArray, ray: FloatArray, weight: FloatArray) -> FloatArray:
    """Points (K, 3) nearest to the rays (cameras, K, 3); NaN where fewer than two cameras show the keypoint."""
    seen = weight > 0
    enough = seen.sum(axis=0) >= MIN_CAMERAS
    points = np.full((ray.shape[1], 3), np.nan)
    if enough.any():
        flat = np.where(seen[..., None], ray, 0.0)[:, enough].transpose(1, 0, 2)
        points[enough] = nearest_point_m(origins, flat, weight[:, enough].T)
    return points


def _births(views: list[View], taken: IntArray, origins: FloatArray, settings: AssociateSettings) -> list[IntArray]:
    """New people: sets of free detections of different cameras, (C,) each, whose lines of sight meet."""
    free = [
        (camera, index)
        for camera, (ray, _) in enumerate(views)
        for index in range(len(ray))
        if index not in taken[:, camera]
    ]
    pairs = []
    for a in range(len(free)):
        for b in range(a + 1, len(free)):
            if free[a][0] == free[b][0]:
                continue
            (i, m), (j, n) = free[a], free[b]
            distance = ray_ray_distance_m(origins[i], views[i][0][m], origins[j], views[j][0][n])
            typical = float(_median(distance))
            if typical <= settings.max_birth_distance_m:
                pairs.append((typical, a, b))
    groups = [{index} for index in range(len(free))]
    for _, a, b in sorted(pairs):
        first, second = groups[a], groups[b]
        if first is second or {free[k][0] for k in first} & {free[k][0] for k in second}:
            continue  # the same group already, or two detections of one camera
        first |= second
        for member in second:
            groups[member] = first
    born = []
    for index, group in enumerate(groups):
        if len(group) >= MIN_CAMERAS and index == min(group):
            detection = np.full(len(views), NOT_SEEN)
            for member in group:
                detection[free[member][0]] = free[member][1]
            born.append(detection)
    return sorted(born, key=lambda detection: -int((detection >= 0).sum()))


def _median(distance: FloatArray) -> FloatArray:
    """The median over keypoints (last axis) where at least a few are known; infinite elsewhere."""
    median, count = median_of_known(distance, axis=-1)
    result: FloatArray = np.where(count >= FEWEST_KEYPOINTS, median, np.inf)
    return result


def _choose(
    people: list[_Person], wanted: int, fps_hz: float, settings: AssociateSettings
) -> tuple[list[list[_Person]], list[_Person]]:
    """The stretches of each participant, best supported first, and everybody else."""

    def support(person: _Person) -> int:
        return int(sum((detection >= 0).sum() for detection in person.detections))

    left = sorted(people, key=support, reverse=True)
    chosen = []
    for _ in range(min(wanted, len(left))):
        parts = [left.pop(0)]
        for other in list(left):
            if _continues(parts, other, fps_hz, settings):
                parts.append(other)
                left.remove(other)
        chosen.append(parts)
    return chosen, left


def _continues(parts: list[_Person], other: _Person, fps_hz: float, settings: AssociateSettings) -> bool:
    """True where `other` can be the same person in a gap: no frame in common, and no faster than a person moves."""
    if any(set(part.frames).intersection(other.frames) for part in parts):
        return False
    ordered = sorted([*parts, other], key=lambda person: person.frames[0])
    place = ordered.index(other)
    neighbours = [pair for pair in ((place - 1, place), (place, place + 1)) if pair[0] >= 0 and pair[1] < len(ordered)]
    return all(_reachable(ordered[a], ordered[b], fps_hz, settings) for a, b in neighbours)


def _reachable(earlier: _Person, later: _Person, fps_hz: float, settings: AssociateSettings) -> bool:
    gap_s = (later.frames[0] - earlier.last_frame) / fps_hz
    if gap_s <= 0 or later.first_points_m is None:
        return False
    step = np.nanmean(later.first_points_m, axis=0) - np.nanmean(earlier.points_m, axis=0)
    return float(np.linalg.norm(step)) <= settings.max_distance_m + settings.max_speed_m_s * gap_s


def _report(tracks: PersonTracks, keypoints: Sequence[Keypoints2D], others: list[_Person]) -> StageReport:
    frames = len(tracks.time_s)
    seen = tracks.detection >= 0
    cameras = {item.camera: int(finite(item.bbox_px).any(axis=1).sum()) for item in keypoints}
    reasons = []
    support = {}
    for index, name in enumerate(tracks.participants):
        by_camera = seen[:, index].mean(axis=0) if frames else np.zeros(len(tracks.cameras))
        present = float((seen[:, index].sum(axis=1) >= MIN_CAMERAS).mean()) if frames else 0.0
        support[name] = {
            "present": present,
            "cameras": dict(zip(tracks.cameras, by_camera, strict=True)),
            "mean_cameras": float(seen[:, index].sum(axis=1).mean()) if frames else 0.0,
        }
        if present < WARN_PRESENCE:
            reasons.append(
                Reason(
                    "fail" if present < FAIL_PRESENCE else "warn",
                    f"{name} is seen by two cameras in {present:.0%} of {frames} frames (wanted: {WARN_PRESENCE:.0%})",
                    f"participant {name}",
                    "look at the overlays: is the person detected, and are the cameras calibrated and in step?",
                )
            )
        reasons += [
            Reason(
                "warn",
                f"{camera} shows {name} in {share:.0%} of the frames only",
                f"camera {camera}",
                "look at this camera's overlay: is the person in view, and does its calibration hold?",
            )
            for camera, share in zip(tracks.cameras, by_camera, strict=True)
            if present >= FAIL_PRESENCE and share < WARN_CAMERA
        ]
    if len(tracks.participants) > 1:
        reasons.append(
            Reason(
                "warn",
                "who is who among several participants is decided by how well each is seen",
                "",
                "look at the overlays, and swap the names in the trial sheet if need be",
            )
        )
    bystanders = [len(person.frames) for person in others if len(person.frames) > 1]
    came_out = {
        "participants": support,
        "bystanders": len(bystanders),
        "bystander_frames": sorted(bystanders, reverse=True),
    }
    came_in = {"frames": frames, "frames_with_a_detection": cameras}
    return StageReport(STAGE, came_in, came_out, worst_first(reasons))
