"""Surface: a shape of triangles, such as a bone."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import FloatArray, IntArray, require_shape


@dataclass(frozen=True)
class Surface:
    """V points and T triangles between them.

    Attributes
    ----------
    points_m : (V, 3) array
        m.
    triangles : (T, 3) array of int
        Indices of the corners, counter-clockwise as seen from outside.
    """

    points_m: FloatArray
    triangles: IntArray

    def __post_init__(self) -> None:
        require_shape(self.points_m, (None, 3), "points_m")
        require_shape(self.triangles, (None, 3), "triangles")
