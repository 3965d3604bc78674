"""Which detection of each camera is which participant, in every frame?

One algorithm for one person or many. Everybody is followed in space (:mod:`kineograph.geometry.following`): each camera's
detections are matched to where the people are predicted to be, and those left over start a new person where views agree.
The stretches that come out are joined over the times in which a person was hidden (:mod:`kineograph.geometry.joining`), and
the people so found get the participants' names (:mod:`kineograph.stages.naming`). Everybody else is a bystander.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kineograph.geometry.body_size import body_sizes
from kineograph.geometry.followed import Stretch
from kineograph.geometry.following import MIN_CAMERAS, Follower, Limits
from kineograph.geometry.joining import Doubt, join
from kineograph.geometry.lines_of_sight import lines_of_sight
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite
from kineograph.model.skeleton import Skeleton
from kineograph.model.synchronization import Synchronization
from kineograph.model.tracks import NOT_SEEN, PersonTracks
from kineograph.signal.common_clock import nearest_frames
from kineograph.signal.runs import runs
from kineograph.stages.body_plausibility import heights_m, implausible_heights
from kineograph.stages.naming import Found, Naming, name_people

STAGE = "association"
BONES_FROM_TRUNK = 2
"""People are followed by the trunk and what is at most so many bones away from it: not by fingers and faces."""
BYSTANDER = "a bystander"
SHORTEST_S = 0.05
"""What is seen for a shorter time isn't anybody."""
TOUCH_M = 0.15
"""Two participants whose trunks seem nearer to each other than this were taken for one another, or are about to be."""
WARN_PRESENCE = 0.9
"""A participant seen by two cameras in fewer frames than this gets a warning, and in fewer than half a failing verdict."""
FAIL_PRESENCE = 0.5
WARN_CAMERA = 0.5
"""A camera that shows a participant in fewer frames than this is named."""

MOST_AGREE = 0.5
"""The calibration's lengths are judged by people on whom more than this part of the cameras agree: others are phantoms."""


@dataclass(frozen=True)
class AssociateSettings:
    """Settings of the section ``association``."""

    min_confidence: float = 0.3
    max_distance_m: float = 0.2
    max_birth_distance_m: float = 0.1
    max_gap_s: float = 0.3
    max_speed_m_s: float = 8.0
    start_m: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class _People:
    """Everybody found: their stretches, in order of time, and where they may have been taken for one another."""

    stretches: list[list[Stretch]]
    doubts: tuple[Doubt, ...]


