"""The places of a board's corners, their order, and how much of an image they cover."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray, finite

GRID = (8, 8)
"""Cells of the image that coverage is counted in."""


def corner_places(corners: tuple[int, int], lies_on: str = "floor") -> FloatArray:
    """Where the corners of a board are in the world that it defines, in squares.

    Parameters
    ----------
    corners : tuple of int
        Inner corners along the rows and along the columns.
    lies_on : str
        ``floor``: x along the rows, y against the columns, z out of the print. ``wall``: x along the rows, z against the
        columns (up), y into the wall.

    Returns
    -------
    (N, 3) array
        Row after row, the first row farthest along y (or z); the origin is the first corner of the last row.
    """
    across, down = np.meshgrid(np.arange(corners[0], dtype=float), np.arange(corners[1], dtype=float))
    up = corners[1] - 1 - down
    flat = np.zeros_like(across)
    axes = (across, up, flat) if lies_on == "floor" else (across, flat, up)
    return np.stack([axis.ravel() for axis in axes], axis=-1)


def unmirrored(corner_px: FloatArray, corners: tuple[int, int]) -> FloatArray:
    """Corners (N, 2) with rows to the right of the columns, as they are on every print that is seen from its front."""
    grid = corner_px.reshape(corners[1], corners[0], 2)
    right, down = grid[0, -1] - grid[0, 0], grid[-1, 0] - grid[0, 0]
    if right[0] * down[1] - right[1] * down[0] < 0:
        grid = grid[:, ::-1]
    return grid.reshape(-1, 2)


def square_centres(corner_px: FloatArray, corners: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Centres in px of the squares between corners (N, 2): those of the first corner's diagonal neighbours, and the others."""
    grid = corner_px.reshape(corners[1], corners[0], 2)
    centres = (grid[:-1, :-1] + grid[:-1, 1:] + grid[1:, :-1] + grid[1:, 1:]) / 4
    row, column = np.indices(centres.shape[:2])
    alike = (row + column) % 2 == 0
    return centres[alike], centres[~alike]


def smallest_spacing_px(corner_px: FloatArray, corners: tuple[int, int]) -> float:
    """The smallest distance between neighbouring corners (N, 2), px."""
    grid = corner_px.reshape(corners[1], corners[0], 2)
    sides = [np.linalg.norm(np.diff(grid, axis=axis), axis=-1).min() for axis in (0, 1)]
    return float(min(sides))


def coverage(corner_px: FloatArray, size_px: tuple[int, int]) -> float:
    """The part of the image's 8x8 cells that hold a corner of (..., 2), px; NaN is left out."""
    known = corner_px[finite(corner_px)]
    cells = np.clip((known / np.array(size_px) * GRID).astype(int), 0, np.array(GRID) - 1)
    return len(np.unique(cells, axis=0)) / (GRID[0] * GRID[1])
