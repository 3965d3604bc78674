"""Vicon's camera calibration (``.xcp``, an XML file as Nexus, Tracker and Shogun write it).

What the attributes mean: Vicon's description (https://documentation.vicon.com/carapost, "About calibration data (XCP) files"):
the quaternion ends with its real part, and only the first KeyFrame counts where cameras stand still. Lengths are mm. The
quaternion turns world to camera, and the camera looks along its +z with y down, as OpenCV's does (checked on a file of Nexus
2.12, https://github.com/stanfordnmbl/opencap-core, sandbox/testCalibration.xcp: its video cameras look into the room). Video
cameras are those whose TYPE holds "video" or whose DISPLAY_TYPE is "Vue", as Pose2Sim 0.10 and OpenCap choose them.

The radial coefficients correct the distortion, in powers of the distance from the principal point in pixels; OpenCV's make it,
in normalized coordinates. So they are turned into OpenCV's rational model. (Pose2Sim and OpenCap hand them to OpenCV as they
are, where values of 1e-7 do nothing. Those of that file amount to about k1 = -0.40, k2 = 0.17, as wide-angle lenses have them.)
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from kineograph.calibration_formats._reading import METRES, Source
from kineograph.geometry.radial import opposite_radial
from kineograph.geometry.rotation import matrix_from_quaternion
from kineograph.model.camera import Camera, Rig
from kineograph.model.shapes import FloatArray

SUFFIXES = (".xcp",)
MARK = "<Cameras"


def read(path: Path) -> Rig:
    """Read the video cameras of an .xcp file; a camera's name is its DEVICEID.

    Raises
    ------
    InputError
        Where the file is not such XML, has no calibrated video camera, or a camera lacks a value.
    """
    source = Source(
        path, "an .xcp file as Vicon exports it, with at least one calibrated video camera", "export the file again"
    )
    try:
        root = ET.parse(path).getroot()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise source.unusable(f"XML that breaks off or is damaged ({error})") from error
    return source.rig(
        _camera(source, element, frame)
        for element in root.iterfind("Camera")
        if _is_video(element) and (frame := element.find("KeyFrames/KeyFrame")) is not None
    )


def _is_video(element: ET.Element) -> bool:
    return "video" in element.get("TYPE", "").lower() or element.get("DISPLAY_TYPE", "").lower().startswith("vue")


def _camera(source: Source, element: ET.Element, frame: ET.Element) -> Camera:
    name = element.get("DEVICEID", "")

    def numbers(owner: ET.Element, key: str, count: int) -> FloatArray:
        words = owner.get(key, "").split()
        try:
            values = np.array([float(word) for word in words])
        except ValueError:
            values = np.array([])
        if len(values) != count or not np.isfinite(values).all():
            raise source.unusable(f"camera '{name}' with {key} '{' '.join(words)}' instead of {count} numbers")
        return values

    focal_x = float(numbers(frame, "FOCAL_LENGTH", 1)[0])
    aspect = float(numbers(element, "PIXEL_ASPECT_RATIO", 1)[0]) if "PIXEL_ASPECT_RATIO" in element.attrib else 1.0
    quaternion = numbers(frame, "ORIENTATION", 4)
    if focal_x <= 0 or aspect <= 0 or not quaternion.any():
        raise source.unusable(f"camera '{name}' with a focal length, pixel aspect ratio or orientation of zero")
    centre = numbers(frame, "PRINCIPAL_POINT", 2)
    size = numbers(element, "SENSOR_SIZE", 2)
    rotation = matrix_from_quaternion(quaternion)
    radial = _radial(source, name, frame) * focal_x ** np.array([2, 4, 6])
    widest = float(np.linalg.norm(np.maximum(centre, size - centre))) / focal_x
    return source.camera(
        name,
        size,
        [[focal_x, 0.0, centre[0]], [0.0, focal_x / aspect, centre[1]], [0.0, 0.0, 1.0]],
        opposite_radial(radial, widest),
        rotation,
        -rotation @ numbers(frame, "POSITION", 3) * METRES["mm"],
    )


def _radial(source: Source, name: str, frame: ET.Element) -> FloatArray:
    """The three radial coefficients, px^-2, px^-4, px^-6.

    VICON_RADIAL2 is a model's name, the centre, and three coefficients; the older VICON_RADIAL is two coefficients.
    """
    words = frame.get("VICON_RADIAL2", "").split()[3:6] or frame.get("VICON_RADIAL", "").split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise source.unusable(f"camera '{name}' with radial distortion '{' '.join(words)}'") from error
    if not 2 <= len(values) <= 3:
        raise source.unusable(f"camera '{name}' without VICON_RADIAL2 and VICON_RADIAL, or with part of it")
    return np.concatenate([values, np.zeros(3 - len(values))])
