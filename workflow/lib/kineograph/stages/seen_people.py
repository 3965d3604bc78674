"""The people whom each camera shows, in pieces each of which is one person's for sure.

Where two people come close to each other in an image, who is who afterwards is not known, and what the keypoints show
meanwhile is of both: there the pieces end. Trials are looked at whole, or, where they are long, in windows spread evenly over
them: so the cost does not grow with length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.projection import undistort_pixels
from kineograph.model.camera import Rig
from kineograph.model.keypoints import Keypoints2D
from kineograph.model.pieces import Piece
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite
from kineograph.signal.chains import PATIENCE_FRAMES, chains
from kineograph.signal.local_regression import left_of_noise, smooth
from kineograph.signal.resampling import sample
from kineograph.signal.runs import runs

MOST_CHAINS = 6
MOST_PIECES = 10
"""So many pieces of each camera and window are used, those with the most frames times size."""
SHORTEST_S = 0.3
SMOOTHING_S = 0.04
"""Width of the window over which movement is smoothed: passes what is slower than about 5 Hz."""
CLOSE = 0.25
"""Two people are close where the middles of their keypoints are nearer than this part of the larger one's size ..."""
SAME = 0.08
"""... and one person detected twice where they are nearer than this all the time."""
STAYING_FRAMES = 12
"""For so long somebody may be hidden where they were last seen, or already be where they are seen next."""
WINDOW_S = 4.0
WINDOWS = 20
"""Longer trials than all of these windows together are looked at in them only."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What the C cameras of a trial show.

    Attributes
    ----------
    pieces : list of lists of Piece
        Of each camera.
    counts : list of int
        The number of frames of each camera.
    noise_px : (C,) array
        What noise of single frames leaves in the pieces' smoothed image points, px; NaN where there are none.
    """

    pieces: list[list[Piece]]
    counts: list[int]
    noise_px: FloatArray


def windows(frames: int, fps_hz: float) -> list[tuple[int, int]]:
    """First and last-but-one frame of the windows into a trial of so many frames."""
    size = round(WINDOW_S * fps_hz)
    if frames <= WINDOWS * size:
        return [(0, frames)]
    starts = np.linspace(0, frames - size, WINDOWS).round().astype(int)
    return [(start, start + size) for start in starts.tolist()]


def seen_people(
    keypoints: Sequence[Keypoints2D],
    rig: Rig,
    rates_hz: FloatArray,
    fps_hz: float,
    min_confidence: float,
    later: IntArray | None = None,
    parts: Sequence[tuple[int, int]] | None = None,
) -> Seen:
    """What each camera shows, as if all cameras had started together, or each so much later as is known of it.

    Parameters
    ----------
    keypoints : sequence of Keypoints2D
        One a camera.
    rig : Rig
        The same cameras' calibration.
    rates_hz : (C,) array
        The cameras' frame rates, Hz.
    fps_hz : float
        Rate of the pieces and of the frames that are counted, Hz.
    min_confidence : float
        Keypoints of a smaller confidence are left out.
    later : (C,) array of int, optional
        How many frames after the first of them each camera started, as far as is known; they count as frames of it.
    parts : sequence of (int, int), optional
        First and last-but-one frame of the parts to look at; without them, as :func:`windows` has them.
    """
    pace = rates_hz / fps_hz
    late = np.zeros(len(keypoints), int) if later is None else later
    counts = (np.ceil(np.array([item.n_frames for item in keypoints]) / pace).astype(int) + late).tolist()
    found: list[list[Piece]] = []
    noise_px = np.full(len(keypoints), np.nan)
    for camera, item in enumerate(keypoints):
        pieces, noise = [], []
        width = SMOOTHING_S * float(rates_hz[camera])
        for window in windows(max(counts), fps_hz) if parts is None else parts:
            first, last = (max(edge - int(late[camera]), 0) for edge in window)
            begin, end = int(first * pace[camera]), int(np.ceil(last * pace[camera])) + 1
            for start, position in _pieces(item, slice(begin, end), min_confidence):
                own = begin + start
                at = np.arange(int(np.ceil(own / pace[camera])), int((own + len(position) - 1) / pace[camera]) + 1)
                at = at[(at >= first) & (at < min(last, counts[camera] - late[camera]))]
                if len(at):
                    straight = undistort_pixels(rig.cameras[camera], position)
                    smoothed = smooth(straight.reshape(len(position), -1), width).reshape(position.shape)
                    noise.append(np.abs(straight - smoothed)[np.isfinite(straight - smoothed)])
                    pieces.append(Piece(int(at[0] + late[camera]), sample(smoothed, at * pace[camera] - own)))
        found.append(pieces)
        if pieces and any(item.size for item in noise):
            noise_px[camera] = 1.4826 * np.median(np.concatenate(noise)) * left_of_noise(width)
    return Seen(found, counts, noise_px)


