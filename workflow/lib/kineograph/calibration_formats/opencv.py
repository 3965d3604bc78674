"""OpenCV FileStorage files (``.yml``, ``.yaml``, ``.xml``), one a camera, with the keys of OpenCV's calibration samples.

image_width, image_height, camera_matrix, distortion_coefficients and fisheye_model are what `samples/cpp/calibration.cpp`
and the calibration tutorial write (https://docs.opencv.org/4.x/d4/d94/tutorial_camera_calibration.html; older ones begin
with capitals). Those say nothing of where the camera stands in the room: R (3x3 matrix or Rodrigues vector; or rvec) and
T (or tvec), from world to camera, have to be in the file as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.calibration_formats._file_storage import Storage, Value, document
from kineograph.calibration_formats._reading import METRES, Source
from kineograph.dataset.calibration_files import calibration_files
from kineograph.dataset.names import check_name
from kineograph.geometry.rotation import matrix_from_vector
from kineograph.io.atomic import write_text
from kineograph.io.guarded import guarded
from kineograph.model.camera import Camera, Rig

SUFFIXES = (".yml", ".yaml", ".xml")
MARK = "amera_"  # camera_matrix, Camera_Matrix
UNLIKE = "names:"  # EasyMocap's, where a camera may be called camera_1
FILE_PER_CAMERA = True

PARAMETERS = {
    "unit": {
        "type": "string",
        "enum": ["auto", "m", "cm", "mm"],
        "default": "auto",
        "description": "Unit of the calibration's lengths, for formats that don't fix one; auto takes metres, and "
        "millimetres for FreeMoCap's files.",
    },
}


@guarded
def read(path: Path, *, unit: str = "auto") -> Rig:
    """Read a file, or those of a folder; a camera's name is its ``camera_name``, else its file's.

    Raises
    ------
    InputError
        Where a file can't be read or lacks a value.
    """
    source = Source(
        path,
        "a file a camera with image_width, image_height, camera_matrix, distortion_coefficients, R and T (world to camera)",
        "add what is missing: OpenCV's samples leave out R and T, the camera's place in the room",
    )
    files = calibration_files(path, "opencv")
    return source.rig(_camera(source, file, METRES.get(unit, 1.0)) for file in files)


def _camera(source: Source, file: Path, metres: float) -> Camera:
    storage = Storage(source, file)
    rotation = storage.needed("R", "rvec")
    return source.camera(
        storage.text("camera_name") or file.stem,
        (
            storage.number("image_width", "Image_Width", "image_Width"),
            storage.number("image_height", "Image_Height", "image_Height"),
        ),
        storage.needed("camera_matrix", "Camera_Matrix"),
        storage.needed("distortion_coefficients", "Distortion_Coefficients"),
        matrix_from_vector(rotation.ravel()) if rotation.size == 3 else rotation,
        storage.needed("T", "tvec") * metres,
        fisheye=bool(storage.number("fisheye_model")),
    )


def write(path: Path, rig: Rig) -> None:
    """Write ``<camera>.yml`` of each camera into the folder `path`, lengths in metres.

    Raises
    ------
    InputError
        Where a camera's name can't be a file's.
    """
    for camera in rig.cameras:
        check_name("camera", camera.name, rig.source)
    for camera in rig.cameras:
        values: dict[str, Value] = {
            "camera_name": camera.name,
            "image_width": camera.size_px[0],
            "image_height": camera.size_px[1],
            "camera_matrix": camera.intrinsics,
            "distortion_coefficients": np.array(camera.distortion)[:, None],
            "fisheye_model": int(camera.fisheye),
            "R": camera.rotation,
            "T": camera.translation_m[:, None],
        }
        write_text(path / f"{camera.name}.yml", document(values))
