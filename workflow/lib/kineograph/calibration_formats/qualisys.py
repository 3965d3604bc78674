"""Qualisys Track Manager's calibration export (``.qca.txt``, an XML file).

Conventions, as Pose2Sim 0.10 reads them (`calibration.py`, `read_qca`): focal lengths, principal point and distortion
coefficients are stored 64 times too large; the principal point counts from the sensor's corner, so the video's field of
view is subtracted; the rotation is written camera to world by columns, in mm, for a camera that looks along its -z with y
up, hence the half turn about x. Video cameras are those whose model is, or contains, "video" or "none".
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from kineograph.calibration_formats._reading import Source
from kineograph.model.camera import Camera, Rig

SUFFIXES = (".txt", ".xml", ".qca")
MARK = "<calibration"
UNLIKE = "<opencv_storage"  # which may hold <calibration_time>

PARAMETERS = {
    "binning": {
        "type": "integer",
        "minimum": 1,
        "default": 1,
        "description": "Pixels of the sensor that make one pixel of the video (2 when Qualisys cameras film in 540p).",
    }
}

SUBPIXELS = 64
VIDEO_MODELS = ("video", "none")
HALF_TURN_ABOUT_X = np.diag([1.0, -1.0, -1.0])


def read(path: Path, *, binning: int = 1) -> Rig:
    """Read the video cameras of a .qca.txt file, in natural order of their names.

    Raises
    ------
    InputError
        Where the file is not such XML, or a camera lacks a value.
    """
    source = Source(
        path,
        "a .qca.txt file as Qualisys Track Manager exports it, with at least one video camera",
        "export the calibration again",
    )
    try:
        root = ET.parse(path).getroot()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise source.unusable(f"XML that breaks off or is damaged ({error})") from error
    cameras = [
        _camera(source, element, binning)
        for element in root.iterfind("cameras/camera")
        if any(model in element.get("model", "").lower() for model in VIDEO_MODELS)
    ]
    if not cameras:
        raise source.unusable("no video camera")
    return source.rig(cameras)


def _camera(source: Source, element: ET.Element, binning: int) -> Camera:
    name = element.get("serial", "")

    def number(tag: str, key: str) -> float:
        child = element.find(tag)
        value = None if child is None else child.get(key)
        try:
            found = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            raise source.unusable(f"camera '{name}' without a number for {tag} {key}")
        return found

    def intrinsic(key: str) -> float:
        return number("intrinsic", key) / SUBPIXELS / binning

    left, top = number("fov_video", "left"), number("fov_video", "top")
    width = (number("fov_video", "right") - left + 1) / binning
    height = (number("fov_video", "bottom") - top + 1) / binning
    matrix = np.array([[number("transform", f"r{row}{column}") for column in (1, 2, 3)] for row in (1, 2, 3)])
    position_m = np.array([number("transform", axis) for axis in "xyz"]) / 1000
    rotation = HALF_TURN_ABOUT_X @ matrix
    return source.camera(
        name=name,
        size_px=(width, height),
        intrinsics=np.array(
            [
                [intrinsic("focalLengthU"), 0.0, intrinsic("centerPointU") - left],
                [0.0, intrinsic("focalLengthV"), intrinsic("centerPointV") - top],
                [0.0, 0.0, 1.0],
            ]
        ),
        distortion=np.array(
            [
                intrinsic(key)
                for key in (
                    "radialDistortion1",
                    "radialDistortion2",
                    "tangentalDistortion1",
                    "tangentalDistortion2",
                )
            ]
        ),
        rotation=rotation,
        translation_m=-rotation @ position_m,
    )
