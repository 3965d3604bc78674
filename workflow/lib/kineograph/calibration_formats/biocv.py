"""Calibrations of the BioCV dataset (``.calib``, a text file a camera).

The format is described with the dataset (https://researchdata.bath.ac.uk/1258, note.txt): image width and height, the 3x3
intrinsic matrix, the 4x4 matrix from world to camera, and the distortion coefficients k0 to k4 in OpenCV's order. Lengths
are mm, as Pose2Sim 0.10 reads them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.calibration_formats._reading import METRES, Source
from kineograph.dataset.calibration_files import calibration_files
from kineograph.dataset.folders import VIDEO_SUFFIXES
from kineograph.model.camera import Camera, Rig

SUFFIXES = (".calib",)
MARK = "\n"  # numbers only: nothing but the file's name tells
FILE_PER_CAMERA = True

NUMBERS = 2 + 9 + 16 + 5


def read(path: Path) -> Rig:
    """Read a .calib file, or all those of a folder; a camera's name is its file's (``00`` of ``00.mp4.calib``).

    Raises
    ------
    InputError
        Where a file is not 32 numbers.
    """
    source = Source(
        path,
        f"{NUMBERS} numbers a file: image size, intrinsics (3x3), world to camera (4x4), 5 distortion coefficients",
        "take the file from the dataset again",
    )
    return source.rig(_camera(source, file) for file in calibration_files(path, "biocv"))


def _camera(source: Source, file: Path) -> Camera:
    try:
        numbers = np.array([float(word) for word in file.read_text(encoding="utf-8").split()])
    except ValueError as error:
        raise source.unusable(f"text that is no number ({error})", file) from error
    if len(numbers) != NUMBERS:
        raise source.unusable(f"{len(numbers)} numbers", file)
    world_to_camera = numbers[11:27].reshape(4, 4)
    return source.camera(
        _name(file),
        numbers[:2],
        numbers[2:11],
        numbers[27:],
        world_to_camera[:3, :3],
        world_to_camera[:3, 3] * METRES["mm"],
    )


def _name(file: Path) -> str:
    stem = Path(file.stem)
    return stem.stem if stem.suffix.lower() in VIDEO_SUFFIXES else stem.name
