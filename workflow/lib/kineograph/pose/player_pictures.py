"""Small pictures of a trial's cameras for the player on its page, as many as fit into a size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from kineograph.errors import KineographError
from kineograph.model.player_pictures import PlayerPictures
from kineograph.model.shapes import IntArray
from kineograph.pose import overlay
from kineograph.pose.video import Footage, Image

JPEG_QUALITY = 60
JUMP_FRAMES = 64
"""Frames further away than this are jumped to; nearer ones are reached by decoding those between."""
MOST_MOMENTS = 1200
"""More pictures than these are never tried: on a long trial most would be thrown away again."""

Draw = Callable[[Image, int, float], None]
"""Draws on a picture that shows a frame and was resized by a scale."""


def player_pictures(
    cameras: Sequence[tuple[str, Footage | None, Draw]], frame: IntArray, size_px: int, most_bytes: int
) -> PlayerPictures:
    """The pictures of all cameras at the same moments, evenly spread, at most `most_bytes` together.

    Parameters
    ----------
    cameras : sequence of (str, Footage or None, callable)
        C names, what each recorded, and what is done to its pictures before they are written.
    frame : (F, C) array of int
        The frame of each camera at each frame of the common clock, -1 where it has none.
    size_px : int
        Longest side of the pictures; smaller recordings keep their size.
    most_bytes : int
        Largest size of all pictures together, bytes. Where they need more, every second moment is left out, and again.
    """
    filmed = [item for item in cameras if item[1] is not None]
    share = most_bytes // max(len(filmed), 1)
    found, stride = [], 1 if len(frame) <= MOST_MOMENTS else 1 << int(np.ceil(np.log2(len(frame) / MOST_MOMENTS)))
    for column, (_, footage, draw) in enumerate(cameras):
        pictures: dict[int, bytes] = {}
        if footage is not None and share:
            pictures, stride = _fitting(_Reader(footage), frame[:, column], draw, (size_px, share), stride)
        found.append(pictures)
    moments = [m for m in range(0, len(frame), stride) if any(m in pictures for pictures in found)]
    files = [[pictures.get(moment, b"") for pictures in found] for moment in moments]
    return PlayerPictures(
        tuple(name for name, _, _ in cameras),
        np.array(moments, int),
        np.array([[len(file) for file in row] for row in files], int).reshape(len(moments), len(cameras)),
        np.frombuffer(b"".join(file for row in files for file in row), np.uint8),
    )


def _fitting(
    reader: _Reader, frame: IntArray, draw: Draw, limits: tuple[int, int], stride: int
) -> tuple[dict[int, bytes], int]:
    """The pictures of a camera at every `stride`-th moment or at fewer, and the stride at which they fit."""
    size_px, share = limits
    kept: dict[int, bytes] = {}
    moment = 0
    while moment < len(frame):
        image = reader.at(int(frame[moment])) if frame[moment] >= 0 else None
        if image is not None:
            small, scale = overlay.reduced(image, _height(image, size_px))
            small = small.copy() if small is image else small  # the next moment may show the same frame
            draw(small, int(frame[moment]), scale)
            kept[moment] = overlay.jpeg(small, JPEG_QUALITY)
        while sum(map(len, kept.values())) > share and len(kept) > 1:
            stride *= 2
            kept = {moment: file for moment, file in kept.items() if moment % stride == 0}
        moment = (moment // stride + 1) * stride
    return kept, stride


def _height(image: Image, size_px: int) -> int:
    """The height at which the longest side of a picture has this size."""
    height, width = image.shape[:2]
    return int(height * size_px / max(height, width) + 0.5)


class _Asked:
    """The frame that a reader is asked for; the decoder knows this and not the reader, so that both end together."""

    number = 0

    def is_reached(self, number: int) -> bool:
        """False for the frames on the way to it."""
        return number >= self.number


class _Reader:
    """Frames of a recording by growing numbers."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        self._frames: Iterator[Image | None] = iter(())
        self._number = -JUMP_FRAMES - 1
        self._asked = _Asked()
        self._image: Image | None = None

    def at(self, number: int) -> Image | None:
        """A frame; None where it can't be decoded or there is none, as the pose stage's verdict says."""
        try:
            if not self._number <= number <= self._number + JUMP_FRAMES:
                self._frames = self._footage.frames(number, wanted=self._asked.is_reached)
                self._number = number - 1
            self._asked.number = number
            while self._number < number:
                self._image = next(self._frames, None)
                self._number += 1
        except KineographError:
            self._frames, self._number, self._image = iter(()), number, None
        return self._image
