"""Scene points: a table of the points' places (m) and a table of where the cameras see them (px)."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from kineograph.dataset.names import same_name_key
from kineograph.errors import InputError, nearest
from kineograph.model.scene import ScenePoints

OBJECT_COLUMNS = ("point", "x_m", "y_m", "z_m")
IMAGE_COLUMNS = ("camera", "point", "x_px", "y_px")


def read_scene_points(object_file: Path, image_file: Path, cameras: tuple[str, ...]) -> dict[str, ScenePoints]:
    """The known points in each camera's picture.

    Parameters
    ----------
    object_file : Path
        Columns ``point, x_m, y_m, z_m``, separated by tabs (.tsv) or commas (.csv); lines that begin with # are left out.
    image_file : Path
        Columns ``camera, point, x_px, y_px``; points that a camera does not see have no line.
    cameras : tuple of str
        The cameras; Cam_1 in the file is cam01. Other cameras of the file are left aside.

    Returns
    -------
    dict of str to ScenePoints
        For each of `cameras`, possibly without a point.

    Raises
    ------
    InputError
        Where a file can't be understood, names a point twice or one that has no coordinates.
    """
    places = read_object_points(object_file)
    seen: dict[str, dict[str, tuple[float, ...]]] = {camera: {} for camera in cameras}
    known = {same_name_key(camera): camera for camera in cameras}
    for line, row in _rows(image_file, IMAGE_COLUMNS):
        name = row["point"]
        if name not in places:
            hint = nearest(name, places) or f"add it to {object_file.name}"
            raise _unusable(image_file, line, f"a point of {object_file.name}", f"'{name}'", hint)
        camera = known.get(same_name_key(row["camera"]))
        if camera is None:
            continue
        if name in seen[camera]:
            raise _unusable(image_file, line, "each point once a camera", f"'{name}' again", "remove one of the lines")
        seen[camera][name] = tuple(_number(image_file, line, row, key) for key in IMAGE_COLUMNS[2:])
    return {
        camera: ScenePoints(
            camera,
            tuple(points),
            np.array([places[name] for name in points], float).reshape(-1, 3),
            np.array(list(points.values()), float).reshape(-1, 2),
        )
        for camera, points in seen.items()
    }


def read_object_points(file: Path) -> dict[str, tuple[float, ...]]:
    """The place of each point (x, y, z), m; see :func:`read_scene_points`."""
    places: dict[str, tuple[float, ...]] = {}
    for line, row in _rows(file, OBJECT_COLUMNS):
        if row["point"] in places:
            raise _unusable(file, line, "each point once", f"'{row['point']}' again", "remove one of the lines")
        places[row["point"]] = tuple(_number(file, line, row, key) for key in OBJECT_COLUMNS[1:])
    return places


def _rows(file: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        lines = list(enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1))
    except UnicodeDecodeError as error:
        raise _unusable(file, 1, "text in UTF-8", "other bytes", "save it again as UTF-8") from error
    lines = [(n, line) for n, line in lines if line.strip() and not line.startswith("#")]
    separator = "," if file.suffix.lower() == ".csv" else "\t"
    table = [(n, [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]) for n, line in lines]
    if not table or set(table[0][1]) != set(columns):
        found = ", ".join(table[0][1]) if table else "an empty file"
        separated = "commas" if separator == "," else "tabs"
        raise _unusable(file, table[0][0] if table else 1, f"the columns {', '.join(columns)}, separated by {separated}", found,
                        "correct the first line")  # fmt: skip
    header = table[0][1]
    for n, cells in table[1:]:
        if len(cells) != len(header):
            raise _unusable(file, n, f"{len(header)} columns", str(len(cells)), "correct that line")
    return [(n, dict(zip(header, cells, strict=True))) for n, cells in table[1:]]


def _number(file: Path, line: int, row: dict[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _unusable(file, line, f"a number in {column}", repr(row[column]), "write it with a decimal point")
    return value


def _unusable(file: Path, line: int, expected: str, found: str, hint: str) -> InputError:
    return InputError(f"line {line} of {file} can't be used", expected=expected, found=found, hint=hint)
