"""VTP files, VTK's XML files of polygons, in which OpenSim models keep the shapes of their bones (those written as text)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from kineograph.errors import InputError
from kineograph.model.shapes import IntArray
from kineograph.model.surface import Surface


def read_vtp(path: Path) -> Surface:
    """Read a file; polygons become triangles that fan out from their first corner.

    Raises
    ------
    InputError
        Where it is no VTP file with its numbers as text.
    """
    try:
        piece = ElementTree.parse(path).getroot().find("PolyData/Piece")
        if piece is None:
            raise _unusable(path, "no polygons")
        points = np.array(_numbers(path, piece.find("Points/DataArray")), float).reshape(-1, 3)
        corners = np.array(_numbers(path, piece.find("Polys/DataArray[@Name='connectivity']")), int)
        ends = np.array(_numbers(path, piece.find("Polys/DataArray[@Name='offsets']")), int)
        return Surface(points, _fans(corners, ends))
    except (ElementTree.ParseError, ValueError, IndexError) as error:
        raise _unusable(path, str(error)) from error


def _numbers(path: Path, element: ElementTree.Element | None) -> list[str]:
    if element is None or element.get("format") != "ascii":
        raise _unusable(path, "no numbers as text")
    return (element.text or "").split()


def _fans(corners: IntArray, ends: IntArray) -> IntArray:
    """Triangles (T, 3) from the polygons' corners, one polygon after another, and where each ends."""
    starts = np.concatenate([[0], ends[:-1]]).astype(int)
    sizes = ends - starts
    triangles = [
        np.stack(
            [corners[starts[sizes > n]], corners[starts[sizes > n] + n - 1], corners[starts[sizes > n] + n]], axis=1
        )
        for n in range(2, int(sizes.max(initial=0)))
    ]
    return np.concatenate(triangles) if triangles else np.zeros((0, 3), int)


def _unusable(path: Path, found: str) -> InputError:
    return InputError(
        f"the shape {path} can't be used",
        expected="a VTP file (VTK XML, PolyData) with its numbers as text",
        found=found,
        hint="without it the model is drawn as lines",
    )
