"""The detections of one camera, joined over time into people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import FloatArray, finite
from kineograph.signal.assignment import cheapest_pairs

REACH = 0.25
"""From one frame to the next, a person's keypoints move on average by less than this part of the person's size."""
FAR = 1e6
"""Cost of a pair that must not be matched."""
PATIENCE_FRAMES = 30
"""A person who is not seen for longer starts a new chain."""


@dataclass(eq=False)
class _Chain:
    last_px: FloatArray
    last_frame: int
    places: list[tuple[int, int]]
    size: float


def chains(position_px: FloatArray, most: int) -> list[FloatArray]:
    """The people whom a camera shows largest and longest.

    From frame to frame, detections join the chains so that the sum of their distances is smallest; a chain that has
    lapsed gets only what those seen in the frame before leave it.

    Parameters
    ----------
    position_px : (F, D, K, 2) array
        Keypoints of all detections, px; NaN where not confident.
    most : int
        How many chains to return at most.

    Returns
    -------
    list of (F, K, 2) arrays
        px, NaN in frames in which the person was not seen; those with the most frames times size first.
    """
    frames, detections, count = position_px.shape[:3]
    extent = _extent(position_px)
    active: list[_Chain] = []
    done: list[_Chain] = []
    for frame in range(frames):
        seen = [index for index in range(detections) if np.isfinite(extent[frame, index])]
        lapsed = [chain for chain in active if frame - chain.last_frame > 1]
        for group in ([chain for chain in active if chain not in lapsed], lapsed):
            for chain, index in _nearest(group, position_px[frame], extent[frame], seen):
                here = position_px[frame, index]
                chain.last_px = np.where(np.isfinite(here), here, chain.last_px)
                chain.last_frame = frame
                chain.places.append((frame, index))
                chain.size += float(extent[frame, index])
                seen.remove(index)
        active += [_Chain(position_px[frame, i], frame, [(frame, i)], float(extent[frame, i])) for i in seen]
        done += [chain for chain in active if frame - chain.last_frame > PATIENCE_FRAMES]
        active = [chain for chain in active if frame - chain.last_frame <= PATIENCE_FRAMES]
    longest = sorted(done + active, key=lambda chain: -chain.size)[:most]
    people = []
    for chain in longest:
        person = np.full((frames, count, 2), np.nan)
        when, which = np.array(chain.places).T
        person[when] = position_px[when, which]
        people.append(person)
    return people


def _extent(position_px: FloatArray) -> FloatArray:
    """The diagonal of the box around each detection (F, D), px; NaN where fewer than two keypoints are shown."""
    shown = finite(position_px)
    low = np.where(shown[..., None], position_px, np.inf).min(axis=2, initial=np.inf)
    high = np.where(shown[..., None], position_px, -np.inf).max(axis=2, initial=-np.inf)
    size = np.hypot(*np.moveaxis(np.where(shown.sum(axis=-1)[..., None] > 1, high - low, np.nan), -1, 0))
    return np.asarray(size, dtype=float)


def _nearest(
    active: list[_Chain], position_px: FloatArray, extent: FloatArray, seen: list[int]
) -> list[tuple[_Chain, int]]:
    """Pairs of chain and detection within reach, each at most once, of the smallest sum of distances."""
    if not active or not seen:
        return []
    last = np.array([chain.last_px for chain in active])
    distance = np.linalg.norm(last[:, None] - position_px[None, seen], axis=-1)
    known = np.isfinite(distance)
    mean = np.where(known, distance, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    cost = np.where(known.any(axis=-1), mean / np.maximum(extent[seen], 1.0), np.inf)
    rows, columns = cheapest_pairs(np.minimum(cost, FAR))
    return [(active[i], seen[j]) for i, j in zip(rows, columns, strict=True) if cost[i, j] <= REACH]
