"""One video file through FFmpeg: when each of its frames is shown, and the pictures of any stretch of them.

A frame is known by its place in the order in which frames are shown, as the packets' time stamps tell it. So a frame that can't
be decoded leaves a gap where it was and moves no other, and a stretch that is decoded alone has the same pictures under the same
numbers as one pass from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kineograph.errors import InputError
from kineograph.model.shapes import FloatArray, IntArray
from kineograph.pose.images import Image

ROTATIONS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
"""OpenCV's code for a display rotation, degrees counter-clockwise, which phones write in place of turning the picture."""
HIDDEN_FRAMES = ("vp8",)
"""Codecs whose packets may hold frames that are never shown, so that packets can't be counted for frames."""
RUN_UP = 2
"""A stretch is decoded from so many key frames before it: pictures after the first may still lean on what was before it."""


@dataclass(frozen=True)
class Facts:
    """What the header and the first frame say.

    Attributes
    ----------
    size_px : tuple of int
        Width and height as shown, after the rotation that the file asks for.
    fps_hz : float
        Mean rate, Hz; NaN where unknown.
    n_frames : int
        As stated; 0 where the file states none.
    """

    size_px: tuple[int, int]
    fps_hz: float
    n_frames: int


@dataclass(frozen=True)
class FrameIndex:
    """The frames of a file in the order in which they are shown.

    Attributes
    ----------
    time_s : (F,) array
        When each is shown, counted from the first, s.
    stamps : (F,) array
        Their time stamps in the stream's own unit, increasing; empty where the file has none that can be relied on.
    run_ups : (F,) array
        The time stamp from which the file is read for the frame, in the same unit (of decoding).
    """

    time_s: FloatArray
    stamps: IntArray
    run_ups: IntArray

    def __len__(self) -> int:
        """F, the number of frames."""
        return len(self.time_s)


class _Decoded:
    """A frame as FFmpeg decodes it, which is no picture yet."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self._turn = ROTATIONS.get(round(frame.rotation) % 360)

    @property
    def stamp(self) -> int | None:
        """Its time stamp in the stream's own unit, where it has one."""
        stamp: int | None = self._frame.pts
        return stamp

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width as shown, px."""
        height, width = self._frame.height, self._frame.width
        return (
            (width, height)
            if self._turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
            else (height, width)
        )

    def picture(self) -> Image:
        """Its picture."""
        image: Image = self._frame.to_ndarray(format="bgr24")
        return image if self._turn is None else cv2.rotate(image, self._turn).astype(np.uint8, copy=False)


def facts(path: Path) -> Facts:
    """The facts of a video; its first frame is decoded to be sure.

    Raises
    ------
    InputError
        Where it can't be decoded.
    """
    with _opened(path, threads=1) as (container, stream):
        first = next(_decoded(container, stream), None)
        if first is None:
            raise unreadable(path, _why_no_picture(stream))
        image = first.picture()
        rate = stream.average_rate or stream.guessed_rate
        return Facts((image.shape[1], image.shape[0]), float(rate) if rate else float("nan"), int(stream.frames))


def frame_index(path: Path) -> FrameIndex:
    """Where the frames are, from the packets' time stamps: the file is read once, and nothing is decoded."""
    with _opened(path, threads=1) as (container, stream):
        rate = stream.average_rate or stream.guessed_rate
        unit_s = float(stream.time_base)
        shown, read, key = [], [], []
        for packet in _packets(container, stream):
            if packet.size and not packet.is_discard:
                shown.append(packet.pts)
                read.append(packet.dts)
                key.append(packet.is_keyframe)
        hidden = stream.codec_context.name in HIDDEN_FRAMES
    none = np.zeros(0, int)
    if hidden or None in shown or len(set(shown)) < len(shown):
        return FrameIndex(np.arange(len(shown)) / float(rate or 1), none, none)
    stamps = np.sort(np.array(shown, dtype=int))
    reading = [r if r is not None else s for r, s in zip(read, shown, strict=True)]
    starts = sorted((s, r) for s, r, is_key in zip(shown, reading, key, strict=True) if is_key)
    key_shown, key_read = (np.array([start[i] for start in starts], dtype=int) for i in (0, 1))
    before = np.searchsorted(key_shown, stamps, side="right") - RUN_UP
    run_ups = key_read[np.maximum(before, 0)] if starts else np.full(len(stamps), min(reading, default=0))
    return FrameIndex((stamps - stamps[:1]) * unit_s, stamps, run_ups)