def associate(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    synchronization: Synchronization,
    skeleton: Skeleton,
    participants: Sequence[str],
    settings: AssociateSettings,
    height_m: Mapping[str, float] | None = None,
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
    height_m : mapping of str to float, optional
        Heights of participants, as far as they are known, m: they tell who is who.
    """
    frame = nearest_frames(keypoints, synchronization)
    chosen = followed_keypoints(skeleton)
    bones = _bones_among(skeleton, chosen)
    stretches = _stretches(keypoints, rig, skeleton, frame, chosen, synchronization.fps_hz, settings)
    measure = (keypoints, rig, frame, bones, chosen, settings.min_confidence)
    sizes = body_sizes([[part] for part in stretches], *measure)
    joining = join(stretches, sizes, synchronization.fps_hz, settings.max_distance_m, settings.max_speed_m_s)
    people = _People([[stretches[i] for i in path] for path in joining.people], joining.doubts)
    support = [sum(part.support for part in parts) for parts in people.stretches]
    first_m = np.reshape(np.array([parts[0].centre_m[0] for parts in people.stretches], float), (-1, 3))
    extent_m = np.array([_extent_m(parts) for parts in people.stretches])
    found = Found(support, first_m, extent_m, body_sizes(people.stretches, *measure))
    naming = name_people(found, participants, settings.start_m, height_m or {})
    detection = np.full((len(frame), len(participants), len(keypoints)), NOT_SEEN)
    centre_m = np.full((len(frame), len(participants), 3), np.nan)
    for index, name in enumerate(participants):
        for part in people.stretches[naming.person[name]] if name in naming.person else []:
            detection[part.frames, index] = part.detection
            centre_m[part.frames, index] = part.centre_m
    tracks = PersonTracks(
        tuple(participants),
        tuple(item.camera for item in keypoints),
        detection,
        frame,
        synchronization.time_s,
        synchronization.fps_hz,
    )
    names = [(skeleton.keypoints[chosen[a]], skeleton.keypoints[chosen[b]]) for a, b in bones]
    heights = heights_m(found.size.length_m, names)
    measured_m = {
        name: float(heights[index])
        for name, index in naming.person.items()
        if _agreement(tracks, keypoints, name) > MOST_AGREE
    }
    implausible = implausible_heights(measured_m, height_m or {}, [item.camera for item in keypoints])
    return tracks, _report(tracks, keypoints, people, naming, centre_m, measured_m, implausible)


def _agreement(tracks: PersonTracks, keypoints: Sequence[Keypoints2D], participant: str) -> float:
    """Part of the cameras that show somebody, frame by frame, which agree on a participant; over the participant's frames."""
    taken = tracks.detection[:, tracks.participants.index(participant)] != NOT_SEEN
    shown = np.zeros_like(taken)
    for camera, item in enumerate(keypoints):
        there = tracks.frame[:, camera] != NOT_SEEN
        somebody = np.any(finite(item.bbox_px), axis=1).reshape(-1)
        shown[there, camera] = somebody[tracks.frame[there, camera]]
    seen = taken.any(axis=1)
    return float((taken & shown)[seen].sum() / max(int(shown[seen].sum()), 1))


def _extent_m(parts: Sequence[Stretch]) -> float:
    """How far about somebody moves: from the 5th to the 95th percentile of where the trunk is, m."""
    low, high = np.percentile(np.concatenate([part.centre_m for part in parts]), [5, 95], axis=0)
    return float(np.linalg.norm(high - low))


def followed_keypoints(skeleton: Skeleton) -> IntArray:
    """The keypoints (K,) by which people are followed: the trunk, and what is near to it along the bones."""
    near = set(skeleton.tracking)
    for _ in range(BONES_FROM_TRUNK):
        near |= {end for bone in skeleton.bones if near & set(bone) for end in bone}
    return np.array([index for index, name in enumerate(skeleton.keypoints) if name in near], int)


def _bones_among(skeleton: Skeleton, chosen: IntArray) -> IntArray:
    """The bones (B, 2) between the chosen keypoints, as places in `chosen`."""
    place = {skeleton.keypoints[index]: i for i, index in enumerate(chosen)}
    among = [(place[a], place[b]) for a, b in skeleton.bones if a in place and b in place]
    return np.reshape(np.array(among, int), (-1, 2))


def _mirror(skeleton: Skeleton, chosen: IntArray) -> IntArray:
    """The place in `chosen` of each chosen keypoint's counterpart on the other side (K,); its own where there is none."""
    names = [skeleton.keypoints[index] for index in chosen]
    twins = [skeleton.counterpart(name) for name in names]
    return np.array([names.index(twin) if twin in names else i for i, twin in enumerate(twins)], int)


def _stretches(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    skeleton: Skeleton,
    frame: IntArray,
    chosen: IntArray,
    fps_hz: float,
    settings: AssociateSettings,
) -> list[Stretch]:
    """Everybody who was seen by two cameras at once, as far as they could be followed."""
    if len(keypoints) < MIN_CAMERAS:
        return []
    origins_m = np.array([camera.position_m for camera in rig.cameras])
    trunk = np.isin(chosen, [skeleton.index(name) for name in skeleton.tracking])
    limits = Limits(settings.max_distance_m, settings.max_birth_distance_m, settings.max_gap_s, settings.max_speed_m_s)
    follower = Follower(origins_m, trunk, _mirror(skeleton, chosen), fps_hz, limits)
    found = follower.follow(lines_of_sight(keypoints, rig, frame, chosen, settings.min_confidence))
    return [part for part in found if len(part.frames) >= max(2, SHORTEST_S * fps_hz)]


def _report(
    tracks: PersonTracks,
    keypoints: Sequence[Keypoints2D],
    people: _People,
    naming: Naming,
    centre_m: FloatArray,
    measured_m: Mapping[str, float],
    implausible: Sequence[Reason],
) -> StageReport:
    frames = len(tracks.time_s)
    cameras = {item.camera: int(finite(item.bbox_px).any(axis=1).sum()) for item in keypoints}
    support, reasons = _support(tracks, keypoints)
    doubts = _doubts(tracks, people, naming) + _touches(tracks, centre_m)
    taken = set(naming.person.values())
    bystanders = [
        sum(len(part.frames) for part in parts) for index, parts in enumerate(people.stretches) if index not in taken
    ]
    came_out = {
        "participants": support,
        "named_by": naming.by,
        "height_by_thighs_m": dict(measured_m),
        "stretches": {name: len(people.stretches[index]) for name, index in naming.person.items()},
        "undecided": len(doubts),
        "bystanders": len(bystanders),
        "bystander_frames": sorted(bystanders, reverse=True),
    }
    came_in = {"frames": frames, "frames_with_a_detection": cameras}
    return StageReport(STAGE, came_in, came_out, worst_first([*implausible, *reasons, *doubts, *naming.reasons]))


def _support(
    tracks: PersonTracks, keypoints: Sequence[Keypoints2D]
) -> tuple[dict[str, dict[str, object]], list[Reason]]:
    """How well each participant is seen, a camera and all together, and what is wrong with it."""
    frames = len(tracks.time_s)
    seen = tracks.detection >= 0
    reasons = []
    support: dict[str, dict[str, object]] = {}
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
                    "look at the cameras on the trial's page: is the person detected, are the cameras calibrated and in step?",
                    "part",
                )
            )
        if present >= FAIL_PRESENCE:
            reasons += _seldom_seen(name, by_camera, seen, keypoints)
    return support, reasons


