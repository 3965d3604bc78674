"""How much room is left on the disk that holds a path."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of the operating system that only writing causes: a full disk, a quota that is used up, a limit on the size of files."""
FULL_BYTES = 1_000_000
"""With less than this left a disk is called full: no job's results fit."""


@dataclass(frozen=True)
class Room:
    """A disk.

    Attributes
    ----------
    mount : Path
        The folder under which it is seen.
    free_bytes, total_bytes : int
        What the user can still write, and the size.
    files_left : bool
        Whether new files can be made: some file systems have a number of them that can be used up.
    """

    mount: Path
    free_bytes: int
    total_bytes: int
    files_left: bool = True

    @property
    def full(self) -> bool:
        """Whether no result fits."""
        return self.free_bytes < FULL_BYTES or not self.files_left

    def __str__(self) -> str:
        """The disk in words."""
        files = "" if self.files_left else ", and no file more can be made"
        return f"{size_text(self.free_bytes)} of {size_text(self.total_bytes)} left on the disk at {self.mount}{files}"


def room(path: Path) -> Room:
    """The disk that holds a path, or would: where it is not there, that of the nearest folder above it."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    place = place.resolve()
    usage, files = shutil.disk_usage(place), os.statvfs(place)
    while not place.is_mount():
        place = place.parent
    return Room(place, usage.free, usage.total, files.f_favail > 0 or files.f_files == 0)


def require_room(path: Path) -> None:
    """Raise the operating system's error of a full disk where that of a path is full: for programs that don't tell.

    Raises
    ------
    OSError
        With the path.
    """
    if room(path).full:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def size_text(size: float) -> str:
    """A number of bytes in words."""
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"
