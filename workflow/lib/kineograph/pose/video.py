"""Frames of a video file or of a folder of pictures, one after another, however long it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from kineograph.dataset.folders import IMAGE_SUFFIXES
from kineograph.dataset.listing import list_folder
from kineograph.model.shapes import FloatArray
from kineograph.pose import stream
from kineograph.pose.images import Image

__all__ = ["Footage", "Image", "VideoFacts", "frame_at", "frames", "video_facts"]


@dataclass(frozen=True)
class VideoFacts:
    """What a video's header says.

    Attributes
    ----------
    size_px : tuple of int
        Width and height as decoded, after the rotation that the file asks for.
    fps_hz : float
        Mean number of frames a second; NaN for pictures.
    n_frames : int
        Number of frames, as stated; the stream may end earlier.
    """

    size_px: tuple[int, int]
    fps_hz: float
    n_frames: int


def video_facts(path: Path) -> VideoFacts:
    """The facts of a video file or a folder of pictures.

    Raises
    ------
    InputError
        Where it can't be decoded. The first frame is decoded to be sure.
    """
    if path.is_dir():
        pictures = _pictures(path)
        height, width = _read_picture(pictures[0]).shape[:2]
        return VideoFacts((width, height), float("nan"), len(pictures))
    found = stream.facts(path)
    return VideoFacts(found.size_px, found.fps_hz, found.n_frames or len(stream.frame_index(path)))


class Footage:
    """The frames of a video file or of a folder of pictures, by their numbers.

    Parameters
    ----------
    path : Path
        The file or the folder.

    Raises
    ------
    InputError
        Where there is no video and no picture.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files = _pictures(path) if path.is_dir() else []
        self._index = None if path.is_dir() else stream.frame_index(path)

    def __len__(self) -> int:
        """F, the number of frames that the file holds, whether they can be decoded or not."""
        return len(self._files) if self._index is None else len(self._index)

    @property
    def time_s(self) -> FloatArray | None:
        """When each frame is shown (F,), counted from the first, s; None for pictures."""
        return None if self._index is None else self._index.time_s

    def frames(
        self,
        start: int = 0,
        stop: int | None = None,
        threads: int = 1,
        wanted: Callable[[int], bool] = lambda number: True,
    ) -> Iterator[Image | None]:
        """The frames `start` to `stop - 1` decoded one at a time; None for each that can't be.

        None, too, for each frame of which `wanted`, asked for its number when its turn comes, says no: that spares its picture.

        Raises
        ------
        InputError
            Where a picture can't be read, or the frames change size.
        """
        stop = len(self) if stop is None else min(stop, len(self))
        if start >= stop:
            return iter(())
        if self._index is not None:
            return stream.pictures(self._path, self._index, start, stop, threads, wanted)
        return self._pictures(start, stop, wanted)

    def _pictures(self, start: int, stop: int, wanted: Callable[[int], bool]) -> Iterator[Image | None]:
        size = _read_picture(self._files[0]).shape if start else None
        for number, file in enumerate(self._files[start:stop], start):
            if not wanted(number):
                yield None
                continue
            image = _read_picture(file)
            size = size or image.shape
            if image.shape != size:
                raise stream.changed_size(self._path, size, image.shape, number)
            yield image


def frames(path: Path) -> Iterator[Image]:
    """The frames of a video file or a folder of pictures that can be decoded, one at a time.

    Raises
    ------
    InputError
        Where it can't be opened, a picture can't be read, there is none, or the frames change size.
    """
    image = None
    for image in Footage(path).frames():
        if image is not None:
            yield image
    if image is None:
        raise stream.unreadable(path, "a file without a frame that can be decoded")


def frame_at(path: Path, number: int) -> Image | None:
    """One frame; None where the video ends before it, or it can't be decoded."""
    return next(Footage(path).frames(number, number + 1), None)


def _pictures(folder: Path) -> list[Path]:
    found = [Path(entry.path) for entry in list_folder(folder)]
    pictures = [path for path in found if path.suffix.lower() in IMAGE_SUFFIXES]
    if not pictures:
        raise stream.unreadable(folder, "a folder without pictures")
    return pictures


def _read_picture(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise stream.unreadable(path, "a file that is no picture, or is damaged")
    return image.astype(np.uint8, copy=False)
