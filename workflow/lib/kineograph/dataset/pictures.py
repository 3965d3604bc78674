"""Finding a camera's calibration pictures: ``<calibration>/intrinsics/<camera>`` and ``<calibration>/extrinsics/<camera>``."""

from __future__ import annotations

import re
from pathlib import Path

from kineograph.dataset.folders import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from kineograph.dataset.listing import list_folder
from kineograph.dataset.names import same_name_key
from kineograph.errors import InputError

PURPOSES = ("intrinsics", "extrinsics")
AFFIXES = {"int", "ext", "intrinsics", "extrinsics", "img", "images"}
"""Words that a camera's name in these folders may carry, as in Pose2Sim's int_cam01_img and cam01_ext.png."""
OBJECT_POINTS = "object_points"
IMAGE_POINTS = "image_points"
TABLE_SUFFIXES = (".tsv", ".csv")


def base_folder(calibration: Path) -> Path:
    """The folder that a calibration's pictures are under: the calibration's own, or the one that holds its file."""
    return calibration if calibration.is_dir() or not calibration.suffix else calibration.parent


def find_pictures(calibration: Path, purpose: str, camera: str) -> Path:
    """The picture, video or folder of a camera.

    Parameters
    ----------
    calibration : Path
        The calibration's folder, or a file in it.
    purpose : str
        ``intrinsics`` or ``extrinsics``.
    camera : str
        The camera's name; cam01, Cam_1 and int_cam01_img are the same.

    Raises
    ------
    InputError
        Where there is none, or more than one.
    """
    folder = base_folder(calibration) / purpose
    usable = [entry for entry in list_folder(folder) if entry.is_dir() or _shows(Path(entry.name))]
    found = [entry for entry in usable if _key(Path(entry.name).stem) == _key(camera)]
    if len(found) != 1:
        there = ", ".join(entry.name for entry in found or usable) or "nothing"
        raise InputError(
            f"there are {'two places with' if found else 'no'} {purpose} pictures of camera '{camera}'",
            expected=f"a folder, picture or video {folder / camera}",
            found=f"{there} in {folder}" if folder.is_dir() else f"no folder {folder}",
            hint="move one of them away"
            if found
            else "put them there (config/README.md says how pictures are laid out)",
        )
    return Path(found[0].path)


def find_point_files(calibration: Path) -> tuple[Path, Path]:
    """The files of object points and image points, ``extrinsics/object_points.tsv`` and ``extrinsics/image_points.tsv``.

    Raises
    ------
    InputError
        Where one of them is missing.
    """
    folder = base_folder(calibration) / PURPOSES[1]
    found = []
    for name in (OBJECT_POINTS, IMAGE_POINTS):
        files = point_tables(calibration, name)
        if len(files) != 1:
            raise InputError(
                f"there are {'two files' if files else 'no file'} of the scene's {name.replace('_', ' ')}",
                expected=f"{folder / name}.tsv (or .csv)",
                found=", ".join(file.name for file in files)
                or f"{', '.join(entry.name for entry in list_folder(folder)[:6]) or 'nothing'} in {folder}",
                hint="remove one of them" if files else "write it: config/README.md shows its columns",
            )
        found.append(files[0])
    return found[0], found[1]


def point_tables(calibration: Path, name: str) -> list[Path]:
    """The tables of object points or of image points that are there."""
    folder = base_folder(calibration) / PURPOSES[1]
    return [path for suffix in TABLE_SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]


def pictured_cameras(calibration: Path, purpose: str) -> dict[str, Path]:
    """The cameras that have pictures, by the names of their files or folders without the words of :data:`AFFIXES`."""
    found = {}
    for entry in list_folder(base_folder(calibration) / purpose):
        path = Path(entry.path)
        if entry.is_dir() or _shows(path):
            words = [word for word in re.split(r"[_\-. ]+", entry.name if entry.is_dir() else path.stem) if word]
            found["_".join(word for word in words if word.casefold() not in AFFIXES)] = path
    return found


def _shows(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES | VIDEO_SUFFIXES


def _key(name: str) -> tuple[str | int, ...]:
    return tuple(part for part in same_name_key(name) if part not in AFFIXES)
