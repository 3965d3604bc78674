"""OpenCap's calibrations: a pickle a camera, ``<camera>/cameraIntrinsicsExtrinsics.pickle`` in a session's folder.

A dict of numpy arrays: intrinsicMat (3x3), distortion (OpenCV's), imageSize (height, width), rotation (3x3) and translation
(mm) from world to camera. OpenCap's world is its board, which stands upright: x along the board, y down, z into it. It is
turned so that z is up, as Pose2Sim 0.10 does (`calibration.py`, `calib_opencap_fun`); the fifth distortion coefficient,
which that leaves out, counts here.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.calibration_formats._reading import METRES, Source
from kineograph.dataset.calibration_files import calibration_files
from kineograph.io.inert_pickle import read_inert
from kineograph.model.camera import Camera, Rig

SUFFIXES = (".pickle", ".pkl")
MARK = "intrinsicMat"
FILE_PER_CAMERA = True

FILE_STEM = "cameraIntrinsicsExtrinsics"
NEEDED = ("imageSize", "intrinsicMat", "distortion", "rotation", "translation")
WORLD_FROM_BOARD = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, -1.0, 0.0]])
LARGEST_BYTES = 1_000_000


def read(path: Path) -> Rig:
    """Read a camera's pickle, or those of all cameras of a folder; nothing that a pickle names is run.

    A camera's name is that of its folder where its file has OpenCap's name, else that of its file.

    Raises
    ------
    InputError
        Where a file is no pickle, names anything but numpy's arrays, or lacks a value.
    """
    source = Source(
        path,
        f"pickles of dicts with the arrays {', '.join(NEEDED)}, and nothing but numbers, texts and arrays in them",
        "download the session from OpenCap again; don't open a pickle of unknown origin with other tools",
    )
    return source.rig(_camera(source, file) for file in calibration_files(path, "opencap"))


def _camera(source: Source, file: Path) -> Camera:
    content = file.read_bytes()
    if len(content) > LARGEST_BYTES:
        raise source.unusable(f"a file of {len(content) / 1e6:.0f} MB", file)
    try:
        values: Any = read_inert(content)
    except (pickle.UnpicklingError, ValueError) as error:
        raise source.unusable(str(error), file) from error
    missing = [key for key in NEEDED if key not in values] if isinstance(values, dict) else list(NEEDED)
    if missing:
        raise source.unusable(f"no '{missing[0]}'", file)
    rotation = np.array(values["rotation"])
    if rotation.shape != (3, 3):
        raise source.unusable(f"a rotation of shape {rotation.shape}", file)
    return source.camera(
        file.parent.name if file.stem == FILE_STEM else file.stem,
        np.ravel(values["imageSize"])[::-1],
        values["intrinsicMat"],
        values["distortion"],
        rotation @ WORLD_FROM_BOARD.T,
        np.ravel(values["translation"]) * METRES["mm"],
    )
