"""Which pieces of different cameras show the same person, once the cameras' offsets are known to about a frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from kineograph.geometry.epipolar import sampson_distance_px
from kineograph.geometry.view_pairs import FEWEST_FRAMES, Pair, centred
from kineograph.model.pieces import Piece
from kineograph.model.shapes import FloatArray

LIMIT_PX = 60.0
"""Distances over this are taken as this."""
PLACE_SHARE = 0.25
"""Distance in place counts by so much against distance in movement, as calibrations are off."""
FAR = 3.0
"""Pieces that are farther from agreement than so many times the typical match are of different people ..."""
NEAR_PX = 5.0
"""... but never those that are nearer than this: offsets are known to about a frame only, in which people move so far."""
APART_FRAMES = 10
"""People who take turns in a view are so far from each other in time."""

Member = tuple[int, int]
"""A camera, and which of its pieces."""


def lay_out_people(
    pieces: Sequence[Sequence[Piece]], counts: Sequence[int], matrices: dict[Pair, FloatArray], offset: FloatArray
) -> list[FloatArray]:
    """Each camera's view (F, P * K, 2) of the people whom at least two show, px: person p at the same place in all views.

    Parameters
    ----------
    pieces : sequence of sequences of Piece
        What each camera shows.
    counts : sequence of int
        F, the number of frames of each camera.
    matrices : dict of (int, int) to (3, 3) array
        Fundamental matrices of the pairs to compare.
    offset : (C,) array
        How much later each camera started, frames.
    """
    whole = np.round(offset).astype(int)
    cost = {
        ((i, a), (j, b)): value
        for (i, j), matrix in matrices.items()
        for (a, first), (b, second) in product(enumerate(pieces[i]), enumerate(pieces[j]))
        if (value := _distance_px(first, second, matrix, int(whole[i] - whole[j]))) is not None
    }
    people = [person for person in _grouped(cost, pieces) if len({camera for camera, _ in person}) > 1]
    places = _lanes(people, pieces)
    keypoints = next((piece.position_px.shape[1] for own in pieces for piece in own), 0)
    views = [np.full((count, max(max(places, default=0) + 1, 1) * keypoints, 2), np.nan) for count in counts]
    for person, lane in zip(people, places, strict=True):
        for camera, index in person:
            piece = pieces[camera][index]
            columns = slice(lane * keypoints, (lane + 1) * keypoints)
            views[camera][piece.start : piece.stop, columns] = piece.position_px
    return views


def _distance_px(first: Piece, second: Piece, matrix: FloatArray, lag: int) -> float | None:
    """How far two pieces are from being one person's, px; None where they share too little."""
    start, stop = max(first.start, second.start - lag), min(first.stop, second.stop - lag)
    if stop - start < FEWEST_FRAMES:
        return None
    there = slice(start + lag - second.start, stop + lag - second.start)
    distance = sampson_distance_px(
        matrix, first.position_px[start - first.start : stop - first.start], second.position_px[there]
    )
    movement = np.abs(centred(distance))
    known = np.isfinite(movement)
    if known.sum() < FEWEST_FRAMES * 2:
        return None
    place = np.minimum(np.abs(distance[known]), LIMIT_PX).mean()
    return float(np.minimum(movement[known], LIMIT_PX).mean() + PLACE_SHARE * place)


def _grouped(cost: dict[tuple[Member, Member], float], pieces: Sequence[Sequence[Piece]]) -> list[list[Member]]:
    """The pieces in groups of one person each: those that agree best are joined first."""
    best: dict[Member, float] = {}
    for pair, value in cost.items():
        for member in pair:
            best[member] = min(value, best.get(member, np.inf))
    limit = max(FAR * float(np.median(list(best.values()))), NEAR_PX) if best else 0.0
    group: dict[Member, list[Member]] = {member: [member] for member in best}
    for (first, second), value in sorted(cost.items(), key=lambda item: item[1]):
        one, other = group[first], group[second]
        if value > limit:
            break
        if one is other or _collide(one, other, pieces, 0):
            continue
        between = [cost.get((a, b), cost.get((b, a))) for a, b in product(one, other)]
        known = [item for item in between if item is not None]
        if float(np.mean(known)) <= limit:
            one += other
            for member in other:
                group[member] = one
    unique = {id(members): members for members in group.values()}
    return sorted((sorted(members) for members in unique.values()), key=lambda members: members[0])


def _collide(one: Sequence[Member], other: Sequence[Member], pieces: Sequence[Sequence[Piece]], apart: int) -> bool:
    """Whether a camera shows both at once, or within so many frames."""
    for (i, a), (j, b) in product(one, other):
        first, second = pieces[i][a], pieces[j][b]
        if i == j and first.start < second.stop + apart and second.start < first.stop + apart:
            return True
    return False


def _lanes(people: Sequence[Sequence[Member]], pieces: Sequence[Sequence[Piece]]) -> list[int]:
    """A place for each person, shared by those who are not seen at the same time."""
    lanes: list[list[Member]] = []
    result = []
    for person in people:
        free = [n for n, lane in enumerate(lanes) if not _collide(person, lane, pieces, APART_FRAMES)]
        if not free:
            free = [len(lanes)]
            lanes.append([])
        lanes[free[0]] += person
        result.append(free[0])
    return result
