"""Frame rate and number of frames that a video file states, from its header alone: MP4 and QuickTime (ISO/IEC 14496-12), AVI."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
LARGEST_TABLE_BYTES = 8_000_000
AVI_HEAD_BYTES = 4096
MICROSECONDS = 1e6


def stated_rate_hz(path: Path) -> float | None:
    """Frames a second of a video's first picture track, as a mean over it; None where the header does not tell."""
    found = _stated(path)
    return found[0] / found[1] if found and found[1] else None


def stated_frames(path: Path) -> int | None:
    """Frames of a video's first picture track; None where the header does not tell."""
    found = _stated(path)
    return found[0] if found and found[0] else None


def _stated(path: Path) -> tuple[int, float] | None:
    """Number of frames and their duration, s."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] == b"RIFF" and head[8:] == b"AVI ":
                return _in_avi(file.read(AVI_HEAD_BYTES))
            file.seek(0)
            return _in_mp4(file, path.stat().st_size)
    except (OSError, struct.error):
        return None


def _in_avi(head: bytes) -> tuple[int, float] | None:
    place = head.find(b"avih")
    if place < 0:
        return None
    microseconds, _, _, _, frames = struct.unpack_from("<5I", head, place + 8)
    return frames, frames * microseconds / MICROSECONDS


def _in_mp4(file: BinaryIO, size: int) -> tuple[int, float] | None:
    """Samples and their durations, of the first track that has pictures."""
    timescale, pictures = 0, False
    for kind, start, length in _boxes(file, 0, size):
        if kind == b"trak":
            timescale, pictures = 0, False
        elif kind == b"mdhd":
            file.seek(start)
            body = file.read(min(length, 40))
            (timescale,) = struct.unpack_from(">I", body, 20 if body[:1] == b"\x01" else 12)
        elif kind == b"hdlr":
            file.seek(start + 8)
            pictures = pictures or file.read(4) == b"vide"
        elif kind == b"stts" and pictures and timescale and length <= LARGEST_TABLE_BYTES:
            file.seek(start)
            body = file.read(length)
            (entries,) = struct.unpack_from(">I", body, 4)
            pairs = list(struct.iter_unpack(">II", body[8 : 8 + 8 * entries]))
            duration = sum(count * ticks for count, ticks in pairs)
            return sum(count for count, _ in pairs), duration / timescale
    return None


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, beginning and length of the content of each box, those inside others after them."""
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            header = 16
        size = end - start if size == 0 else size
        if size < header:
            return
        yield kind, start + header, size - header
        if kind in CONTAINERS:
            yield from _boxes(file, start + header, min(start + size, end))
        start += size
