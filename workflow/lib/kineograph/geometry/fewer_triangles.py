"""Surfaces with fewer triangles, for drawing.

Vertex clustering (Rossignac & Borrel 1993, doi:10.1007/978-3-642-78114-8_29): points in the same cell of a grid become one.
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.model.surface import Surface

FINEST_M = 0.001
COARSER = 1.15


def fewer_triangles(surface: Surface, most: int) -> Surface:
    """The surface with at most `most` triangles: on the finest grid of cells on which it has no more."""
    cell_m, reduced = FINEST_M, surface
    while len(reduced.triangles) > most:
        reduced = clustered(surface, cell_m)
        cell_m *= COARSER
    return reduced


def clustered(surface: Surface, cell_m: float) -> Surface:
    """The surface with the points of each cubic cell replaced by their mean; triangles that collapse are left out."""
    _, cell = np.unique(np.floor(surface.points_m / cell_m).astype(int), axis=0, return_inverse=True)
    count = np.bincount(cell.ravel())
    points: FloatArray = np.stack(
        [np.bincount(cell.ravel(), weights=column) / count for column in surface.points_m.T], axis=1
    )
    corners = cell.ravel()[surface.triangles]
    kept = corners[(corners != np.roll(corners, 1, axis=1)).all(axis=1)]
    first = kept.argmin(axis=1)[:, None]
    turned = np.take_along_axis(kept, (first + np.arange(3)) % 3, axis=1)  # so that the same triangle looks the same
    triangles = np.unique(turned, axis=0)
    used, renumbered = np.unique(triangles, return_inverse=True)
    return Surface(points[used], renumbered.reshape(-1, 3))


def area_m2(surface: Surface) -> float:
    """The surface's area, m^2."""
    a, b, c = (surface.points_m[surface.triangles[:, corner]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