def _pieces(keypoints: Keypoints2D, part: slice, min_confidence: float) -> list[tuple[int, FloatArray]]:
    """The pieces (start, (F, K, 2) px) in a part of a camera's frames; the largest and longest."""
    position, confidence = keypoints.position_px[part], keypoints.confidence[part]
    people = chains(np.where((confidence >= min_confidence)[..., None], position, np.nan), MOST_CHAINS)
    if not people:
        return []
    centre, size, present = _centres(people)
    distance = np.linalg.norm(centre[:, None] - centre[None], axis=-1) / np.maximum(size[:, None], size[None])
    kept = _without_doubles(distance)
    found = []
    shortest = max(2, round(SHORTEST_S * keypoints.fps_hz))
    for index in kept:
        others = [other for other in kept if other != index]
        with np.errstate(invalid="ignore"):
            alone = ~(distance[index, others] < CLOSE).any(axis=0) & present[index]
        found += [
            (int(start), people[index][start:stop], float(size[index][start:stop].sum()))
            for start, stop in runs(alone)
            if stop - start >= shortest
        ]
    found.sort(key=lambda piece: -piece[2])
    return [(start, piece) for start, piece, _ in found[:MOST_PIECES]]


def _centres(people: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Middle (P, F, 2) and size (P, F) of people's keypoints, px, and when they are there (P, F).

    Through short gaps on a straight line, and staying for a while before they come and after they go: who is not detected may
    be hidden by somebody who is then taken for them. Else NaN.
    """
    position = np.stack(people)
    shown = finite(position)
    low = np.where(shown[..., None], position, np.inf).min(axis=2)
    high = np.where(shown[..., None], position, -np.inf).max(axis=2)
    count = shown.sum(axis=-1)
    middle = np.where(shown[..., None], position, 0.0).sum(axis=2) / np.maximum(count, 1)[..., None]
    frames = np.arange(position.shape[1])
    centre, size = np.full((*position.shape[:2], 2), np.nan), np.full(position.shape[:2], np.nan)
    present = np.zeros(position.shape[:2], bool)
    for index in range(len(people)):
        there = np.flatnonzero(count[index] > 1)
        if not there.size:
            continue
        present[index] = _within(frames, there)
        near = present[index] | (np.abs(frames - np.clip(frames, there[0], there[-1])) <= STAYING_FRAMES)
        near &= present[index] | (frames < there[0]) | (frames > there[-1])
        extent = np.linalg.norm(high[index, there] - low[index, there], axis=-1)
        size[index, near] = np.interp(frames[near], there, extent)
        for axis in range(2):
            centre[index, near, axis] = np.interp(frames[near], there, middle[index, there, axis])
    return centre, size, present


def _within(frames: IntArray, there: IntArray) -> BoolArray:
    """The frames that lie between two known ones which are not too far apart."""
    after = np.searchsorted(there, frames)
    inside = (after < len(there)) & ((after > 0) | (frames == there[0]))
    later, earlier = there[np.minimum(after, len(there) - 1)], there[np.maximum(after - 1, 0)]
    result: BoolArray = inside & ((later == frames) | (later - earlier <= PATIENCE_FRAMES))
    return result


def _without_doubles(distance: FloatArray) -> list[int]:
    """The people (first ones first) of whom none is another one detected twice, by distances (P, P, F)."""
    kept: list[int] = []
    for index in range(len(distance)):
        near = [distance[index, other][np.isfinite(distance[index, other])] for other in kept]
        if not any(item.size and float(np.median(item)) < SAME for item in near):
            kept.append(index)
    return kept
