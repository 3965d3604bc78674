"""Qualisys Track Manager's calibration export (``.qca.txt``, an XML file).

Conventions, as Pose2Sim 0.10 reads them (`calibration.py`, `read_qca`): focal lengths, principal point and distortion
coefficients are stored 64 times too large; the principal point counts from the sensor's corner, so the video's field of
view is subtracted; the rotation is written camera to world by columns, in mm, for a camera that looks along its -z with y
up, hence the half turn about x. Video cameras are those whose model is, or contains, "video" or "none".

With binning, all that is in pixels is divided by it, the place of the field of view as well as the principal point. Distortion
coefficients count in focal lengths, and no binning changes them (Pose2Sim 0.10 divides the coefficients and leaves the field of
view as it is). That the coefficients are stored 64 times too large is Pose2Sim's reading, and unproven: no public document says
so, and the lenses of the one file at hand bend too little to tell.

`viewrotation` (degrees) is how the camera's view is turned on the screen; no public document says whether exported videos are
turned with it. So it is not applied, and kept in the rig's metadata.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np

from kineograph.calibration_formats._reading import Source
from kineograph.model.camera import TURNED_VIEW, Camera, Rig

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
    cameras = [_camera(source, element, binning) for element in _video_cameras(root)]
    if not cameras:
        raise source.unusable("no video camera")
    return replace(source.rig(cameras), metadata=_turned_views(root))


def _turned_views(root: ET.Element) -> dict[str, str | float | bool]:
    """The views that are turned, by :data:`~kineograph.model.camera.TURNED_VIEW` and the camera's name: degrees, as written."""
    found = {camera.get("serial", ""): camera.get("viewrotation", "") for camera in _video_cameras(root)}
    return {f"{TURNED_VIEW}{name}": turn for name, turn in found.items() if turn.strip() not in ("", "0")}


def _video_cameras(root: ET.Element) -> list[ET.Element]:
    cameras = root.iterfind("cameras/camera")
    return [item for item in cameras if any(model in item.get("model", "").lower() for model in VIDEO_MODELS)]


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
        return number("intrinsic", key) / SUBPIXELS

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
                [0.0, 0.0, binning],
            ]
        )
        / binning,
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
