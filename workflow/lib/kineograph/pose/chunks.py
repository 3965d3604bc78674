"""A video in chunks that may be done apart, and their results put together: the same as in one pass.

Chunks begin where the detector runs and where a block of frames begins (`kineograph.pose.runner`), so nothing of a chunk depends
on another, and each goes through the networks in the same batches as in one pass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from kineograph.model.keypoints import Keypoints2D
from kineograph.model.shapes import FloatArray
from kineograph.pose.runner import BLOCK_FRAMES
from kineograph.signal.detection_tracks import numbered


def groups_of_a_block(detect_every_frames: int) -> int:
    """How many groups of frames between two detections make a block."""
    return max(1, BLOCK_FRAMES // detect_every_frames)


def span(n_frames: int, detect_every_frames: int, chunk: int, chunks: int) -> tuple[int, int]:
    """First frame, and the one after the last, of chunk `chunk` (from 0) of `chunks`."""
    block = detect_every_frames * groups_of_a_block(detect_every_frames)
    blocks = -(-n_frames // block)
    start, stop = (min(blocks * number // chunks * block, n_frames) for number in (chunk, chunk + 1))
    return start, stop


def joined(parts: Sequence[Keypoints2D]) -> Keypoints2D:
    """The chunks of a video one after another."""
    people = max(part.position_px.shape[1] for part in parts)
    box = _stacked([part.bbox_px for part in parts], people, np.nan)
    return dataclasses.replace(
        parts[0],
        position_px=_stacked([part.position_px for part in parts], people, np.nan),
        confidence=_stacked([part.confidence for part in parts], people, 0.0),
        bbox_px=box,
        time_s=np.concatenate([part.time_s for part in parts]),
        size_px=next((part.size_px for part in parts if part.size_px[0]), parts[0].size_px),
        track_id=numbered(box),
    )


def _stacked(arrays: Sequence[FloatArray], people: int, absent: float) -> FloatArray:
    """Arrays (frames, people, ...) one after another, with room for so many people."""
    widened = [
        np.pad(array, [(0, 0), (0, people - array.shape[1])] + [(0, 0)] * (array.ndim - 2), constant_values=absent)
        for array in arrays
    ]
    return np.concatenate(widened)
