"""Where the heads of everybody in a camera's pictures are, also in frames in which they were not found: for blurring faces."""

from __future__ import annotations

import re

import numpy as np

from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray, IntArray, finite

HEAD = re.compile(r"[LR]?(Nose|Head|Eye(Inner|Outer)?|Ear|Mouth|Face\d+)")
"""Names of keypoints of the head in the skeleton cards."""
HOLD_S = 1.0
"""A head that is not found is taken to stay where it was for so long, before it was first found too."""
LINK = 1.5
"""A head is the same as one in an earlier frame where it has moved by less than this many of its sizes."""
STEADY_FRAMES = 2
"""A box covers those of so many frames before and after: a keypoint that jumps in one frame does not lay a face bare."""

# Parts of the body's height (Winter, Biomechanics and Motor Control of Human Movement, 4th ed., ISBN 978-0470398180, figure 4.1):
# shoulder to hip 0.288, the shoulders' width 0.259, shoulders to the top of the head 0.182. A circle of this radius covers a
# head and its hair.
RADIUS = 0.09
PER_TORSO = RADIUS / 0.288
PER_SHOULDERS = RADIUS / 0.2
"""Keypoints of the shoulders are the joints' centres, nearer to each other than the shoulders are wide."""
PER_BOX = 0.08
"""Of the longer side of the box around all keypoints: a person who stands is as high as it, who crouches is higher."""
PER_SPREAD = 0.9
"""Of the distance between keypoints of the head: ears are a head's width apart."""
ABOVE_SHOULDERS = 0.38
"""The middle of the head is so many torso lengths above the shoulders."""
UNSEEN = 1.5
"""A head whose keypoints were not found gets a box so much larger."""


def head_boxes(keypoints: Keypoints2D) -> list[FloatArray]:
    """The boxes (n, 4) of the heads in each frame: x0, y0, x1, y1, px.

    Everybody who was detected counts. A head is followed from frame to frame; gaps are bridged by straight lines, and at their
    ends boxes stay where they were for :data:`HOLD_S`. Where nobody was detected for longer there is no box: a face may be seen.
    """
    found = detected_heads(keypoints)
    hold = round(HOLD_S * keypoints.fps_hz) if np.isfinite(keypoints.fps_hz) else STEADY_FRAMES
    boxes: list[list[FloatArray]] = [[] for _ in range(keypoints.n_frames)]
    for frames, track in _followed(found, hold):
        wanted = np.arange(max(frames[0] - hold, 0), min(frames[-1] + hold, keypoints.n_frames - 1) + 1)
        between = np.stack([np.interp(wanted, frames, side) for side in track.T], axis=1)
        for frame, box in zip(wanted.tolist(), _steady(between), strict=True):
            boxes[frame].append(box)
    return [np.array(items).reshape(-1, 4) for items in boxes]


def detected_heads(keypoints: Keypoints2D) -> FloatArray:
    """The box (F, D, 4) of each detection's head, px; NaN where there is nobody.

    From the keypoints of the head; without them from shoulders and hips, or the shoulders. Of a person of whom neither is
    seen the top is covered, which need not be the head.
    """
    position = np.where(keypoints.confidence[..., None] > 0, keypoints.position_px, np.nan)
    place = {name: index for index, name in enumerate(keypoints.names)}
    head = [index for name, index in place.items() if HEAD.fullmatch(name)]
    left, right = (_point(position, place, f"{side}Shoulder") for side in "LR")
    shoulders = _middle(left, right, _point(position, place, "Neck"))
    hips = _middle(*(_point(position, place, name) for name in ("LHip", "RHip", "Hip", "CHip")))
    low, high = _extent(position)
    face_low, face_high = _extent(position[:, :, head])
    torso = shoulders - hips
    estimates = [
        PER_TORSO * np.linalg.norm(torso, axis=-1),
        PER_SHOULDERS * np.linalg.norm(left - right, axis=-1),
        PER_BOX * (high - low).max(axis=-1),
        PER_SPREAD * np.linalg.norm(face_high - face_low, axis=-1),
    ]
    radius = np.fmax.reduce(estimates)
    top = np.stack([(low + high)[..., 0] / 2, low[..., 1] + radius], axis=-1)
    upright = shoulders - np.stack([np.zeros_like(radius), 1.3 * radius], axis=-1)
    centre, seen = (face_low + face_high) / 2, finite(face_low)
    for other in (shoulders + ABOVE_SHOULDERS * torso, upright, top):
        centre = np.where(finite(centre)[..., None], centre, other)
    half = np.where(seen, radius, UNSEEN * radius)[..., None]
    return np.concatenate([centre - half, centre + half], axis=-1)


def _point(position: FloatArray, place: dict[str, int], name: str) -> FloatArray:
    return position[:, :, place[name]] if name in place else np.full((*position.shape[:2], 2), np.nan)


def _middle(*points: FloatArray) -> FloatArray:
    """The mean of the points (F, D, 2) that are there."""
    stacked = np.stack(points)
    there = finite(stacked)
    total, count = np.where(there[..., None], stacked, 0).sum(axis=0), there.sum(axis=0)[..., None]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _extent(position: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The smallest and the largest x and y of the keypoints (F, D, K, 2) that are there; NaN where none is."""
    if not position.shape[2]:
        nothing = np.full((*position.shape[:2], 2), np.nan)
        return nothing, nothing
    return np.fmin.reduce(position, axis=2), np.fmax.reduce(position, axis=2)


def _followed(found: FloatArray, hold: int) -> list[tuple[IntArray, FloatArray]]:
    """The frames and boxes of each head, linked from frame to frame over gaps of up to `hold` frames."""
    tracks: list[tuple[list[int], list[FloatArray]]] = []
    active: list[int] = []
    for frame, boxes in enumerate(found):
        active = [index for index in active if frame - tracks[index][0][-1] <= hold + 1]
        free = set(active)
        for box in boxes[finite(boxes)]:
            near = {index: _distance(tracks[index][1][-1], box) for index in free}
            best = min(near, key=lambda index: near[index], default=None)
            if best is None or near[best] > LINK:
                best = len(tracks)
                tracks.append(([], []))
                active.append(best)
            free.discard(best)
            tracks[best][0].append(frame)
            tracks[best][1].append(box)
    return [(np.array(frames), np.array(boxes)) for frames, boxes in tracks]


def _distance(one: FloatArray, other: FloatArray) -> float:
    """The distance between the middles of two boxes, in sizes of the larger one."""
    size = max(one[2] - one[0], other[2] - other[0], 1.0)
    return float(np.linalg.norm((one[:2] + one[2:] - other[:2] - other[2:]) / 2) / size)


def _steady(boxes: FloatArray) -> FloatArray:
    """Boxes (F, 4) that cover their neighbours in time too."""
    padded = np.pad(boxes, ((STEADY_FRAMES, STEADY_FRAMES), (0, 0)), mode="edge")
    around = np.stack([padded[shift : shift + len(boxes)] for shift in range(2 * STEADY_FRAMES + 1)])
    return np.concatenate([around[..., :2].min(axis=0), around[..., 2:].max(axis=0)], axis=-1)
