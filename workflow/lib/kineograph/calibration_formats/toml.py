"""The canonical calibration file, and its dialects: aniposelib, Pose2Sim, caliscope and FreeMoCap.

One table a camera: name, size (px), matrix, distortions, rotation (Rodrigues vector, world to camera), translation, fisheye;
then a table ``metadata``. What differs:

- aniposelib (`CameraGroup.dump`, https://github.com/lambdaloop/aniposelib): tables are named cam_0, cam_1, and the camera's
  name is its ``name``; no ``fisheye`` where it is false; translations in the unit of its board. Its version on PyTorch takes
  five distortion coefficients and no other number.
- Pose2Sim 0.10 (`toml_write`): four distortion coefficients; metres.
- FreeMoCap: as aniposelib, with ``charuco_square_size`` (mm) in its metadata, hence translations in mm.
- caliscope (`CameraArray.to_toml`, https://github.com/mprib/caliscope): tables ``cameras.N`` for the videos cam_N; cameras
  that were not placed have no rotation; tables of boards may stand beside them. Its camera_array_aniposelib.toml is as
  aniposelib's.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.calibration_formats._reading import METRES, Source
from kineograph.geometry.rotation import matrix_from_vector, vector_from_matrix
from kineograph.io.atomic import write_text
from kineograph.model.camera import Camera, Rig

SUFFIXES = (".toml",)
MARK = "matrix"

PARAMETERS = {
    "unit": {
        "type": "string",
        "enum": ["auto", "m", "cm", "mm"],
        "default": "auto",
        "description": "Unit of the calibration's lengths, for formats that don't fix one; auto takes metres, and "
        "millimetres for FreeMoCap's files.",
    },
}

METADATA = "metadata"
NESTED = "cameras"
NEEDED = ("size", "matrix", "distortions", "rotation", "translation")
PLACE = ("rotation", "translation")
IN_MILLIMETRES = "charuco_square_size"
"""A key of the metadata that only FreeMoCap writes."""
COEFFICIENTS = 5
"""Distortion coefficients that every reader of these files takes."""


def read(path: Path, *, unit: str = "auto") -> Rig:
    """Read a calibration TOML; its cameras keep their order. One of a failed calibration has metadata and no camera.

    Raises
    ------
    InputError
        Where it is not TOML, or a camera lacks a value or has one of a wrong shape.
    """
    source = Source(
        path,
        f"TOML with a table a camera, and in it {', '.join(NEEDED)}",
        "compare it with calibration.toml of any result, or name the format in calibration.format",
    )
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise source.unusable(str(error)) from error
    metadata = tables.pop(METADATA, None)
    found = _camera_tables(tables)
    if not found and metadata is None:
        raise source.unusable("no table of a camera")
    metadata = metadata if isinstance(metadata, dict) else {}
    metres = METRES.get(unit, METRES["mm" if IN_MILLIMETRES in metadata else "m"])
    cameras = [_camera(source, name, table, metres) for name, table in found if not _is_left_out(table)]
    if found and not cameras:
        raise source.unusable("cameras without rotation and translation only: none was placed in the room")
    names = [camera.name for camera in cameras]
    if len(set(names)) != len(names):
        raise source.unusable(f"two cameras of one name: {', '.join(names)}")
    return Rig(tuple(cameras), source=str(metadata.get("source", path.name)), metadata=metadata)


def write(path: Path, rig: Rig) -> None:
    """Write a calibration TOML, atomically; reading it back gives the same numbers to the last bit or two.

    Four distortion coefficients get a fifth, zero, so that every tool can read them.
    """
    rows: list[str] = []
    for camera in rig.cameras:
        matrix = ", ".join(_numbers(row) for row in camera.intrinsics)
        wanted = len(camera.distortion) if camera.fisheye else max(COEFFICIENTS, len(camera.distortion))
        distortion = np.concatenate([camera.distortion, np.zeros(wanted - len(camera.distortion))])
        rows += [
            f"[{_quoted(camera.name)}]",
            f"name = {_quoted(camera.name)}",
            f"size = [ {camera.size_px[0]}, {camera.size_px[1]} ]",
            f"matrix = [ {matrix} ]",
            f"distortions = {_numbers(distortion)}",
            f"rotation = {_numbers(vector_from_matrix(camera.rotation))}",
            f"translation = {_numbers(camera.translation_m)}",
            f"fisheye = {str(camera.fisheye).lower()}",
            "",
        ]
    rows += [f"[{METADATA}]", "adjusted = false", "error = 0.0", f"source = {_quoted(rig.source)}"]
    write_text(path, "\n".join(rows) + "\n")


def _camera_tables(tables: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The tables that are cameras, each with its camera's name: those that hold any value of a camera's lens or place."""
    nested = tables.get(NESTED)
    inner = nested.items() if isinstance(nested, dict) else ()
    named = [*tables.items(), *((f"cam_{key}" if key.isdigit() else key, table) for key, table in inner)]
    return [
        (str(table.get("name", key)), table)
        for key, table in named
        if isinstance(table, dict) and not {"matrix", "distortions", *PLACE}.isdisjoint(table)
    ]


def _is_left_out(table: dict[str, Any]) -> bool:
    """Whether a tool left the camera out: told to ignore it, or never placed (older caliscope writes the text "null")."""
    return bool(table.get("ignore")) or all(table.get(key, "null") == "null" for key in PLACE)


def _camera(source: Source, name: str, table: dict[str, Any], metres: float) -> Camera:
    missing = [key for key in NEEDED if key not in table]
    if missing:
        raise source.unusable(f"camera '{name}' without '{missing[0]}'")
    camera = source.camera(
        name,
        table["size"],
        table["matrix"],
        table["distortions"],
        _rotation(table["rotation"]),
        table["translation"],
        fisheye=bool(table.get("fisheye", False)),
    )
    return replace(camera, translation_m=camera.translation_m * metres)


def _rotation(value: Any) -> Any:
    """A Rodrigues vector as a matrix; what is none, as it is."""
    try:
        vector = np.array(value, dtype=float).ravel()
    except (TypeError, ValueError, OverflowError):
        return value
    return matrix_from_vector(vector) if len(vector) == 3 else value


def _numbers(values: Any) -> str:
    return "[ " + ", ".join(repr(float(value)) for value in np.ravel(values)) + " ]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
