"""OpenSim motion (.mot) and storage (.sto) tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph.errors import InputError
from kineograph.io.atomic import write_text
from kineograph.model.coordinates import Coordinates
from kineograph.model.shapes import FloatArray


def write_mot(path: Path, coordinates: Coordinates) -> None:
    """Write coordinates as a .mot file in degrees and m, atomically. Frames that could not be solved are left out."""
    values = coordinates.values_deg_m
    solved = np.flatnonzero(np.isfinite(values).all(axis=1))
    rows = [
        "Coordinates",
        "version=1",
        f"nRows={len(solved)}",
        f"nColumns={1 + len(coordinates.names)}",
        "inDegrees=yes",
        "endheader",
        "\t".join(("time", *coordinates.names)),
    ]
    for frame in solved:
        cells = (coordinates.time_s[frame], *values[frame])
        rows.append("\t".join(f"{value:.8f}" for value in cells))
    write_text(path, "\n".join(rows) + "\n")


def read_table(path: Path) -> tuple[tuple[str, ...], FloatArray, dict[str, str]]:
    """Read a .mot or .sto file: the column names, the rows (F, columns) and the header's key=value lines.

    Raises
    ------
    InputError
        Where the file has no header or its rows don't fit it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error
    try:
        end = next(n for n, line in enumerate(lines) if line.strip() == "endheader")
    except StopIteration:
        raise _unusable(path, "no line 'endheader'") from None
    header = dict(line.split("=", 1) for line in lines[:end] if "=" in line)
    body = [line.split("\t") for line in lines[end + 1 :] if line.strip()]
    if not body:
        raise _unusable(path, "no column names")
    names = tuple(cell.strip() for cell in body[0])
    try:
        rows = np.array([[float(cell) for cell in row if cell.strip()] for row in body[1:]], dtype=float)
    except ValueError as error:
        raise _unusable(path, str(error)) from error
    if len(rows) and rows.shape[1] != len(names):
        raise _unusable(path, f"{rows.shape[1]} columns for {len(names)} names")
    return names, rows.reshape(-1, len(names)), header


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path} can't be read as an OpenSim table",
        expected="a .mot or .sto file with a header that ends in 'endheader'",
        found=found,
        hint="make it again",
    )