def _seldom_seen(name: str, by_camera: FloatArray, seen: BoolArray, keypoints: Sequence[Keypoints2D]) -> list[Reason]:
    """The cameras that show a participant seldom: `by_camera` (C,) is in how many frames, `seen` (F, P, C) who is seen at all.

    Where as many of them show somebody else as cameras show the participant, the one may be right as well as the others.
    """
    seldom = np.flatnonzero(by_camera < WARN_CAMERA).tolist()
    showing = [item.camera for c, item in enumerate(keypoints) if c not in seldom]
    people = np.array([finite(item.bbox_px).sum() / max(item.n_frames, 1) for item in keypoints])
    somebody_else = people - seen.sum(axis=1).mean(axis=0) > WARN_CAMERA
    against = [c for c in seldom if somebody_else[c]]
    reasons = []
    if showing and len(against) >= len(showing):
        text = (
            f"{', '.join(showing)} show {name}, and {', '.join(keypoints[c].camera for c in against)} somebody who does not fit "
            "them: which of them are right can't be told here"
        )
        hint = "are videos of two cameras exchanged, or of another trial? The calibration's health compares them one by one"
        reasons.append(Reason("warn", text, "", hint))
        seldom = [c for c in seldom if c not in against]
    return reasons + [
        Reason(
            "warn",
            f"{keypoints[c].camera} shows {name} in {by_camera[c]:.0%} of the frames only",
            f"camera {keypoints[c].camera}",
            "look at this camera on the trial's page: is the person in view, and does its calibration hold?",
            "part",
        )
        for c in seldom
    ]


def _doubts(tracks: PersonTracks, people: _People, naming: Naming) -> list[Reason]:
    """The joinings in which a participant may have been exchanged with somebody."""
    name = {index: participant for participant, index in naming.person.items()}
    concerned = sorted({doubt for doubt in people.doubts if name.keys() & set(doubt.people)}, key=_when)
    return [
        _undecided(
            sorted((name.get(index, BYSTANDER) for index in doubt.people), key=lambda one: (one == BYSTANDER, one)),
            tracks.time_s[doubt.from_frame],
            tracks.time_s[doubt.to_frame],
            "nobody saw them, and places, velocities and sizes fit both ways",
        )
        for doubt in concerned
    ]


def _when(doubt: Doubt) -> tuple[int, int, tuple[int, int]]:
    return doubt.from_frame, doubt.to_frame, doubt.people


def _touches(tracks: PersonTracks, centre_m: FloatArray) -> list[Reason]:
    """The times in which two participants seem to be in one place."""
    reasons = []
    for one in range(len(tracks.participants)):
        for other in range(one + 1, len(tracks.participants)):
            apart_m = np.linalg.norm(centre_m[:, one] - centre_m[:, other], axis=-1)
            reasons += [
                _undecided(
                    [tracks.participants[one], tracks.participants[other]],
                    tracks.time_s[start],
                    tracks.time_s[stop - 1],
                    f"they seem to be within {np.nanmin(apart_m[start:stop]):.2f} m of each other",
                )
                for start, stop in runs(apart_m < TOUCH_M)
            ]
    return reasons


def _undecided(names: Sequence[str], from_s: float, to_s: float, why: str) -> Reason:
    pair = " and ".join(names)
    return Reason(
        "warn",
        f"{pair} may have been exchanged between {from_s:.2f} s and {to_s:.2f} s: {why}",
        "participant " + " and ".join(name for name in names if name != BYSTANDER),
        "look at the trial's page around this time; cut the trial there (frames) if they were",
    )
