"""The canonical calibration file: the TOML dialect of aniposelib, Pose2Sim, caliscope and FreeMoCap.

One table a camera: name, size (px), matrix, distortions, rotation (Rodrigues vector, world to camera), translation (m),
fisheye; then a table ``metadata``. Source: aniposelib (https://github.com/lambdaloop/aniposelib), `CameraGroup.dump`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.errors import InputError
from kineograph.geometry.rotation import matrix_from_vector, vector_from_matrix
from kineograph.io.atomic import write_text
from kineograph.model.camera import Camera, Rig

SUFFIXES = (".toml",)
MARK = "matrix"

METADATA = "metadata"
NEEDED = ("size", "matrix", "distortions", "rotation", "translation")


def read(path: Path) -> Rig:
    """Read a calibration TOML.

    Raises
    ------
    InputError
        Where it is not TOML, or a camera lacks a value or has one of a wrong shape.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unusable(path, "the file", "TOML", str(error)) from error
    metadata = tables.pop(METADATA, {})
    cameras = [_camera(path, key, table) for key, table in tables.items() if isinstance(table, dict)]
    names = [camera.name for camera in cameras]
    if len(set(names)) != len(names):
        raise _unusable(path, "the file", "cameras with different names", ", ".join(names))
    return Rig(tuple(cameras), source=str(metadata.get("source", path.name)), metadata=metadata)


def write(path: Path, rig: Rig) -> None:
    """Write a calibration TOML, atomically; reading it back gives the same numbers to the last bit or two."""
    rows: list[str] = []
    for camera in rig.cameras:
        matrix = ", ".join(_numbers(row) for row in camera.intrinsics)
        rows += [
            f"[{_quoted(camera.name)}]",
            f"name = {_quoted(camera.name)}",
            f"size = {_numbers(camera.size_px)}",
            f"matrix = [ {matrix} ]",
            f"distortions = {_numbers(camera.distortion)}",
            f"rotation = {_numbers(vector_from_matrix(camera.rotation))}",
            f"translation = {_numbers(camera.translation_m)}",
            f"fisheye = {str(camera.fisheye).lower()}",
            "",
        ]
    rows += [f"[{METADATA}]", "adjusted = false", "error = 0.0", f"source = {_quoted(rig.source)}"]
    write_text(path, "\n".join(rows) + "\n")


def _camera(path: Path, key: str, table: dict[str, Any]) -> Camera:
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise _unusable(path, f"camera '{key}'", f"the values {', '.join(NEEDED)}", f"no '{missing[0]}'")
    try:
        size = [int(float(value)) for value in table["size"]]
        camera = Camera(
            name=str(table.get("name", key)),
            size_px=(size[0], size[1]),
            intrinsics=np.array(table["matrix"], dtype=float),
            distortion=np.array(table["distortions"], dtype=float).ravel(),
            rotation=_rotation(np.array(table["rotation"], dtype=float)),
            translation_m=np.array(table["translation"], dtype=float).ravel(),
            fisheye=bool(table.get("fisheye", False)),
        )
    except (TypeError, ValueError, IndexError) as error:
        raise _unusable(path, f"camera '{key}'", "numbers of the right shape", str(error)) from error
    values = np.concatenate(
        [camera.intrinsics.ravel(), camera.distortion, camera.rotation.ravel(), camera.translation_m]
    )
    if not np.isfinite(values).all():
        raise _unusable(path, f"camera '{key}'", "finite numbers", "nan or inf")
    return camera


def _rotation(value: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return value if value.shape == (3, 3) else matrix_from_vector(value.ravel())


def _numbers(values: Any) -> str:
    return "[ " + ", ".join(repr(float(value)) for value in np.ravel(values)) + " ]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unusable(path: Path, what: str, expected: str, found: str) -> InputError:
    return InputError(
        f"{what} of the calibration {path} can't be used",
        expected=expected,
        found=found,
        hint="compare it with the format in config/README.md",
    )
