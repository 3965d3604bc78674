"""BoardPattern and BoardViews: a calibration board, and where its corners are in a camera's pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import BoolArray, FloatArray, finite, require_shape


@dataclass(frozen=True)
class BoardPattern:
    """What is printed on a board, without its size in metres, which its detection does not depend on.

    Attributes
    ----------
    kind : str
        ``checkerboard`` or ``charuco``.
    corners : tuple of int
        Inner corners along the rows and along the columns of the board: squares less one.
    dictionary : str
        Of a ChArUco board's markers, such as ``4x4_50``.
    marker_ratio : float
        Side of a ChArUco marker as a part of its square's.
    """

    kind: str
    corners: tuple[int, int]
    dictionary: str = "4x4_50"
    marker_ratio: float = 0.75

    @property
    def n_corners(self) -> int:
        """How many inner corners the board has."""
        return self.corners[0] * self.corners[1]

    @property
    def shows_a_half_turn(self) -> bool:
        """False for a checkerboard that looks the same when turned by 180 degrees, so that its first corner can't be known."""
        return self.kind == "charuco" or sum(self.corners) % 2 == 1


@dataclass(frozen=True)
class BoardViews:
    """The corners of a board in the pictures of one camera.

    Attributes
    ----------
    camera : str
        The camera.
    size_px : tuple of int
        Width and height of all its pictures, px; zeros where there is none.
    corners : tuple of int
        Inner corners along the rows and along the columns of the board.
    pictures : tuple of str
        Names of the pictures (V), those without a board included.
    corner_px : (V, N, 2) array
        Corners row after row, px; NaN where not seen. The first corner is the one beside a black corner square of the board
        (of a ChArUco board, the one with number 0), and the rows run to the right of the columns as one looks at the print.
    """

    camera: str
    size_px: tuple[int, int]
    corners: tuple[int, int]
    pictures: tuple[str, ...]
    corner_px: FloatArray

    def __post_init__(self) -> None:
        require_shape(self.corner_px, (len(self.pictures), self.corners[0] * self.corners[1], 2), "corner_px")

    @property
    def seen(self) -> BoolArray:
        """(V, N): whether a corner was found."""
        return finite(self.corner_px)

    @classmethod
    def none(cls, camera: str, corners: tuple[int, int]) -> BoardViews:
        """No picture at all."""
        return cls(camera, (0, 0), corners, (), np.zeros((0, corners[0] * corners[1], 2)))
