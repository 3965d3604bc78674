"""Frames of a video file or of a folder of pictures, one after another, however long it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before OpenCV is imported: what FFmpeg says of a damaged file is said by our own errors.
os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np
from numpy.typing import NDArray

from kineograph.dataset.folders import IMAGE_SUFFIXES, list_folder
from kineograph.errors import InputError

Image = NDArray[np.uint8]
"""A picture as OpenCV keeps it: (height, width, 3), blue, green, red."""


@dataclass(frozen=True)
class VideoFacts:
    """What a video's header says.

    Attributes
    ----------
    size_px : tuple of int
        Width and height as decoded, after the rotation that the file asks for.
    fps_hz : float
        Frames a second; NaN for pictures.
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
    capture = _open(path)
    try:
        found, image = capture.read()
        if not found:
            raise _unreadable(path, "a file without a frame that can be decoded")
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()
    return VideoFacts((image.shape[1], image.shape[0]), fps if fps > 0 else float("nan"), max(count, 1))


def frames(path: Path) -> Iterator[Image]:
    """The frames of a video file or a folder of pictures, decoded one at a time.

    Raises
    ------
    InputError
        Where it can't be opened, a picture can't be read, or the frames change size.
    """
    size = None
    for index, image in enumerate(_decoded_pictures(path) if path.is_dir() else _decoded_video(path)):
        if size is None:
            size = image.shape
        if image.shape != size:
            raise InputError(
                f"the frames of {path.name} change size",
                expected=f"{size[1]}x{size[0]} px throughout",
                found=f"{image.shape[1]}x{image.shape[0]} px at frame {index}",
                hint="export the video again with one size",
            )
        yield image
    if size is None:
        raise _unreadable(path, "a file without a frame that can be decoded")


def frame_at(path: Path, index: int) -> Image | None:
    """One frame, decoded from the beginning of its group of pictures; None where the video ends before it."""
    if path.is_dir():
        pictures = _pictures(path)
        return _read_picture(pictures[index]) if index < len(pictures) else None
    capture = _open(path)
    try:
        capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        found, image = capture.read()
    finally:
        capture.release()
    return image if found else None


def _open(path: Path) -> Any:
    if not path.exists():
        raise _unreadable(path, "no such file")
    if path.stat().st_size == 0:
        raise _unreadable(path, "an empty file (0 bytes)")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise _unreadable(path, f"{path.stat().st_size} bytes that it can't open")
    return capture


def _decoded_video(path: Path) -> Iterator[Image]:
    capture = _open(path)
    try:
        while True:
            found, image = capture.read()
            if not found:
                return
            yield image
    finally:
        capture.release()


def _decoded_pictures(path: Path) -> Iterator[Image]:
    for picture in _pictures(path):
        yield _read_picture(picture)


def _pictures(folder: Path) -> list[Path]:
    found = [Path(entry.path) for entry in list_folder(folder)]
    pictures = [path for path in found if path.suffix.lower() in IMAGE_SUFFIXES]
    if not pictures:
        raise _unreadable(folder, "a folder without pictures")
    return pictures


def _read_picture(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise _unreadable(path, "a file that is no picture, or is damaged")
    return image.astype(np.uint8, copy=False)


def _unreadable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path} can't be read as a video",
        expected="a video file that FFmpeg decodes, or a folder of pictures",
        found=found,
        hint="copy the file again from the camera; if it plays elsewhere, convert it to H.264 in MP4",
    )
