"""A long trial in pieces that overlap so far that no frame feels a seam."""

from __future__ import annotations

from collections.abc import Iterator

PIECE_FRAMES = 1500
"""Bounds memory: about 100 kB a frame are needed."""
OVERLAP_S = 1.5


def pieces(frames: int, fps_hz: float) -> Iterator[tuple[slice, slice, slice]]:
    """Each piece with its overlaps, the frames of it that count, and where these are in the piece."""
    overlap = round(OVERLAP_S * fps_hz)
    for start in range(0, frames, PIECE_FRAMES):
        stop = min(start + PIECE_FRAMES, frames)
        low, high = max(start - overlap, 0), min(stop + overlap, frames)
        yield slice(low, high), slice(start, stop), slice(start - low, stop - low)
