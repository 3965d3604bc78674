"""EasyMocap's calibration: ``intri.yml`` and ``extri.yml``, OpenCV FileStorage files with the values of all cameras.

Keys, as EasyMocap's `camera_utils.py` writes them (https://github.com/zju3dv/EasyMocap): in intri.yml names, K_<name>,
dist_<name> (or D_), H_ and W_ (image height and width, which older files leave out); in extri.yml R_<name> (Rodrigues
vector), Rot_<name> (matrix), T_<name>. Lengths are in the unit of the board that was filmed, metres as a rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kineograph.calibration_formats._file_storage import Storage, Value, document
from kineograph.calibration_formats._reading import METRES, Source
from kineograph.dataset.calibration_files import calibration_files
from kineograph.errors import InputError
from kineograph.geometry.rotation import matrix_from_vector, vector_from_matrix
from kineograph.io.atomic import write_text
from kineograph.io.guarded import guarded
from kineograph.model.camera import Camera, Rig

SUFFIXES = ("intri.yml", "intri.yaml", "intrinsic.yml")
MARK = "K_"
PARTNER = ("intri", "extri")

PARAMETERS = {
    "unit": {
        "type": "string",
        "enum": ["auto", "m", "cm", "mm"],
        "default": "auto",
        "description": "Unit of the calibration's lengths, for formats that don't fix one; auto takes metres, and "
        "millimetres for FreeMoCap's files.",
    },
    "image_size_px": {
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "maxItems": 2,
        "default": None,
        "description": "Width and height of the calibrated images, for EasyMocap files without W_ and H_.",
    },
}


@guarded
def read(path: Path, *, unit: str = "auto", image_size_px: Sequence[int] | None = None) -> Rig:
    """Read intri.yml and the extri.yml beside it.

    Raises
    ------
    InputError
        Where either can't be read, or a camera lacks a value.
    """
    files = calibration_files(path, "easymocap")
    source = Source(
        path,
        "intri.yml and extri.yml as EasyMocap writes them, with names, K_, dist_, R_ (or Rot_) and T_ of each camera",
        "copy both files of the calibration into one folder; where W_ and H_ are missing, set calibration.image_size_px",
    )
    if len(files) != 2:
        raise source.unusable("no extri.yml beside it")
    intrinsics, extrinsics = (Storage(source, file) for file in files)
    names = intrinsics.texts("names")
    return source.rig(
        _camera(source, name, intrinsics, extrinsics, image_size_px, METRES.get(unit, 1.0)) for name in names
    )


def _camera(
    source: Source,
    name: str,
    intrinsics: Storage,
    extrinsics: Storage,
    size: Sequence[int] | None,
    metres: float,
) -> Camera:
    width, height = intrinsics.number(f"W_{name}"), intrinsics.number(f"H_{name}")
    if size is None and (width is None or height is None):
        raise source.unusable(f"no image size of camera '{name}' (W_{name}, H_{name})")
    rotation = extrinsics.matrix(f"Rot_{name}")
    if rotation is None:
        vector = extrinsics.needed(f"R_{name}").ravel()
        rotation = matrix_from_vector(vector) if len(vector) == 3 else vector
    return source.camera(
        name,
        (width, height) if width is not None and height is not None else size,
        intrinsics.needed(f"K_{name}"),
        intrinsics.needed(f"dist_{name}", f"D_{name}"),
        rotation,
        extrinsics.needed(f"T_{name}") * metres,
    )


def write(path: Path, rig: Rig) -> None:
    """Write intri.yml and extri.yml into the folder `path`, lengths in metres.

    Raises
    ------
    InputError
        Where a camera has a fisheye lens, which these files can't say, or a name that can't be part of a key.
    """
    for camera in rig.cameras:
        if camera.fisheye or not re.fullmatch(r"[A-Za-z0-9_-]+", camera.name):
            raise InputError(
                f"camera '{camera.name}' can't be written to EasyMocap's files",
                expected="pinhole cameras whose names are letters, digits, _ and -",
                found="a fisheye lens" if camera.fisheye else f"the name '{camera.name}'",
                hint="export as toml or opencv instead, or rename the camera",
            )
    intrinsics: dict[str, Value] = {"names": list(rig.names)}
    extrinsics: dict[str, Value] = {"names": list(rig.names)}
    for camera in rig.cameras:
        distortion = np.concatenate([camera.distortion, np.zeros(max(0, 5 - len(camera.distortion)))])
        intrinsics |= {
            f"K_{camera.name}": camera.intrinsics,
            f"dist_{camera.name}": distortion[None],
            f"H_{camera.name}": camera.size_px[1],
            f"W_{camera.name}": camera.size_px[0],
        }
        extrinsics |= {
            f"R_{camera.name}": vector_from_matrix(camera.rotation)[:, None],
            f"Rot_{camera.name}": camera.rotation,
            f"T_{camera.name}": camera.translation_m[:, None],
        }
    write_text(path / "intri.yml", document(intrinsics))
    write_text(path / "extri.yml", document(extrinsics))
