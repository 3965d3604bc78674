"""Frame rate and number of frames that a video file states, from its header alone: MP4, QuickTime and AVI."""

from __future__ import annotations

import math
import struct
from pathlib import Path

from kineograph.dataset.mp4_header import read_mp4_header

AVI_HEAD_BYTES = 4096
MICROSECONDS = 1e6


def stated_rate_hz(path: Path) -> float | None:
    """Frames a second of a video's first picture track, as a mean over it; None where the header does not tell."""
    found = _stated(path)
    return found[1] if found else None


def stated_frames(path: Path) -> int | None:
    """Frames of a video's first picture track; None where the header does not tell."""
    found = _stated(path)
    return found[0] if found else None


def _stated(path: Path) -> tuple[int | None, float | None] | None:
    """Number of frames and their rate, Hz."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] == b"RIFF" and head[8:] == b"AVI ":
                return _in_avi(file.read(AVI_HEAD_BYTES))
        found = read_mp4_header(path)
    except (OSError, struct.error):
        return None
    return (found.n_frames, None if math.isnan(found.fps_hz) else found.fps_hz) if found else None


def _in_avi(head: bytes) -> tuple[int | None, float | None] | None:
    place = head.find(b"avih")
    if place < 0:
        return None
    microseconds, _, _, _, frames = struct.unpack_from("<5I", head, place + 8)
    return frames or None, MICROSECONDS / microseconds if frames and microseconds else None