def pictures(
    path: Path, index: FrameIndex, start: int, stop: int, threads: int, wanted: Callable[[int], bool]
) -> Iterator[Image | None]:
    """The frames `start` to `stop - 1` of a file, None for each that can't be decoded or is not wanted when it comes.

    Frames that are not wanted are decoded, as others lean on them, but not turned into pictures, which takes as long again.

    Raises
    ------
    InputError
        Where the file can't be opened, or its pictures change size.
    """
    indexed, following, size = len(index.stamps) > 0, start, None
    with _opened(path, threads) as (container, stream):
        if indexed and index.run_ups[start] > index.run_ups[0]:
            container.seek(int(index.run_ups[start]), stream=stream, backward=True)
        for count, frame in enumerate(_decoded(container, stream)):
            number = int(np.searchsorted(index.stamps, frame.stamp)) if indexed and frame.stamp is not None else count
            if number < following:
                continue
            size = size or frame.shape
            if frame.shape != size:
                raise changed_size(path, size, frame.shape, number)
            yield from [None] * (min(number, stop) - following)
            if number >= stop:
                return
            yield frame.picture() if wanted(number) else None
            following = number + 1
            if following == stop:
                return
    yield from [None] * (stop - following)


def changed_size(path: Path, size: tuple[int, ...], found: tuple[int, ...], number: int) -> InputError:
    """The error for frames that are not all of one size: height and width of the first and of another."""
    return InputError(
        f"the frames of {path.name} change size",
        expected=f"{size[1]}x{size[0]} px throughout",
        found=f"{found[1]}x{found[0]} px at frame {number}",
        hint="export the video again with one size",
    )


def unreadable(path: Path, found: str) -> InputError:
    """The error for what can't be read as a video."""
    return InputError(
        f"{path} can't be read as a video",
        expected="a video file that FFmpeg decodes, or a folder of pictures",
        found=found,
        hint="copy the file again from the camera; if it plays elsewhere, convert it to H.264 in MP4",
    )


@contextmanager
def _opened(path: Path, threads: int) -> Iterator[tuple[Any, Any]]:
    """The opened file and its first stream of moving pictures; nothing of them may be touched afterwards."""
    import av

    if not path.exists():
        raise unreadable(path, "no such file")
    if path.stat().st_size == 0:
        raise unreadable(path, "an empty file (0 bytes)")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, ValueError) as error:
        raise unreadable(path, f"{path.stat().st_size} bytes that it can't open ({_said(error)})") from error
    with container:
        cover = av.stream.Disposition.attached_pic
        found = [stream for stream in container.streams.video if not stream.disposition & cover]
        if not found:
            kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
            raise unreadable(path, f"a file without a video in it ({kinds} only)")
        stream = found[0]
        if stream.codec_context is None:
            raise unreadable(path, "a codec that FFmpeg does not know")
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = max(threads, 1)
        yield container, stream


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """The packets up to the end, or to where the file is cut off."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        yield packet


def _decoded(container: Any, stream: Any) -> Iterator[_Decoded]:
    """Each frame that can be decoded, in the order in which they are shown."""
    import av

    for packet in _packets(container, stream):
        try:
            decoded = packet.decode()
        except av.FFmpegError:
            continue
        yield from map(_Decoded, decoded)


def _why_no_picture(stream: Any) -> str:
    return f"a file without a frame that can be decoded (codec {stream.codec_context.name})"


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
