"""The pictures of one camera for its calibration: files, a folder of files, or videos of which a frame now and then is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from kineograph.dataset.folders import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from kineograph.dataset.listing import list_folder
from kineograph.errors import InputError
from kineograph.pose.images import Image
from kineograph.pose.video import frames, video_facts


def pictures(source: Path, interval_s: float) -> Iterator[tuple[str, Image]]:
    """The pictures of a file or folder with their names, all of one size.

    Parameters
    ----------
    source : Path
        A picture, a video, or a folder of pictures and videos.
    interval_s : float
        Of a video, a frame is taken every so many seconds.

    Raises
    ------
    InputError
        Where there is no picture, one can't be read, or they have different sizes.
    """
    size = None
    for name, image in _all(source, interval_s):
        if size is None:
            size, first = image.shape, name
        if image.shape != size:
            raise InputError(
                f"the pictures in {source} have different sizes",
                expected=f"{size[1]}x{size[0]} px as in {first}",
                found=f"{image.shape[1]}x{image.shape[0]} px in {name}",
                hint="take all pictures of a camera with the settings of its videos, and don't turn or crop some of them",
            )
        yield name, image
    if size is None:
        raise InputError(
            f"{source} holds no picture",
            expected=f"pictures ({', '.join(sorted(IMAGE_SUFFIXES))}) or videos",
            found="nothing of the kind",
            hint="put the camera's pictures there (config/README.md says how they are laid out)",
        )


def _all(source: Path, interval_s: float) -> Iterator[tuple[str, Image]]:
    files = [Path(entry.path) for entry in list_folder(source)] if source.is_dir() else [source]
    for file in files:
        if file.suffix.lower() in IMAGE_SUFFIXES:
            yield file.name, _read(file)
        elif file.suffix.lower() in VIDEO_SUFFIXES:
            yield from _sampled(file, interval_s)


def _read(file: Path) -> Image:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError(
            f"the picture {file} can't be read",
            expected="a picture that OpenCV decodes",
            found="a file that is no picture, or is damaged" if file.exists() else "no such file",
            hint="copy it again from the camera, or remove it",
        )
    return image.astype(np.uint8, copy=False)


def _sampled(file: Path, interval_s: float) -> Iterator[tuple[str, Image]]:
    rate = video_facts(file).fps_hz
    step = max(1, round(interval_s * rate)) if np.isfinite(rate) else 1
    for index, image in enumerate(frames(file)):
        if index % step == 0:
            yield f"{file.name}#{index}", image
